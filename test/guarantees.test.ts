import { existsSync, readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";

/** `path/of.test.ts` "part of a title" */
const LINK = /`([\w./-]+\.test\.ts)` "([^"]+)"/g;

/** The rows of a table that begin with a bold name. */
function rowsOf(page: string, name: RegExp): readonly (readonly [name: string, row: string])[] {
  return readFileSync(page, "utf8")
    .split("\n")
    .flatMap((row) => {
      const found = /^\| \*\*(\w+)\*\* \|/.exec(row)?.[1];
      return found !== undefined && name.test(found) ? [[found, row] as const] : [];
    });
}

/** Every test that a row names is there; a row that names none says why. */
function expectHeld(row: string): void {
  const links = [...row.matchAll(LINK)];
  if (links.length === 0) expect(row).toContain("*Not yet*");
  for (const [, path = "", title = ""] of links) {
    expect(existsSync(path), path).toBe(true);
    expect(readFileSync(path, "utf8"), `${path}: ${title}`).toContain(title);
  }
}

/** The proofs that a row names without a path. */
function expectProofs(row: string): void {
  for (const [, name = ""] of row
    .split("|")
    .at(-2)
    ?.matchAll(/`([a-z]+)`/g) ?? [])
    expect(existsSync(`test/proof/${name}.proof.ts`), name).toBe(true);
}

const rows = rowsOf("docs/guarantees.md", /^G\d+$/);
const faults = rowsOf("docs/reliability.md", /^F\d+$/);
const properties = rowsOf("docs/reliability.md", /^\d+$/);

describe("docs/guarantees.md", () => {
  it("states G1 to G16", () => {
    expect(rows.map(([name]) => name)).toEqual(Array.from({ length: 16 }, (_, index) => `G${index + 1}`));
  });

  it.each(rows)("%s is held by tests that are there", (_, row) => {
    expectHeld(row);
    expectProofs(row);
  });
});

describe("docs/reliability.md", () => {
  it("speaks of F1 to F32, and of properties 1 to 18", () => {
    expect(faults.map(([name]) => name)).toEqual(Array.from({ length: 32 }, (_, index) => `F${index + 1}`));
    expect(properties.map(([name]) => name)).toEqual(Array.from({ length: 18 }, (_, index) => `${index + 1}`));
  });

  it.each(faults)("%s is held by tests that are there", (_, row) => {
    expectHeld(row);
    expectProofs(row);
  });

  it.each(properties)("property %s is held by tests that say so", (name, row) => {
    expectHeld(row);
    expectProofs(row);
    for (const [, path = ""] of row.matchAll(LINK))
      expect(readFileSync(path, "utf8"), path).toMatch(new RegExp(`\\bproperty ${name}\\b`));
  });
});
