import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it } from "vitest";
import { bundleWorker } from "../scripts/local/bundle.ts";
import { MARK, PASSED, ROUTES } from "./proof/chaos/points.ts";
import { ROOT } from "./sources.ts";

const WORDS = [MARK, PASSED, ...Object.values(ROUTES)];

it.each([
  ["src/worker.ts", []],
  ["test/proof/chaos/worker.ts", WORDS],
])("of the words of the crash points the bundle of %s has %j", { timeout: 60_000 }, async (entry, expected) => {
  const folder = mkdtempSync(join(tmpdir(), "edgewise-bundle-"));
  try {
    const { path } = await bundleWorker(join(ROOT, entry), join(folder, "worker.js"));
    const text = readFileSync(path, "utf8");
    expect(WORDS.filter((word) => text.includes(word))).toEqual(expected);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});
