import type { Json, JsonObject } from "../../../src/base/json.ts";
import { isJsonObject } from "../../../src/base/json.ts";
import { toPointer } from "../../../src/base/pointer.ts";
import { type DocumentCase, EITHER, jsonCase, refused } from "./case.ts";

/** A graph with every field there is. */
export const FULL: JsonObject = {
  edgewise: 1,
  id: "full",
  name: "Full",
  description: "Every field",
  channels: {
    a: { reducer: "sum", default: 0, description: "A" },
    b: { reducer: "last", conflict: "last", schema: { type: "array" } },
    c: { reducer: "messages" },
  },
  variables: { v: 1 },
  parameters: { p: { schema: { type: "integer" }, default: 1, required: false, description: "P" } },
  config: { type: "object" },
  context: { properties: { who: { type: "string" } } },
  graphs: {
    inner: {
      name: "Inner",
      channels: { d: { default: 1 } },
      variables: { w: 2 },
      input: { properties: { d: {} } },
      nodes: { n: { kind: "transform", set: { d: "vars.w" } } },
      edges: [{ from: "start", to: "n" }],
      limits: { steps: 5 },
    },
  },
  input: ["b"],
  output: ["a", "c"],
  nodes: {
    ask: {
      kind: "model",
      model: "default",
      system: "You",
      prompt: "{{ state.b }}",
      temperature: 1,
      max_tokens: 5,
      stop: ["x"],
      options: { seed: 1 },
      write: "c",
      retry: { attempts: 2, delay: "1s", max_delay: "2s" },
      timeout: "3s",
      join: "all",
      description: "D",
    },
    count: { kind: "transform", set: { a: "1" }, effect: "idempotent", cache: { ttl: "1m", key: "vars.v" } },
    tell: { kind: "emit", value: "state.a" },
  },
  edges: [
    { from: "start", to: "ask" },
    { from: "ask", to: "count", when: "true", send: "[1]" },
    { from: "ask", to: "tell", else: true },
  ],
  limits: { steps: 10, concurrency: 2 },
};

type Path = readonly (string | number)[];

const WRONG: readonly (readonly [string, Json])[] = [
  ["null", null],
  ["true", true],
  ["false", false],
  ["a negative number", -1],
  ["a huge number", 1e300],
  ["half a number", 0.5],
  ["text", "\u0000 ?"],
  ["a list", [[]]],
  ["a mapping", { toString: 1 }],
];

/** Fields in which everything is allowed, or what is listed here. */
const RIGHT: readonly (readonly [RegExp, readonly string[]])[] = [
  [/\/default$|\/options\/|\/schema\/|\/variables\/|^\/con(?:fig|text)\/|\/properties\/d/, WRONG.map(([name]) => name)],
  [/\/description$|\/name$|\/(?:prompt|system)$|\/stop\/0$|\/model$/, ["text"]],
  [/\/channels\/[abcd]$|^\/parameters\/p$/, ["null"]],
  [/\/(?:options|schema|set|variables)$|^\/con(?:fig|text)$/, ["a mapping"]],
  [/\/required$/, ["true", "false"]],
  [/\/temperature$/, ["half a number"]],
  [/\/else$/, ["true"]],
];

/** Every field of the language takes what it takes and nothing else: the pointer names the field. */
export function fieldCases(): DocumentCase[] {
  const wrong = [...pathsOf(FULL, [])].flatMap((path) => {
    const at = toPointer(path);
    const right = RIGHT.find(([pattern]) => pattern.test(at))?.[1] ?? [];
    return WRONG.map(([name, value]) => {
      const expected = right.includes(name) ? EITHER : ({ verdict: "refused", pointer: at, below: true } as const);
      return jsonCase(`${name} at ${at}`, replaced(FULL, path, value), expected);
    });
  });
  return [...wrong, ...unknownKeys(), ...missing()];
}

/** A key nobody knows, in every mapping of the language that is closed. */
function unknownKeys(): DocumentCase[] {
  const closed: readonly Path[] = [
    [],
    ["channels", "a"],
    ["channels", "b"],
    ["parameters", "p"],
    ["graphs", "inner"],
    ["graphs", "inner", "channels", "d"],
    ["graphs", "inner", "nodes", "n"],
    ["graphs", "inner", "edges", 0],
    ["graphs", "inner", "limits"],
    ["nodes", "count", "cache"],
    ["nodes", "ask"],
    ["nodes", "ask", "retry"],
    ["nodes", "count"],
    ["nodes", "tell"],
    ["edges", 0],
    ["edges", 1],
    ["limits"],
  ];
  const keys = ["extra", "constructor", "toString", "Kind", "", "a/b~c", "<<", "$ref"];
  return closed.flatMap((path) =>
    keys.map((key) =>
      jsonCase(
        `the key "${key}" in ${toPointer(path)}`,
        replaced(FULL, [...path, key], 1),
        refused("unknown_key", toPointer([...path, key])),
      ),
    ),
  );
}

function missing(): DocumentCase[] {
  const required: readonly Path[] = [
    ["edgewise"],
    ["id"],
    ["nodes"],
    ["edges"],
    ["nodes", "ask", "kind"],
    ["nodes", "ask", "write"],
    ["nodes", "tell", "value"],
    ["nodes", "ask", "retry", "attempts"],
    ["nodes", "count", "cache", "ttl"],
    ["graphs", "inner", "nodes"],
    ["graphs", "inner", "edges"],
    ["graphs", "inner", "input", "properties"],
    ["edges", 0, "from"],
    ["edges", 0, "to"],
  ];
  return required.map((path) =>
    jsonCase(`without ${toPointer(path)}`, replaced(FULL, path, undefined), refused("missing", toPointer(path))),
  );
}

function* pathsOf(value: Json, path: Path): Generator<Path> {
  if (path.length > 0) yield path;
  if (Array.isArray(value)) for (const [index, item] of value.entries()) yield* pathsOf(item as Json, [...path, index]);
  else if (isJsonObject(value)) for (const [key, item] of Object.entries(value)) yield* pathsOf(item, [...path, key]);
}

function replaced(value: Json, [first, ...rest]: Path, by: Json | undefined): Json {
  if (first === undefined) return by ?? null;
  if (Array.isArray(value)) return value.with(Number(first), replaced(value[Number(first)] as Json, rest, by));
  const mapping = isJsonObject(value) ? value : {};
  if (rest.length > 0) return { ...mapping, [first]: replaced(mapping[first] ?? {}, rest, by) };
  return by === undefined
    ? Object.fromEntries(Object.entries(mapping).filter(([key]) => key !== first))
    : Object.fromEntries([...Object.entries(mapping), [String(first), by]]);
}
