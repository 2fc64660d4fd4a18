import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Json } from "../base/json.ts";
import { nodeKinds } from "../nodes/registry.ts";
import { compileGraph } from "./compile.ts";
import type { CompileResult } from "./compile.ts";

const SEED: Json = {
  edgewise: 1,
  id: "seed",
  channels: {
    a: { reducer: "sum", default: 0 },
    b: { schema: { type: "array", items: { type: "string" } } },
    c: { reducer: "messages" },
    s: { schema: { enum: ["one", "two"] } },
  },
  input: { properties: { b: { type: "array" } } },
  output: ["a", "c"],
  variables: { limit: 3 },
  parameters: { tone: { schema: { type: "string" }, default: "dry" } },
  context: { properties: { who: { type: "string" } } },
  graphs: {
    twice: {
      channels: { n: { default: 1 } },
      nodes: { double: { kind: "transform", set: { n: "state.n * 2" } } },
      edges: [{ from: "start", to: "double" }],
    },
  },
  nodes: {
    ask: {
      kind: "model",
      system: "You {{ state.b }} {{ params.tone }} {{ has(context.who) ? context.who : '' }}",
      messages: "state.c",
      stop: ["x"],
      options: { seed: 1 },
      write: "c",
      retry: { attempts: 2, delay: "1s" },
    },
    count: { kind: "transform", set: { a: "size(state.b) + 1.5", b: "state.b.map(x, x + '!')" }, timeout: 500 },
    gate: {
      kind: "gate",
      ask: { text: ["{{ payload }}"] },
      answer: { type: "object" },
      deadline: "2h",
      approvers: { from: ["ada", "{{ params.tone }}"], need: "vars.limit", stop: "!answer.yes" },
      escalate: [{ after: "1h", ask: 1, from: ["eve"] }],
      on_error: "steer",
    },
    steer: {
      kind: "machine",
      state: "s",
      initial: "one",
      states: {
        one: { on: [{ when: "state.a > 1", to: "two", set: { b: "[]" } }], goto: "ask", stay: "end" },
        two: { final: true, goto: ["count", "end"] },
      },
    },
    nest: {
      kind: "map",
      over: "[1, vars.limit]",
      input: { n: "item" },
      output: { a: "state.n" },
      graph: {
        channels: { n: { default: 1 } },
        nodes: { deep: { kind: "subgraph", graph: "twice" } },
        edges: [{ from: "start", to: "deep" }],
      },
    },
  },
  edges: [
    { from: "start", to: "ask" },
    { from: "ask", to: "gate", when: "has(state.b)", send: "state.b.filter(x, x != '')" },
    { from: "ask", to: "count", when: "state.a > 1 && has(state.b)" },
    { from: "ask", to: "end", else: true },
    { from: "count", to: "nest", when: "state.a > vars.limit" },
    { from: "count", to: "ask", when: "state.b[0].matches('^a+$')" },
  ],
  limits: { steps: 10, concurrency: 2 },
};

const strange = fc.oneof(
  fc.constantFrom<Json>(
    null,
    true,
    -1,
    1e21,
    0.5,
    "",
    "start",
    "end",
    "__proto__",
    "constructor",
    "state",
    "{{",
    "{{ }}",
    "{{{{",
    "(((",
    "a".repeat(300),
    [],
    {},
    [[]],
    { kind: "model" },
    "99h",
    "<<",
  ),
  fc.jsonValue({ maxDepth: 3 }).map((value) => value as Json),
);

