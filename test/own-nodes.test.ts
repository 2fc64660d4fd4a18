import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it } from "vitest";
import { raffle } from "../examples/own-nodes/raffle.ts";
import { bundleWorker } from "../scripts/local/bundle.ts";
import { importsOf, readSource, ROOT } from "./sources.ts";

it("the example's graph compiles without a warning, with the channels that its own node reads and writes", () => {
  const compiled = raffle.compile();
  expect(compiled.ok ? compiled.warnings : compiled.problems).toEqual([]);
  expect(compiled.ok && compiled.plan.nodes[0]).toMatchObject({ kind: "draw", reads: ["names"], writes: ["winner"] });
});

it("a user's own Worker bundles, and exports the Thread class", async () => {
  const folder = mkdtempSync(join(tmpdir(), "edgewise-own-nodes-"));
  try {
    const { path } = await bundleWorker(join(ROOT, "examples/own-nodes/worker.ts"), join(folder, "worker.js"));
    const text = readFileSync(path, "utf8");
    expect(/^export \{[^}]*\bThread\b[^}]*\};/m.test(text)).toBe(true);
    expect(text).toContain("The winner is ");
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});

it("what nodes and graphs are written with reaches no platform", () => {
  const seen = new Set(["src/authoring.ts"]);
  const outside = new Set<string>();
  for (const file of seen) {
    for (const { target, isOurs, isType } of importsOf(file)) {
      if (isType) continue;
      if (isOurs) seen.add(target);
      else outside.add(target);
    }
  }
  expect(seen.size).toBeGreaterThan(50);
  expect([...outside].filter((name) => name.startsWith("cloudflare:"))).toEqual([]);
});

it("the front door gives all that the other door gives", () => {
  const names = (path: string) =>
    [...readSource(path).matchAll(/^export (?:type )?\{([^}]*)\}/gm)].flatMap(([, list = ""]) =>
      list.split(",").flatMap((name) => name.split(" as ").at(-1)?.trim() || []),
    );
  const front = new Set(names("src/index.ts"));
  expect(names("src/authoring.ts").length).toBeGreaterThan(20);
  expect(names("src/authoring.ts").filter((name) => !front.has(name))).toEqual([]);
});
