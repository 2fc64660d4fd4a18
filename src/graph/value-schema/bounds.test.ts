import { describe, expect, it } from "vitest";
import type { Json, JsonObject } from "../../base/json.ts";
import { Compilation } from "./compilation.ts";
import { compileValueSchema } from "./compile.ts";
import { FUEL, judge } from "./judging.ts";

function judged(document: JsonObject, value: Json) {
  return judge(new Compilation(document).root(), value);
}

/** Each definition applies the next one twice: 2^n applications of the last. */
function doubling(keyword: "anyOf" | "allOf" | "oneOf", levels: number): JsonObject {
  const level = (index: number): JsonObject => {
    const next = { $ref: `#/$defs/d${index + 1}` };
    return index === levels ? { type: "null" } : { [keyword]: [next, next] };
  };
  const $defs = Object.fromEntries(Array.from({ length: levels + 1 }, (_each, index) => [`d${index}`, level(index)]));
  return { $ref: "#/$defs/d0", $defs };
}

function nested(depth: number): Json {
  let value: Json = 1;
  for (let count = 0; count < depth; count += 1) value = count % 2 === 0 ? [value] : { a: value };
  return value;
}

function within(depth: number): JsonObject {
  let document: JsonObject = { type: "null" };
  for (let count = 0; count < depth; count += 1) document = { not: document };
  return document;
}

const TOO_MUCH = { fault: { path: [], message: expect.stringContaining("too much to be judged") as string } };
const EVIL = ["^(a|a)*$", "^(a*)*$", "(.*)*x", "(a{0,30}){0,30}b", "^(\\w+\\s?)*!$"];

describe("judging is bounded", () => {
  it.each(["anyOf", "allOf", "oneOf"] as const)("where %s doubles at each level", (keyword) => {
    expect(judged(doubling(keyword, 8), 1).steps).toBeLessThan(5000);
    expect(judged(doubling(keyword, 40), keyword === "allOf" ? null : 1)).toMatchObject(TOO_MUCH);
  });

  it("where a schema refers to itself and nothing else", () => {
    for (const document of [{ $ref: "#" }, { allOf: [{ $ref: "#" }] }, { not: { $dynamicRef: "#" } }])
      expect(judged(document, 1)).toMatchObject(TOO_MUCH);
  });

  it("where a value is deep", () => {
    const recursive = { items: { $ref: "#" }, additionalProperties: { $ref: "#" } };
    expect(judged(recursive, nested(90)).fault).toBeUndefined();
    expect(judged(recursive, nested(100_000))).toMatchObject(TOO_MUCH);
    expect(judged({ enum: [[]] }, nested(100_000))).toMatchObject(TOO_MUCH);
    expect(judged({ uniqueItems: true }, [nested(100_000)])).toMatchObject(TOO_MUCH);
    expect(judged({ type: ["array", "object"] }, nested(100_000)).steps).toBeLessThan(10);
  });

  it.each(EVIL)("where the pattern %s meets a text that it nearly matches", (pattern) => {
    const compiled = compileValueSchema({ pattern });
    expect(compiled.ok).toBe(true);
    expect(judged({ pattern }, "a".repeat(100_000)).steps).toBeLessThanOrEqual(FUEL);
    expect(judged({ patternProperties: { [pattern]: true } }, { ["a".repeat(100_000)]: 1 }).steps).toBeLessThanOrEqual(
      FUEL,
    );
  });

  it("where items are compared: the cost is of the list's size, not its square", () => {
    const numbers = Array.from({ length: 100_000 }, (_each, index) => index);
    const steps = judged({ uniqueItems: true }, numbers);
    expect(steps.fault).toBeUndefined();
    expect(steps.steps).toBeLessThan(200_000);
    const pairs = Array.from({ length: 50_000 }, (_each, index) => ({ index }));
    expect(judged({ uniqueItems: true }, pairs).fault).toBeUndefined();
    expect(judged({ uniqueItems: true }, pairs).steps).toBeLessThan(500_000);
  });

  it("where a long enum meets a long list", () => {
    const long = Array.from({ length: 50_000 }, (_each, index) => `v${index}`);
    const { fault, steps } = judged({ items: { enum: long } }, long);
    expect(fault).toBeUndefined();
    expect(steps).toBeLessThan(250_000);
  });

  it("where many schemas look at many properties", () => {
    const wide = Object.fromEntries(Array.from({ length: 5000 }, (_each, index) => [`p${index}`, index]));
    const allOf = Array.from({ length: 5000 }, () => ({ additionalProperties: { type: "number" } }));
    expect(judged({ allOf }, wide)).toMatchObject(TOO_MUCH);
    expect(judged({ allOf: allOf.slice(0, 50) }, wide).fault).toBeUndefined();
    const anyOf = allOf.map((each) => ({ ...each, required: ["none"] }));
    expect(judged({ anyOf, unevaluatedProperties: false }, wide).fault).toBeDefined();
  });

  it("where numbers are as far apart as numbers can be", () => {
    const { fault, steps } = judged({ items: { multipleOf: 5e-324 } }, [1.7976931348623157e308, 1e-320, 0.1]);
    expect(fault).toBeUndefined();
    expect(steps).toBeLessThan(200);
  });
});

describe("compiling is bounded", () => {
  it.each<[name: string, document: () => JsonObject]>([
    ["20,001 schemas", () => ({ allOf: Array.from({ length: 20_001 }, () => ({})) })],
    ["schemas 15,000 within one another", () => within(15_000)],
    ["patterns that grow", () => ({ allOf: Array.from({ length: 50 }, () => ({ pattern: "(abc){400}" })) })],
    ["names that grow", () => ({ $id: `https://a.example/${"a".repeat(3000)}`, items: { $ref: "b" } })],
    ["a deep const", () => ({ const: nested(10_000) })],
  ])("%s: refused", (_name, document) => {
    expect(compileValueSchema(document())).toMatchObject({ ok: false });
  });

  it("a chain of 10,000 references compiles, and is judged too long", () => {
    const $defs = Object.fromEntries(
      Array.from({ length: 10_000 }, (_each, index) => [`d${index}`, { $ref: `#/$defs/d${index + 1}` }]),
    );
    expect(judged({ $ref: "#/$defs/d0", $defs: { ...$defs, d10000: {} } }, 1)).toMatchObject(TOO_MUCH);
  });
});
