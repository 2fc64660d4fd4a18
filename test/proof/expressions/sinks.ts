import { canonicalJson, type Json, type JsonObject, sameJson } from "../../../src/base/json.ts";
import { checkWrite, openFold } from "../../../src/engine/reducers.ts";
import { compileGraph } from "../../../src/graph/compile.ts";
import type { Channel, ReducerName } from "../../../src/graph/channels.ts";
import { compileExpression } from "../../../src/graph/expression/compile.ts";
import { createLanguage } from "../../../src/graph/expression/language.ts";
import { compileValueSchema } from "../../../src/graph/value-schema/compile.ts";
import { compileTemplate } from "../../../src/graph/template.ts";
import { nodeKinds } from "../../../src/nodes/registry.ts";
import { prototypeChanges } from "../prototypes.ts";

const CHANNEL = { name: "data", reducer: "last", conflict: "error" } as const;
const LANGUAGE = createLanguage({ channels: [CHANNEL] });

/** Puts a poisonous text somewhere; says what became of it where that is not the value itself, kept as data. */
type Sink = (text: string) => string | undefined;

function kept(what: Json | undefined, wanted: Json): string | undefined {
  return what !== undefined && sameJson(what, wanted)
    ? undefined
    : `kept as ${what === undefined ? "nothing" : canonicalJson(what).slice(0, 100)}`;
}

function folded(reducer: ReducerName, expected: (value: Json) => Json): Sink {
  return (text) => {
    const value = JSON.parse(text) as Json;
    const channel: Channel = { name: "data", reducer, conflict: "error" };
    if (checkWrite(channel, value) !== undefined) return "refused as a write";
    return kept(
      openFold(channel, undefined)
        .with([value, { z: 1 }])
        .value(),
      expected(value),
    );
  };
}

function evaluated(source: (text: string) => string, expected: (value: Json) => Json = (value) => value): Sink {
  return (text) => {
    const { expression, mistakes } = compileExpression(source(text), LANGUAGE);
    const [mistake] = mistakes;
    if (mistake !== undefined) return mistake.message;
    const value = JSON.parse(text) as Json;
    return kept(expression.evaluate({ read: () => value, payload: value }), expected(value));
  };
}

/** In a document `__proto__` is refused, with its place; every other key is data. */
function compiled(document: (text: string) => string, type: "json" | "yaml"): Sink {
  return (text) => {
    const result = compileGraph({ text: document(text), type }, nodeKinds);
    const forbidden = Object.keys(flat(JSON.parse(text) as Json)).includes("__proto__");
    if (forbidden)
      return !result.ok && result.problems.some(({ code }) => code === "forbidden_key") ? undefined : "not refused";
    if (!result.ok) return result.problems[0]?.message;
    return kept(result.plan.document, JSON.parse(document(text)) as Json);
  };
}

/** All keys anywhere in a value. */
function flat(value: Json): Record<string, true> {
  const keys = new Map<string, true>();
  JSON.stringify(value, (key, child: unknown) => {
    keys.set(key, true);
    return child;
  });
  return Object.fromEntries(keys);
}

const around = (channels: string, node: string): string =>
  `{"edgewise":1,"id":"g","channels":{"data":${channels}},"nodes":{"n":${node}},"edges":[{"from":"start","to":"n"}]}`;
const MODEL = '{"kind":"model","write":"data","prompt":"p","options":$}';

export const SINKS: Readonly<Record<string, Sink>> = {
  "the reducer merge": folded("merge", (value) =>
    Object.fromEntries([...Object.entries(value as JsonObject), ["z", 1]]),
  ),
  "the reducer append": folded("append", (value) => [value, { z: 1 }]),
  "the reducer union": folded("union", (value) => [value, { z: 1 }]),
  "the reducer last": folded("last", () => ({ z: 1 })),
  "a mapping in an expression": evaluated((text) => text),
  "a computed key in an expression": evaluated(
    (text) => `{${JSON.stringify(Object.keys(JSON.parse(text) as object)[0])}: state.data}`,
    (value) => Object.fromEntries([[Object.keys(value as object)[0] ?? "", value]]),
  ),
  "an expression's input": evaluated(() => "[state.data, payload].map(v, v)[1]"),
  "parseJson in an expression": evaluated((text) => `parseJson(${JSON.stringify(text)})`),
  "merge in an expression": evaluated(
    () => "merge(state.data, {'z': 1})",
    (value) => Object.fromEntries([...Object.entries(value as JsonObject), ["z", 1]]),
  ),
  "maps put together and taken apart": evaluated(() => "values({'a': [[state.data]].flatten().distinct().first()})[0]"),
  "a value beside times": evaluated(
    () => "[timestamp(0), getOr({'a': default(state.data, 0)}, 'a', 0)]",
    (value) => ["1970-01-01T00:00:00Z", value],
  ),
  "the properties of a value schema": (text) => {
    const value = JSON.parse(text) as JsonObject;
    const constants = Object.entries(value).map(([key, each]) => [key, { const: each }] as const);
    const schema = {
      properties: Object.fromEntries(constants),
      required: Object.keys(value),
      additionalProperties: false,
    };
    const compiled = compileValueSchema(schema);
    if (!compiled.ok) return compiled.message;
    const refused = compiled.schema.check({ other: 1 });
    return compiled.schema.check(value)?.message ?? (refused === undefined ? "took what it must not" : undefined);
  },
  "a template": (text) => {
    const value = JSON.parse(text) as Json;
    const { template } = compileTemplate("{{ state.data }}", LANGUAGE);
    return kept(JSON.parse(template.render({ read: () => value })) as Json, value);
  },
  "a node's options in JSON": compiled(
    (text) =>
      around(
        "{}",
        MODEL.replace("$", () => text),
      ),
    "json",
  ),
  "a node's options in YAML": compiled(
    (text) =>
      around(
        "{}",
        MODEL.replace("$", () => text),
      ),
    "yaml",
  ),
  "a channel's default": compiled((text) => around(`{"default":${text}}`, '{"kind":"transform"}'), "json"),
  "a channel's schema": compiled(
    (text) => around(`{"schema":{"examples":[${text}]},"default":{"a":1}}`, '{"kind":"transform"}'),
    "json",
  ),
};

/** What a sink makes of a shape, and what the host looks like behind it. */
export function poison(
  sink: Sink,
  shape: string,
): { readonly polluted: readonly string[]; readonly lost: string | undefined } {
  let lost: string | undefined;
  try {
    lost = sink(shape);
  } catch (thrown) {
    lost = `threw ${String(thrown)}`;
  }
  return { polluted: prototypeChanges(), lost };
}