/** Replaces, removes or renames something anywhere in a document. */
function mutate(value: Json, picks: readonly number[], change: Json, how: number): Json {
  if (typeof value !== "object" || value === null || picks.length === 0) return change;
  const [pick = 0, ...rest] = picks;
  if (Array.isArray(value)) {
    if (value.length === 0) return [change];
    const index = pick % value.length;
    if (how === 1 && rest.length === 0) return value.toSpliced(index, 1);
    if (how === 2 && rest.length === 0) return [...value, value[index] ?? null];
    return value.with(index, mutate(value[index] ?? null, rest, change, how));
  }
  const entries = Object.entries(value);
  const index = entries.length === 0 ? 0 : pick % entries.length;
  const mutated = entries.flatMap(([key, child], at): [string, Json][] => {
    if (at !== index) return [[key, child as Json]];
    if (rest.length > 0) return [[key, mutate(child as Json, rest, change, how)]];
    if (how === 1) return [];
    return how === 2
      ? [[typeof change === "string" ? change : JSON.stringify(change).slice(0, 20), child as Json]]
      : [[key, change]];
  });
  return Object.fromEntries(mutated);
}

const mutated = fc
  .array(fc.tuple(fc.array(fc.nat(20), { minLength: 1, maxLength: 5 }), strange, fc.nat(2)), {
    minLength: 1,
    maxLength: 3,
  })
  .map((changes) =>
    changes.reduce<Json>(
      (document, [picks, change, how]) =>
        Array.isArray(document) || typeof document !== "object" || document === null
          ? document
          : mutate(document, picks, change, how),
      SEED,
    ),
  );

function judge(result: CompileResult, hasText: boolean): void {
  const problems = result.ok ? result.warnings : result.problems;
  if (!result.ok) expect(problems.some(({ severity }) => severity === "error")).toBe(true);
  for (const { code, path, message, line, column } of problems) {
    expect(code).toMatch(/^[a-z]+(?:_[a-z]+)*$/);
    expect(path).toMatch(/^(?:\/|$)/);
    expect(message).toMatch(/\S/);
    if (hasText) expect([typeof line, typeof column]).toEqual(["number", "number"]);
  }
}

describe("any document", () => {
  it("the seed is sound", () => {
    expect(compileGraph({ document: SEED }, nodeKinds)).toMatchObject({ ok: true, warnings: [] });
  });

  it("[property 14] a mutated document gives a plan or problems with code and path, from JSON and from its value alike", {
    timeout: 30_000,
  }, () => {
    fc.assert(
      fc.property(mutated, (document) => {
        const fromValue = compileGraph({ document }, nodeKinds);
        judge(fromValue, false);
        const fromText = compileGraph({ text: JSON.stringify(document), type: "json" }, nodeKinds);
        judge(fromText, true);
        expect(fromText.ok).toBe(fromValue.ok);
      }),
      { numRuns: 300 },
    );
  });

  it("[property 14] a damaged text gives a plan or problems with code and place", () => {
    const text = JSON.stringify(SEED, null, 1);
    const damage = fc.tuple(
      fc.nat(text.length),
      fc.nat(6),
      fc.oneof(
        fc.string({ maxLength: 4 }),
        fc.constantFrom("&a ", "*a", "!x ", "<<: ", "\t", "]", "{{", "'", "\n- ", "|\n"),
      ),
    );
    fc.assert(
      fc.property(
        fc.array(damage, { minLength: 1, maxLength: 4 }),
        fc.constantFrom("json" as const, "yaml" as const),
        (damages, type) => {
          const damaged = damages.reduce(
            (whole, [at, cut, added]) => whole.slice(0, at) + added + whole.slice(at + cut),
            text,
          );
          judge(compileGraph({ text: damaged, type }, nodeKinds), true);
        },
      ),
      { numRuns: 300 },
    );
  });

  it("nothing leaves a trace on what all objects share", () => {
    const poison =
      '{"__proto__":{"polluted":1},"constructor":{"prototype":{"polluted":1}},"edgewise":1,"channels":{"__proto__":{"polluted":1}},"nodes":{"__proto__":{"kind":"transform"},"constructor":{"kind":"transform","set":{"__proto__":"1"}}},"edges":[]}';
    for (const type of ["json", "yaml"] as const) {
      expect(compileGraph({ text: poison, type }, nodeKinds).ok).toBe(false);
      expect(({} as Record<string, unknown>)["polluted"]).toBeUndefined();
    }
  });
});
