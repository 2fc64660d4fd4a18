import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { parse } from "yaml";
import { z } from "zod";
import type { JsonObject } from "../base/json.ts";
import { compileGraph } from "../graph/compile.ts";
import { documentHash } from "../graph/identity.ts";
import { nodeKinds } from "../nodes/registry.ts";
import { graph } from "./graph.ts";
import { brief, hello } from "./testing/twins.ts";

const EXAMPLES = join(dirname(fileURLToPath(import.meta.url)), "..", "..", "examples");

describe("a graph in TypeScript is the same document", () => {
  it.each([
    ["hello", hello],
    ["brief", brief],
  ])("%s has the hash and the content of its YAML twin", (name, twin) => {
    const text = readFileSync(join(EXAMPLES, name, "graph.yaml"), "utf8");
    expect(twin.document).toEqual(parse(text));
    const compiled = compileGraph({ text, type: "yaml" }, nodeKinds);
    expect(compiled.ok && compiled.plan.hash).toBe(twin.hash);
  });

  it.each([...nodeKinds.values()].flatMap(({ kind, example = "" }) => (example === "" ? [] : [[kind, example]])))(
    "the example of the kind %s keeps its hash",
    (_, text) => {
      const compiled = compileGraph({ text, type: "yaml" }, nodeKinds);
      const { edgewise: __, ...source } = parse(text) as JsonObject;
      // as somebody would write it, only that it comes from a file
      expect(compiled.ok ? compiled.plan.hash : compiled.problems).toBe(graph(source as never).hash);
    },
  );

  it("every document keeps its hash through the builder, as YAML and as JSON", () => {
    fc.assert(
      fc.property(anyDocument(), (document) => {
        // the types are for what people write; here it is the run time that counts
        const built = graph(document as never);
        const expected = documentHash({ edgewise: 1, ...document });
        expect(built.hash).toBe(expected);
        for (const [text, type] of [
          [built.yaml(), "yaml"],
          [built.json(), "json"],
        ] as const) {
          const compiled = compileGraph({ text, type }, nodeKinds);
          expect(compiled.ok ? compiled.plan.hash : compiled.problems).toBe(expected);
        }
      }),
      { numRuns: 60 },
    );
  });
});

/** Documents that compile, with texts and values of every shape. */
function anyDocument(): fc.Arbitrary<JsonObject> {
  const text = fc.string({ unit: "binary", maxLength: 40 }).map((raw) => raw.toWellFormed().replaceAll("\0", ""));
  const name = fc.stringMatching(/^[A-Za-z][A-Za-z0-9_-]{0,8}$/).filter((id) => id !== "start" && id !== "end");
  const key = text.filter((raw) => raw !== "__proto__");
  const value = fc.letrec<{ value: JsonObject[string] }>((tie) => ({
    value: fc.oneof(
      { maxDepth: 3 },
      text,
      fc.integer(),
      fc.boolean(),
      fc.constant(null),
      fc.array(tie("value"), { maxLength: 3 }),
      fc.dictionary(key, tie("value"), { maxKeys: 3, noNullPrototype: true }),
    ),
  })).value;
  const channels = fc.dictionary(name, fc.record({ default: value, description: text }, { requiredKeys: [] }), {
    minKeys: 1,
    maxKeys: 4,
    noNullPrototype: true,
  });
  return fc
    .tuple(channels, fc.uniqueArray(name, { minLength: 1, maxLength: 4 }), fc.dictionary(name, value), text)
    .map(([declared, ids, variables, description]) => ({
      id: "any",
      description,
      channels: declared,
      variables,
      nodes: Object.fromEntries(
        ids.map((id) => [id, { kind: "transform", set: { [Object.keys(declared)[0] ?? ""]: "1" }, description }]),
      ),
      edges: ids.map((id, index) => ({ from: index === 0 ? "start" : (ids[index - 1] ?? ""), to: id })),
    }));
}

