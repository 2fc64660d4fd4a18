import { existsSync, readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";

/** `path/of.test.ts` "part of a title" */
const LINK = /`([\w./-]+\.test\.ts)` "([^"]+)"/g;

const rows = readFileSync("docs/guarantees.md", "utf8")
  .split("\n")
  .filter((line) => /^\| \*\*G\d+\*\*/.test(line));

describe("docs/guarantees.md", () => {
  it("states G1 to G16", () => {
    const names = rows.map((row) => /G\d+/.exec(row)?.[0]);
    expect(names).toEqual(Array.from({ length: 16 }, (_, index) => `G${index + 1}`));
  });

  it.each(rows.map((row) => [/G\d+/.exec(row)?.[0] ?? "", row]))("%s is held by tests that are there", (_, row) => {
    const links = [...row.matchAll(LINK)];
    if (links.length === 0) expect(row).toContain("*Not yet*");
    for (const [, path = "", title = ""] of links) {
      expect(existsSync(path), path).toBe(true);
      expect(readFileSync(path, "utf8"), `${path}: ${title}`).toContain(title);
    }
  });
});
