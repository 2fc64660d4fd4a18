import { chmodSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { runtimePidFile } from "./lock.ts";

const require = createRequire(import.meta.url);
const SCRIPT = join(import.meta.dirname, "runtime.sh");

/**
 * Lets Miniflare start workerd through runtime.sh, which leaves its number in a file.
 * Answers what that one runtime's environment must hold; others started by this process leave no number.
 */
export function recordRuntimeProcess(state: string): Record<string, string> {
  if (process.platform === "win32") return {};
  const workerd: unknown = require(require.resolve("workerd", { paths: [require.resolve("miniflare")] }));
  // An archive that was unpacked may have lost the mode.
  chmodSync(SCRIPT, 0o755);
  process.env["EDGEWISE_RUNTIME"] = pathOf(workerd);
  process.env["MINIFLARE_WORKERD_PATH"] = SCRIPT;
  return { EDGEWISE_RUNTIME_PID_FILE: runtimePidFile(state) };
}

function pathOf(module: unknown): string {
  if (typeof module === "object" && module !== null && "default" in module) return String(module.default);
  throw new Error("the workerd package no longer exports the path of its binary");
}
