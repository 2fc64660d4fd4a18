import { spawn } from "node:child_process";
import { delimiter, join } from "node:path";

export interface ToolResult {
  readonly ok: boolean;
  readonly output: string;
}

export interface ToolOptions {
  readonly output?: "collect" | "inherit";
  readonly environment?: Readonly<Record<string, string>>;
}

/** Runs one of node_modules' programs on the Node that runs this, in a process group of its own that Ctrl-C takes with it. */
export function runTool(
  root: string,
  tool: string,
  arguments_: readonly string[],
  { output = "collect", environment = {} }: ToolOptions = {},
): Promise<ToolResult> {
  const stdio = output === "inherit" ? "inherit" : "pipe";
  const child = spawn(join(root, "node_modules/.bin", tool), arguments_, {
    cwd: root,
    stdio: ["ignore", stdio, stdio],
    detached: process.platform !== "win32",
    env: { ...toolEnvironment(root), ...environment },
  });
  const endGroup = () => child.pid !== undefined && process.kill(-child.pid, "SIGTERM");
  const interrupted = () => {
    endGroup();
    process.exit(130);
  };
  for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, interrupted);
  const pieces: Buffer[] = [];
  child.stdout?.on("data", (piece: Buffer) => pieces.push(piece));
  child.stderr?.on("data", (piece: Buffer) => pieces.push(piece));
  return new Promise((resolve) => {
    child.on("error", (error) => resolve({ ok: false, output: `${tool} did not start: ${error.message}\n` }));
    child.on("close", (code) => {
      for (const signal of ["SIGINT", "SIGTERM"] as const) process.removeListener(signal, interrupted);
      resolve({ ok: code === 0, output: Buffer.concat(pieces).toString("utf8") });
    });
  });
}

/** The pinned Node for whatever asks for `node`; nothing looks anything up on the network, or talks about itself. */
export function toolEnvironment(root: string): NodeJS.ProcessEnv {
  return {
    ...process.env,
    PATH: `${join(root, "node_modules/.bin")}${delimiter}${process.env["PATH"] ?? ""}`,
    CLOUDFLARE_CF_FETCH_ENABLED: "false",
    WRANGLER_SEND_METRICS: "false",
    WRANGLER_SEND_ERROR_REPORTS: "false",
    WRANGLER_HIDE_BANNER: "true",
    WRANGLER_WRITE_LOGS: "false",
  };
}