describe("schemas", () => {
  const parts = {
    id: "schemas",
    nodes: { one: { kind: "transform", set: {} } },
    edges: [{ from: "start", to: "one" }],
  } as const;

  it("a zod schema alone is a channel with that JSON Schema", () => {
    const { document } = graph({ ...parts, channels: { a: z.array(z.string()) } });
    expect(document["channels"]).toEqual({ a: { schema: { type: "array", items: { type: "string" } } } });
  });

  it("a default that zod knows is the channel's, unless the channel says another", () => {
    const { document } = graph({
      ...parts,
      channels: { a: z.number().default(1), b: { schema: z.number().default(1), default: 2 } },
      parameters: { many: z.number().default(3) },
    });
    expect(document["channels"]).toEqual({
      a: { schema: { type: "number" }, default: 1 },
      b: { schema: { type: "number" }, default: 2 },
    });
    expect(document["parameters"]).toEqual({ many: { schema: { type: "number" }, default: 3 } });
  });

  it("a zod schema stands for its JSON Schema wherever a document has one", () => {
    const { document } = graph({ ...parts, config: z.object({ user: z.string() }) });
    expect(document["config"]).toEqual({
      type: "object",
      properties: { user: { type: "string" } },
      required: ["user"],
    });
  });

  it("a schema that JSON Schema cannot say is refused with its place", () => {
    expect(() => graph({ ...parts, channels: { when: z.date() } })).toThrow(
      expect.objectContaining({
        record: expect.objectContaining({ code: "invalid_graph", pointer: "/channels/when" }),
      }),
    );
  });
});

describe("values", () => {
  const with_ = (variables: unknown) =>
    graph({ id: "values", variables: variables as JsonObject, nodes: {}, edges: [] }).document["variables"];

  it("a member that is undefined is left out", () => {
    expect(with_({ a: undefined, b: 1 })).toEqual({ b: 1 });
  });

  it("what is no JSON is refused with its place", () => {
    const cyclic: Record<string, unknown> = {};
    cyclic["again"] = cyclic;
    for (const wrong of [new Date(0), () => 1, Number.NaN, 1n, new Map(), Symbol("s"), [undefined], cyclic]) {
      expect(() => with_({ wrong })).toThrow(/^What stands at \/variables\/wrong.* is /);
    }
  });

  it("a key called __proto__ stays a key, for the compiler to refuse", () => {
    const built = graph({
      id: "p",
      variables: JSON.parse('{"__proto__":{"x":1}}') as JsonObject,
      nodes: {},
      edges: [],
    });
    expect(Object.hasOwn(built.document["variables"] as object, "__proto__")).toBe(true);
    const compiled = built.compile();
    expect(!compiled.ok && compiled.problems.map(({ code }) => code)).toContain("forbidden_key");
  });
});

describe("a graph within a graph", () => {
  const inner = graph({
    id: "inner",
    channels: { word: z.string(), length: z.int() },
    nodes: { count: { kind: "transform", set: { length: "size(state.word)" } } },
    edges: [{ from: "start", to: "count" }],
  });

  it("has the hash of the same written out, by name and in place", () => {
    const outer = graph({
      id: "outer",
      channels: { words: { default: ["one"] }, lengths: {} },
      graphs: { inner },
      nodes: {
        byName: {
          kind: "map",
          over: "state.words",
          graph: "inner",
          input: { word: "item" },
          output: { lengths: "state.length" },
        },
        inPlace: { kind: "subgraph", graph: inner, input: { word: "'two'" }, output: { lengths: "[state.length]" } },
      },
      edges: [
        { from: "start", to: "byName" },
        { from: "byName", to: "inPlace" },
      ],
    });
    const compiled = compileGraph({ text: OUTER, type: "yaml" }, nodeKinds);
    expect(compiled.ok ? compiled.plan.hash : compiled.problems).toBe(outer.hash);
    expect(outer.compile()).toMatchObject({ ok: true });
  });

  it("is its document wherever JSON is made of it", () => {
    expect(JSON.parse(JSON.stringify({ graph: hello }))).toEqual({ graph: hello.document });
  });
});

const INNER = `{ channels: { word: { schema: { type: string } }, length: { schema: { type: integer, minimum: -9007199254740991, maximum: 9007199254740991 } } },
      nodes: { count: { kind: transform, set: { length: size(state.word) } } }, edges: [{ from: start, to: count }] }`;
const OUTER = `
edgewise: 1
id: outer
channels: { words: { default: [one] }, lengths: {} }
graphs:
  inner: ${INNER}
nodes:
  byName: { kind: map, over: state.words, graph: inner, input: { word: item }, output: { lengths: state.length } }
  inPlace:
    kind: subgraph
    graph: ${INNER}
    input: { word: "'two'" }
    output: { lengths: "[state.length]" }
edges:
  - { from: start, to: byName }
  - { from: byName, to: inPlace }
`;

describe("compile", () => {
  it("finds what types cannot see", () => {
    const built = graph({
      id: "late",
      channels: { text: z.string() },
      nodes: { shorten: { kind: "transform", set: { text: "state.txet.trim()" } } },
      edges: [{ from: "start", to: "shorten" }],
    });
    const compiled = built.compile();
    expect(!compiled.ok && compiled.problems).toMatchObject([
      { code: "unknown_channel", path: "/nodes/shorten/set/text" },
    ]);
  });
});
