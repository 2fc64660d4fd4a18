import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, posix } from "node:path";
import { fileURLToPath } from "node:url";

export const ROOT = dirname(dirname(fileURLToPath(import.meta.url)));

/** Hand-written TypeScript below these folders, as paths from the root with slashes, tests included. */
export function sourceFiles(...folders: readonly string[]): readonly string[] {
  return folders.flatMap((folder) =>
    readdirSync(join(ROOT, folder), { recursive: true, encoding: "utf8" })
      .map((name) => posix.join(folder, name.replaceAll("\\", "/")))
      .filter((path) => path.endsWith(".ts") && !path.includes("/node_modules/"))
      .sort(),
  );
}

export function readSource(path: string): string {
  return readFileSync(join(ROOT, path), "utf8");
}

export interface Import {
  /** From the root for our own files, as written for packages. */
  readonly target: string;
  readonly isOurs: boolean;
  /** Gone at run time. */
  readonly isType: boolean;
}

const STATEMENT = /^\s*(?:import|export)\b(?<names>[^"';]*?)from\s*["'](?<target>[^"']+)["']/gm;
const BARE = /^\s*import\s*["'](?<target>[^"']+)["']/gm;
const DYNAMIC = /\bimport\(\s*["'](?<target>[^"']+)["']/g;

export function importsOf(path: string): readonly Import[] {
  const text = readSource(path);
  return [STATEMENT, BARE, DYNAMIC].flatMap((pattern) =>
    [...text.matchAll(pattern)].map(({ groups }) => {
      const target = groups?.["target"] ?? "";
      const isOurs = target.startsWith(".");
      const isType = onlyTypes(groups?.["names"] ?? "");
      return { target: isOurs ? posix.normalize(posix.join(posix.dirname(path), target)) : target, isOurs, isType };
    }),
  );
}

/** `type { … }`, or braces in which every name is marked. */
function onlyTypes(names: string): boolean {
  const inner = /^\s*\{([^}]*)\}\s*$/.exec(names)?.[1];
  const marked = inner?.split(",").filter((name) => name.trim() !== "");
  return /^\s*type\s/.test(names) || (marked !== undefined && marked.every((name) => /^\s*type\s/.test(name)));
}
