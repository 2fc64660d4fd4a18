import fc from "fast-check";
import { expect, it } from "vitest";
import { isJsonObject, type Json } from "../base/json.ts";
import { Problems } from "../graph/problems.ts";
import { readSource } from "../graph/text/read.ts";
import type { GraphVersionRow } from "../storage/graphs.ts";
import { textOf, toYaml } from "./graph-text.ts";

const ROW: GraphVersionRow = {
  graphId: "g",
  assistantId: "a",
  version: 1,
  hash: "h",
  status: "current",
  createdAt: 0,
  publishedAt: 0,
  publishedBy: null,
  document: '{"edgewise":1,"id":"g","graphs":{"linked@1":{}}}',
  source: '{ "id": "g",\t"edgewise": 1 }',
  sourceType: "json",
};

it("a text is given back as it came, in the language it came in", () => {
  expect(textOf(ROW, "source")).toEqual({ text: ROW.source, type: "application/json" });
  const yaml = { ...ROW, source: "# mine\r\nid:   g\n", sourceType: "yaml" as const };
  for (const format of ["source", "yaml"] as const) {
    expect(textOf(yaml, format)).toEqual({ text: yaml.source, type: "application/yaml" });
  }
});

it("JSON wanted as YAML is printed from what was published, in its order and without what was linked", () => {
  expect(textOf(ROW, "yaml")).toEqual({ text: "id: g\nedgewise: 1\n", type: "application/yaml" });
});

const SPECIAL = fc.constantFrom(
  "yes",
  "null",
  "~",
  "1e3",
  "0x10",
  "- a",
  "a: b",
  "#",
  "",
  " ",
  "a\nb\n",
  "<<",
  "1:20",
  "=",
  "!x",
  "&a",
  "*a",
  "\u0085",
  "\t",
  "2026-11-20",
);
const texts = fc.oneof(fc.string(), SPECIAL);
const { document } = fc.letrec<{ document: Json; value: Json }>((tie) => ({
  value: fc.oneof(
    { depthSize: "small", withCrossShrink: true },
    texts,
    fc.integer(),
    fc.double({ noNaN: true, noDefaultInfinity: true }),
    fc.boolean(),
    fc.constant(null),
    fc.array(tie("value"), { maxLength: 4 }),
    tie("document"),
  ),
  document: fc.dictionary(
    texts.filter((key) => key !== "__proto__"),
    tie("value"),
    { maxKeys: 5 },
  ),
}));

it("whatever is printed is read back as it was", () => {
  fc.assert(
    fc.property(document, (value) => {
      if (!isJsonObject(value)) throw new Error("not an object");
      const problems = new Problems();
      const text = toYaml(value);
      const read = readSource({ text, type: "yaml" }, problems);
      expect(problems.list(text, read?.root)).toEqual([]);
      expect(JSON.stringify(read?.value)).toBe(JSON.stringify(value));
    }),
    { numRuns: 300 },
  );
});
