import { spawn } from "node:child_process";
import { closeSync, mkdirSync, openSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { Stop } from "./stop.mjs";

/** Runs `npm ci`: one line on the terminal, npm's own words in a log that is named when it fails. */
export async function install(root) {
  const folder = join(root, ".edgewise");
  const log = join(folder, "install.log");
  mkdirSync(folder, { recursive: true });
  process.stderr.write("Installing dependencies (once, half a minute or so) … ");
  const startedAt = Date.now();
  const code = await npmCi(root, log);
  if (code !== 0) {
    process.stderr.write("failed\n");
    throw new Stop(`npm ci failed (${code}); npm's own words are in ${log}.\n${firstErrors(log)}`);
  }
  process.stderr.write(`${Math.round((Date.now() - startedAt) / 1000)} s\n`);
}

/** npm warns a lot before it says what went wrong. */
function firstErrors(log) {
  const lines = readFileSync(log, "utf8").split("\n");
  const errors = lines.filter((line) => /^npm (?:error|ERR!) \S/.test(line)).slice(0, 4);
  const advice = errors.some((line) => /\b(?:E[A-Z]*NOTFOUND|EAI_AGAIN|ECONN|ETIMEDOUT|network)/.test(line))
    ? ["The package registry could not be reached: check the network and `npm config get registry`, then try again."]
    : [];
  return [...errors, ...advice].join("\n");
}

function npmCi(root, log) {
  const output = openSync(log, "w");
  const arguments_ = ["ci", "--include=dev", "--include=optional", "--no-audit", "--no-fund"];
  const { command, prefix } = npmCommand();
  return new Promise((resolve) => {
    const child = spawn(command, [...prefix, ...arguments_], { cwd: root, stdio: ["ignore", output, output] });
    child.on("error", (error) => resolve(error.message));
    child.on("close", (code, signal) => resolve(code ?? signal));
  }).finally(() => closeSync(output));
}

/** The npm that started us, if one did: it need not be the first in PATH. On Windows npm is no executable file. */
function npmCommand() {
  const path = process.env.npm_execpath;
  if (path?.endsWith("npm-cli.js")) return { command: process.execPath, prefix: [path] };
  return process.platform === "win32" ? { command: "cmd", prefix: ["/c", "npm"] } : { command: "npm", prefix: [] };
}
