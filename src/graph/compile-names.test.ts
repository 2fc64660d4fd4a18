import { describe, expect, it } from "vitest";
import type { Json, JsonObject } from "../base/json.ts";
import { compileGraph } from "./compile.ts";
import type { Plan, Scope } from "./plan.ts";
import type { HopCompiled } from "./testing/kinds.ts";
import { testKinds } from "./testing/kinds.ts";
import { compileValue } from "./value-template.ts";

const NAMES: JsonObject = {
  variables: { tone: "dry", tries: 3, tags: ["a"], none: null },
  parameters: { language: { schema: { type: "string" }, default: "en" }, user: { required: true }, loose: null },
  config: { type: "object", properties: { depth: { type: "integer" } } },
  context: { type: "object" },
};

function compile(fill: Json, document: JsonObject = NAMES) {
  return compileGraph(
    {
      document: {
        edgewise: 1,
        id: "g",
        channels: { x: null },
        nodes: { n: { kind: "hop", fill } },
        edges: [{ from: "start", to: "n" }],
        ...document,
      },
    },
    testKinds,
  );
}

function planOf(fill: Json, document?: JsonObject): Plan {
  const result = compile(fill, document);
  if (!result.ok) throw new Error(JSON.stringify(result.problems));
  return result.plan;
}

function problemsOf(fill: Json, document?: JsonObject) {
  const result = compile(fill, document);
  return result.ok ? [] : result.problems;
}

const SCOPE: Scope = {
  read: (channel) => (channel === "x" ? { deep: [1, 'say "hi"'] } : undefined),
  globals: {
    vars: { tone: "dry", tries: 3, tags: ["a"], none: null },
    params: { language: "en" },
    config: { depth: 2 },
    context: { anything: true },
    run: { id: "r1", thread_id: "t1", started_at: "2026-01-01T00:00:00Z" },
  },
};

function filled(fill: Json, scope: Scope = SCOPE): Json {
  const compiled = planOf(fill).nodes[0]?.compiled as HopCompiled | undefined;
  return compiled?.fill.evaluate(scope) ?? "nothing";
}

describe("values with holes", () => {
  it.each<[Json, Json]>([
    ["{{ state.x }}", { deep: [1, 'say "hi"'] }],
    ["{{ state.x.deep[1] }}!", 'say "hi"!'],
    [{ body: { list: ["{{ state.x.deep }}", 1, null] } }, { body: { list: [[1, 'say "hi"'], 1, null] } }],
    ["{{{{ no hole", "{{ no hole"],
    [{ "{{ state.x }}": "keys are data" }, { "{{ state.x }}": "keys are data" }],
    [5, 5],
  ])("%j becomes %j", (fill, expected) => {
    expect(filled(fill)).toEqual(expected);
  });

  it("keeps __proto__ as a key", () => {
    const value = JSON.parse('{"__proto__": "{{ 1 }}"}') as Json;
    const made = compileValue(value, () => () => 1).evaluate(SCOPE);
    expect(Object.entries(made as object)).toEqual([["__proto__", 1]]);
    expect(Object.getPrototypeOf(made)).toBe(Object.prototype);
  });

  it("points at the hole that is wrong, at any depth", () => {
    expect(problemsOf({ a: ["", "{{ state.y }}"] })).toMatchObject([
      { code: "unknown_channel", path: "/nodes/n/fill/a/1" },
    ]);
  });
});

