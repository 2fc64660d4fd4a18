import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { cpus, loadavg, totalmem } from "node:os";
import { join } from "node:path";

/** What a figure depends on and a reader must know. */
export function describeMachine(root: string): readonly string[] {
  const [processor] = cpus();
  const memory = Math.round(totalmem() / 1024 ** 3);
  const load = loadavg().map((value) => value.toFixed(1));
  return [
    `${processor?.model.trim() ?? "unknown CPU"}, ${cpus().length} cores, ${memory} GiB; load ${load.join(" ")}`,
    `Node ${process.versions.node}, workerd ${versionOf(root, "workerd")}, Edgewise ${commit(root)}`,
  ];
}

function versionOf(root: string, name: string): string {
  const text = readFileSync(join(root, "node_modules", name, "package.json"), "utf8");
  return (JSON.parse(text) as { version: string }).version;
}

/** Marked when what ran is not what is committed. */
function commit(root: string): string {
  try {
    const git = (...arguments_: string[]) => execFileSync("git", arguments_, { cwd: root, encoding: "utf8" }).trim();
    return `${git("rev-parse", "--short", "HEAD")}${git("status", "--porcelain") === "" ? "" : " with changes"}`;
  } catch {
    return "without git";
  }
}
