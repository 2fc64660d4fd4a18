import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { install } from "./install.mjs";
import { isInstalled } from "./installed.mjs";
import { isPinnedNode, pinnedNode, runOnPinnedNode } from "./pinned-node.mjs";
import { Stop } from "./stop.mjs";

const ROOT = dirname(dirname(dirname(fileURLToPath(import.meta.url))));

/** The way into every npm script: installs what is missing, then runs `script` (from the repository's root) on the pinned Node. */
export async function enter(script, arguments_ = process.argv.slice(2)) {
  try {
    refuseOldNode();
    if (!existsSync(join(ROOT, "package-lock.json"))) throw new Stop(`package-lock.json is missing in ${ROOT}.`);
    if (!isInstalled(ROOT)) {
      await install(ROOT);
      isInstalled(ROOT);
    }
    const node = pinnedNode(ROOT);
    const path = join(ROOT, script);
    if (isPinnedNode(node)) {
      process.argv.splice(1, process.argv.length, path, ...arguments_);
      await import(`file://${path}`);
    } else {
      process.exitCode = await runOnPinnedNode(ROOT, node, path, arguments_);
    }
  } catch (error) {
    if (!(error instanceof Stop)) throw error;
    process.stderr.write(`${error.message}\n`);
    process.exitCode = 1;
  }
}

function refuseOldNode() {
  const major = Number.parseInt(process.versions.node, 10);
  if (major < 20) throw new Stop(`Node ${process.versions.node} is too old to begin with; install Node 20 or later.`);
}