describe("what expressions may name beside the state", () => {
  it.each<[string, Json]>([
    ["vars.tone + string(vars.tries)", "dry3"],
    ["vars['tone']", "dry"],
    ["vars.none == null", true],
    ["params.language", "en"],
    ["has(params.user)", false],
    ["has(params['language'])", true],
    ["config.depth + 1", 3],
    ["context.anything", true],
    ["has(context.nothing.deeper)", false],
    ["run.id + run.thread_id + run.started_at", "r1t12026-01-01T00:00:00Z"],
    ["json(params)", '{"language":"en"}'],
  ])("%s", (source, value) => {
    expect(filled(`{{ ${source} }}`)).toEqual(value);
  });

  it.each([
    ["vars.ton", "unknown_field", "Did you mean vars.tone?"],
    ["vars.other", "unknown_field", "Declare it under variables."],
    ["params['lang']", "unknown_field", "Declare it under parameters."],
    ["config.dept", "unknown_field", "Did you mean config.depth?"],
    ["run.name", "unknown_field", "A run has id, thread_id and started_at."],
    ["tone", "unknown_variable", "Did you mean vars.tone?"],
    ["item", "unknown_variable", "item is known in the graph of a map."],
  ])("%s is refused: %s", (source, code, hint) => {
    expect(problemsOf(`{{ ${source} }}`)).toMatchObject([{ code, hint }]);
  });

  it.each(["vars.tone - 1", "params.language && true", "config.depth.trim()", "run.id > 1"])(
    "%s does not fit the types that are known",
    (source) => {
      expect(problemsOf(`{{ ${source} }}`)).toMatchObject([{ code: "type_mismatch" }]);
    },
  );

  it.each(["vars", "params", "config", "context", "run", "item", "index"])(
    "no macro's variable is called %s",
    (name) => {
      expect(problemsOf(`{{ [1].map(${name}, 1) }}`)).toMatchObject([{ code: "invalid_macro" }]);
    },
  );

  it("says what is absent, and how to ask", () => {
    expect(() => filled("{{ params.user }}")).toThrow(/params\.user is absent.*has\(params\.user\)/);
    expect(() => filled("{{ vars.tone }}", { read: () => undefined })).toThrow(/vars is absent here/);
    expect(filled("{{ has(vars) || has(vars.tone) }}", { read: () => undefined })).toBe(false);
  });
});

describe("variables, parameters and schemas", () => {
  it("are in the plan", () => {
    const plan = planOf(null);
    expect(plan.variables).toEqual(NAMES["variables"]);
    expect(plan.parameters).toMatchObject([
      { name: "language", required: false, default: "en", schema: { document: { type: "string" } } },
      { name: "user", required: true },
      { name: "loose", required: false },
    ]);
    expect(plan.configSchema?.check({ depth: "two" })).toMatchObject({ path: ["depth"] });
    expect(plan.contextSchema?.check({})).toBeUndefined();
  });

  it.each<[JsonObject, string, string]>([
    [{ variables: { "1st": 1 } }, "invalid_id", "/variables/1st"],
    [{ variables: [] }, "invalid_type", "/variables"],
    [{ parameters: { p: { schema: { type: "string" }, default: 1 } } }, "invalid_default", "/parameters/p/default"],
    [{ parameters: { p: { type: "string" } } }, "unknown_key", "/parameters/p/type"],
    [{ parameters: { p: { schema: { type: "text" } } } }, "invalid_schema", "/parameters/p/schema/type"],
    [{ config: { properties: 5 } }, "invalid_schema", "/config/properties"],
    [{ channels: { x: { schema: { minimum: "1" } } } }, "invalid_schema", "/channels/x/schema/minimum"],
  ])("%j: %s at %s", (document, code, path) => {
    expect(problemsOf(null, document)).toContainEqual(expect.objectContaining({ code, path }));
  });

  it("a channel's schema is ready to judge its values", () => {
    const { channelSchemas } = planOf(null, { channels: { x: { schema: { type: "integer" } }, y: null } });
    expect([...channelSchemas.keys()]).toEqual(["x"]);
    expect(channelSchemas.get("x")?.check("no")).toMatchObject({ path: [] });
  });
});

describe("input and output as a schema", () => {
  const channels: JsonObject = { x: null, y: null };

  it("name channels by their properties, and judge the whole", () => {
    const plan = planOf(null, {
      channels,
      input: { type: "object", properties: { x: { type: "string" } }, required: ["x"] },
      output: ["y"],
    });
    expect([plan.input, plan.output, plan.outputSchema]).toEqual([["x"], ["y"], undefined]);
    expect(plan.inputSchema?.check({})).toMatchObject({ path: [] });
    expect(plan.inputSchema?.check({ x: "a" })).toBeUndefined();
  });

  it.each<[Json, string, string]>([
    [{ properties: { z: {} } }, "unknown_channel", "/input/properties/z"],
    [{ type: "array", properties: { x: {} } }, "invalid_value", "/input/type"],
    [{ required: ["x"] }, "missing", "/input/properties"],
    [{ properties: { x: 5 } }, "invalid_schema", "/input/properties/x"],
    ["x", "invalid_value", "/input"],
  ])("%j: %s at %s", (input, code, path) => {
    expect(problemsOf(null, { channels, input })).toContainEqual(expect.objectContaining({ code, path }));
  });
});
