import { createHash } from "node:crypto";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

// Plain JavaScript for any Node from 20 on: this runs in a fresh clone, before anything is installed.

const STAMP = "node_modules/.edgewise-installed";

/** Whether node_modules holds what package-lock.json asks for. Cheap when nothing changed since it was last found so. */
export function isInstalled(root) {
  const lock = readFileSync(join(root, "package-lock.json"), "utf8");
  const hash = createHash("sha256").update(lock).digest("hex");
  if (readText(join(root, STAMP)) === hash) return true;
  if (!holdsLockedVersions(root, JSON.parse(lock))) return false;
  writeFileSync(join(root, STAMP), hash);
  return true;
}

/** npm writes what it installed into a lockfile of its own, and writes it last: an interrupted install has none. */
function holdsLockedVersions(root, lock) {
  const text = readText(join(root, "node_modules/.package-lock.json"));
  if (text === undefined) return false;
  const installed = JSON.parse(text).packages;
  return Object.entries(lock.packages).every(([path, wanted]) => {
    const found = installed[path];
    if (path === "") return true;
    // Binaries for other platforms are locked, and rightly not installed.
    if (found === undefined) return wanted.optional === true || wanted.devOptional === true || wanted.peer === true;
    return found.version === wanted.version;
  });
}

function readText(path) {
  return existsSync(path) ? readFileSync(path, "utf8") : undefined;
}
