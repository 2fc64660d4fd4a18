import { describe, expect, it } from "vitest";
import type { Json, JsonObject } from "../base/json.ts";
import { nodeKinds } from "../nodes/registry.ts";
import { compileGraph } from "./compile.ts";
import { nearest } from "./problems.ts";

function many<T>(count: number, make: (index: number) => T): T[] {
  return Array.from({ length: count }, (_, index) => make(index));
}

function codes(part: JsonObject): string[] {
  const document: Json = {
    edgewise: 1,
    id: "large",
    channels: { x: {} },
    nodes: { n: { kind: "transform" } },
    edges: [{ from: "start", to: "n" }],
    ...part,
  };
  const result = compileGraph({ document }, nodeKinds);
  return result.ok ? [] : [...new Set(result.problems.map(({ code }) => code))];
}

const model = (prompt: string): JsonObject => ({ nodes: { n: { kind: "model", write: "x", prompt } } });

describe("a document's size is bounded in every direction", () => {
  it.each<[string, JsonObject, readonly string[]]>([
    [
      "5,001 nodes",
      { nodes: Object.fromEntries(many(5_001, (n) => [`n${n}`, { kind: "transform" }])) },
      ["too_large", "dangling_edge"],
    ],
    ["1,001 channels", { channels: Object.fromEntries(many(1_001, (n) => [`c${n}`, {}])) }, ["too_large"]],
    ["50,001 edges", { edges: many(50_001, () => ({ from: "start", to: "n" })) }, ["too_large"]],
    ["50,001 holes", model("{{1}}".repeat(50_001)), ["too_large"]],
    ["a hole with 1,001 parts", model(`{{ ${many(600, () => "1").join("+")} }}`), ["invalid_expression"]],
    ["a thousand bad holes", model("{{ state.y }}".repeat(1_000)), ["unknown_channel", "more_problems"]],
    [
      "a thousand bad edges",
      { edges: many(1_000, (n) => ({ from: `m${n}`, to: "n" })) },
      ["dangling_edge", "more_problems"],
    ],
    ["a thousand unknown keys", Object.fromEntries(many(1_000, (n) => [`k${n}`, 1])), ["unknown_key"]],
  ])("%s are too many, or cut short", (_, part, expected) => {
    expect(codes(part).sort()).toEqual([...expected].sort());
  });

  it("a default is compared with a long enum by look-up", () => {
    const schema = { type: "array", items: { enum: many(10_000, (n) => n) } };
    expect(codes({ channels: { x: { schema, default: many(50_000, () => 9_999) } } })).toEqual([]);
  });
});

describe("what is told of a hostile document is bounded too", () => {
  const problemsOf = (text: string, type: "json" | "yaml" = "json") => {
    const result = compileGraph({ text, type }, nodeKinds);
    return result.ok ? [] : result.problems;
  };

  it("more values than a document may have end its reading", () => {
    expect(problemsOf(`{"id":[${"1,".repeat(200_000)}1]}`)).toMatchObject([{ code: "too_large", path: "", line: 1 }]);
  });

  it("below one long key not every mistake repeats it", () => {
    const problems = problemsOf(`{"${"k".repeat(300_000)}":[${'{"__proto__":1},'.repeat(100)}1]}`);
    expect(problems.map(({ code }) => code)).toEqual(["forbidden_key", "more_problems"]);
  });

  it("that there may be more problems is told with a place", () => {
    const problems = problemsOf(`{"nodes":{${many(300, (n) => `"n${n}":1`).join(",")}}}`);
    expect(problems.at(-1)).toMatchObject({ code: "more_problems", path: "", line: 1, column: 1 });
    expect(problems).toHaveLength(201);
  });

  it("a message quotes the beginning of what is long", () => {
    const key = "k".repeat(2_000);
    const [problem] = problemsOf(`{"${key}":1,"${key}":2}`).filter(({ code }) => code === "duplicate_key");
    expect(problem?.message).toMatch(/^The key "k{450,500}…$/);
  });
});

describe("did you mean", () => {
  it.each<[string, readonly string[], string | undefined]>([
    ["documnts", ["answer", "documents"], "documents"],
    ["Answer", ["answer"], "answer"],
    ["ab", ["ba", "abc"], undefined],
    ["abc", ["acd", "abd"], "abd"],
    ["x", ["abcd"], undefined],
    ["question", ["answer", "notes"], undefined],
    ["", ["a"], undefined],
  ])("%s of %j: %s", (name, known, expected) => {
    expect(nearest(name, known)).toBe(expected);
  });
});
