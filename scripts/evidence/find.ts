import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";

export const KINDS = {
  bench: { folder: "bench", suffix: ".bench.ts", what: "Benchmarks" },
  proof: { folder: "test/proof", suffix: ".proof.ts", what: "Proofs" },
} as const;
export type Kind = keyof typeof KINDS;

/** Name → file, in the order of the names. */
export function findEvidence(root: string, kind: Kind): ReadonlyMap<string, string> {
  const { folder, suffix } = KINDS[kind];
  const path = join(root, folder);
  const files = existsSync(path)
    ? readdirSync(path)
        .filter((name) => name.endsWith(suffix))
        .sort()
    : [];
  return new Map(files.map((name) => [name.slice(0, -suffix.length), join(path, name)]));
}
