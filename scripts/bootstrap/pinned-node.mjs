import { execFileSync, spawn } from "node:child_process";
import { existsSync, realpathSync } from "node:fs";
import { constants } from "node:os";
import { delimiter, join } from "node:path";
import { Stop } from "./stop.mjs";

/** The oldest Node whose type stripping and `node:sqlite` the scripts count on. */
const OLDEST = 24;

/** Path of the Node that package.json pins. */
export function pinnedNode(root) {
  const path = join(root, "node_modules/node/bin", process.platform === "win32" ? "node.exe" : "node");
  if (!existsSync(path)) {
    throw new Stop(
      "The pinned Node is missing (node_modules/node/bin/node): npm installed without running install scripts.\n" +
        "Check `npm config get ignore-scripts` (it should be false), then run `npm ci --ignore-scripts=false`.\n" +
        'npm 12 and later also ask package.json: "allowScripts" must name "node", "esbuild" and "workerd".',
    );
  }
  const version = execFileSync(path, ["--version"], { encoding: "utf8" }).trim();
  if (Number.parseInt(version.slice(1), 10) < OLDEST) {
    throw new Stop(`node_modules holds Node ${version}, Edgewise needs ${OLDEST} or later: run \`npm ci\`.`);
  }
  return path;
}

/**
 * Runs a script on the pinned Node with this terminal and answers its exit code.
 * Signals are passed on; a Ctrl-C reaches the child twice (same process group), which it takes for one.
 */
export function runOnPinnedNode(root, node, script, arguments_) {
  const binaries = join(root, "node_modules/.bin");
  const environment = { ...process.env, PATH: `${binaries}${delimiter}${process.env.PATH ?? ""}` };
  const child = spawn(node, [script, ...arguments_], { cwd: root, stdio: "inherit", env: environment });
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) process.on(signal, () => child.kill(signal));
  return new Promise((resolve, reject) => {
    child.on("error", reject);
    child.on("close", (code, signal) => resolve(code ?? 128 + constants.signals[signal]));
  });
}

export function isPinnedNode(node) {
  return realpathSync(process.execPath) === realpathSync(node);
}
