import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { compileGraph } from "../../src/graph/compile.ts";
import { nodeKinds } from "../../src/nodes/registry.ts";
import { ROOT } from "../local/repository.ts";
import { fieldsOf } from "./fields.ts";
import { NODE_PAGES, nodePages } from "./pages.ts";

const pages = nodePages();
const read = (name: string) => {
  const path = join(ROOT, NODE_PAGES, name);
  return existsSync(path) ? readFileSync(path, "utf8") : "no such page";
};

describe("docs/nodes", () => {
  it.each([...pages])("%s is what npm run docs writes", (name, text) => {
    expect(read(name), "run `npm run docs`").toBe(text);
  });

  it("has a page for every kind and no others", () => {
    const names = [...nodeKinds.keys()].map((kind) => `${kind}.md`);
    expect(readdirSync(join(ROOT, NODE_PAGES)).sort()).toEqual(["README.md", ...names].sort());
  });

  it.each([...nodeKinds.keys()])("the example of %s compiles without a warning", (kind) => {
    const [, text = ""] = /^```yaml graph\n([\s\S]*?)^```$/m.exec(read(`${kind}.md`)) ?? [];
    expect(text).toContain(`kind: ${kind}`);
    const result = compileGraph({ text, type: "yaml" }, nodeKinds);
    expect(result.ok ? result.warnings : result.problems).toEqual([]);
  });

  it("leads only to pages that are there", () => {
    const links = [...pages].flatMap(([, text]) =>
      [...text.matchAll(/\]\(([^)#:]+)(?:#[^)]*)?\)/g)].map(([, to]) => to ?? ""),
    );
    expect(links.filter((to) => !existsSync(join(ROOT, NODE_PAGES, to)))).toEqual([]);
  });

  it("notes are of kinds that there are", () => {
    const notes = readdirSync(join(ROOT, "scripts", "docs", "notes"));
    expect(notes.filter((name) => !pages.has(name))).toEqual([]);
  });
});

it("a table of fields says types, defaults and what is within", () => {
  const schema = z.strictObject({
    a: z.string().describe("A text"),
    b: z.number().int().min(1).max(2000).default(5),
    c: z.array(z.strictObject({ d: z.enum(["x", "y"]) })).optional(),
    e: z.union([z.boolean(), z.strictObject({ f: z.unknown().optional() })]).optional(),
    g: z.record(z.string(), z.string()).optional(),
  });
  expect(fieldsOf(schema)).toEqual([
    { name: "a", type: "text", initial: "required", meaning: "A text" },
    { name: "b", type: "whole number, 1 to 2,000", initial: "`5`", meaning: "" },
    { name: "c", type: "list of `{d}`", initial: "", meaning: "" },
    { name: "c[].d", type: "`x`, `y`", initial: "required", meaning: "" },
    { name: "e", type: "true or false or `{f}`", initial: "", meaning: "" },
    { name: "e.f", type: "anything", initial: "", meaning: "" },
    { name: "g", type: "mapping to text", initial: "", meaning: "" },
  ]);
});
