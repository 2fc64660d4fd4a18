import { randomBytes } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { parseEnv } from "node:util";

/** The shell's variables over those of `.dev.vars`, where wrangler's users keep them. */
export function readEnvironment(root: string): NodeJS.ProcessEnv {
  const path = join(root, ".dev.vars");
  const kept = existsSync(path) ? parseEnv(readFileSync(path, "utf8")) : {};
  return { ...kept, ...process.env };
}

/** A Worker that finds the switch without a nonce refuses to answer: only a script that binds loopback can open one. */
export function openVariables(open: boolean): Record<string, string> {
  return open ? { EDGEWISE_OPEN: "1", EDGEWISE_OPEN_NONCE: randomBytes(32).toString("hex") } : {};
}
