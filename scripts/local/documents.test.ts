import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { readDocuments } from "./documents.ts";

let root = "";
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "edgewise-documents-"));
  mkdirSync(join(root, "docs/decisions"), { recursive: true });
  writeFileSync(join(root, "README.md"), "Read me.");
  writeFileSync(join(root, "docs/b.md"), "Page b.");
  writeFileSync(join(root, "docs/decisions/a.md"), "First.\n\nSecond.\n\nThird.");
  writeFileSync(join(root, "docs/picture.svg"), "<svg/>");
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

it("reads the README first, then every page of docs by name", () => {
  expect(readDocuments(root, 1_000).map(({ title }) => title)).toEqual([
    "README.md",
    "docs/b.md",
    "docs/decisions/a.md",
  ]);
});

it("keeps to the bytes it is given, cutting between paragraphs, never inside one", () => {
  const documents = readDocuments(root, 33);
  expect(documents.at(-1)).toEqual({ title: "docs/decisions/a.md", text: "First.\n\nSecond." });
  expect(readDocuments(root, 17).map(({ title }) => title)).toEqual(["README.md", "docs/b.md"]);
});
