import { statSync } from "node:fs";
import { resolve } from "node:path";
import { parseArgs } from "node:util";
import { Stop } from "./stop.ts";

export interface Options {
  readonly help: boolean;
  /** Run the example, then leave. */
  readonly once: boolean;
  /** Run the example at all. */
  readonly job: boolean;
  /** 0 = any free port. */
  readonly port: number;
  /** Absolute path of the state folder. */
  readonly state: string;
  /** Absolute path of the Worker's module; without one it is that of wrangler.toml. */
  readonly worker?: string;
  /** Answer anybody on this machine without a key. */
  readonly open: boolean;
}

export const HELP = `npm start [-- OPTIONS]   Starts Edgewise on this machine and runs the example over real documents.

  --once      run the example, print it, leave (exit code 0 only if the run succeeded)
  --no-job    start only
  --worker W  run the Worker of the module W, which may have node kinds of its own (examples/own-nodes)
  --help      this text

Environment
  PORT                8787 unless set; 0 takes any free port
  EDGEWISE_STATE      folder for threads, runs and the key; .edgewise unless set
  OPENAI_API_KEY, ANTHROPIC_API_KEY
                      the example uses that provider; else an Ollama on 127.0.0.1:11434; else builtin/extractive
  EDGEWISE_OPEN=1     no key needed: anybody on this machine may use this server

Ctrl-C stops it cleanly, a second Ctrl-C at once. Threads and runs stay in the state folder.
`;

/** @throws Stop naming what is wrong with an argument or a variable. */
export function readOptions(arguments_: readonly string[], environment: NodeJS.ProcessEnv, root: string): Options {
  const { values } = parse(arguments_);
  return {
    help: values.help === true,
    once: values.once === true,
    job: values["no-job"] !== true,
    port: readPort(environment["PORT"]),
    state: resolve(root, environment["EDGEWISE_STATE"] || ".edgewise"),
    ...(values.worker === undefined ? {} : { worker: readWorker(values.worker, root) }),
    open: readSwitch("EDGEWISE_OPEN", environment["EDGEWISE_OPEN"]),
  };
}

function parse(arguments_: readonly string[]) {
  try {
    return parseArgs({
      args: [...arguments_],
      options: {
        help: { type: "boolean", short: "h" },
        once: { type: "boolean" },
        "no-job": { type: "boolean" },
        worker: { type: "string" },
      },
    });
  } catch (error) {
    const message = error instanceof Error ? error.message.split(". ")[0] : String(error);
    throw new Stop(`${message}. \`npm start -- --help\` lists the options.`);
  }
}

function readWorker(path: string, root: string): string {
  const worker = resolve(root, path);
  if (statSync(worker, { throwIfNoEntry: false })?.isFile() === true) return worker;
  throw new Stop(`--worker is "${path}"; there is no such file.`);
}

function readPort(text: string | undefined): number {
  if (text === undefined || text === "") return 8787;
  const port = Number(text);
  if (/^\d+$/.test(text) && port <= 65_535) return port;
  throw new Stop(`PORT is "${text}"; it should be a number from 0 to 65535 (0 takes any free port).`);
}

function readSwitch(name: string, text: string | undefined): boolean {
  if (text === undefined || text === "" || text === "0") return false;
  if (text === "1") return true;
  throw new Stop(`${name} is "${text}"; set it to 1, or leave it away.`);
}
