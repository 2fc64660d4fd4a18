import { parse } from "yaml";
import type { Json, JsonObject } from "../../base/json.ts";
import { isJsonObject } from "../../base/json.ts";
import type { AnyNodeKind } from "../registry.ts";
import { documentAround } from "./one-node.ts";

/** A graph with a node of the kind that is looked at. */
export interface Sample {
  readonly document: JsonObject;
  readonly node: string;
}

const CHANNELS: JsonObject = {
  x: { default: "ada", schema: { type: "string" } },
  n: { default: 2, schema: { type: "number" } },
  object: { default: { a: [1, "two"] } },
  talk: { reducer: "messages", default: [] },
  stage: { schema: { enum: ["one", "two", "three"] } },
  out: {},
  failed: {},
};

const INNER: JsonObject = {
  channels: { given: { schema: { type: "number" } }, made: {} },
  nodes: { make: { kind: "transform", set: { made: "state.given * 2" } } },
  edges: [{ from: "start", to: "make" }],
};

/** Two tools; one has a step of its own behind it. */
const TOOLS: JsonObject = {
  channels: { made: {} },
  nodes: {
    double: { kind: "transform", set: { made: "item.args.given * 2" } },
    say: { kind: "transform" },
    said: { kind: "transform", set: { made: "item.name" } },
  },
  edges: [{ from: "say", to: "said" }],
};

/** What the samples name beside themselves. */
const ACT: JsonObject = { kind: "tools", messages: "talk", graph: TOOLS, tools: { say: {} }, result: "state.made" };

/** Besides each kind's example: nodes that use the fields which the example leaves out. */
const MORE: Readonly<Record<string, readonly JsonObject[]>> = {
  model: [
    {
      model: "default",
      system: "You know {{ state.object }}.",
      prompt: "{{ state.x }}?",
      temperature: 0.5,
      max_tokens: 10,
      stop: ["."],
      options: { seed: 1 },
      write: "out",
    },
    { messages: "state.talk + [state.x]", write: "talk" },
    { prompt: "{{ state.x }}", output: { type: "string" }, repairs: 0, write: "out" },
    { prompt: "{{ state.x }}", tools: "act", options: { seed: "{{ state.n }}" }, write: "out" },
  ],
  transform: [{ set: { out: "state.object.a", n: "state.n + 1" } }],
  switch: [
    {
      cases: [
        { when: "state.n > 2", to: "a" },
        { when: "state.n == 2", to: "b" },
      ],
    },
    { on: "state.x", cases: { ada: "a", eve: "end" }, else: "b" },
  ],
  http: [
    {
      url: "https://api.example.com/{{ state.x }}?q={{ state.n }}",
      method: "POST",
      query: { a: "{{ state.x }}", list: [1, "{{ state.n }}"] },
      headers: { "x-name": "{{ state.x }}" },
      json: { of: ["{{ state.object }}"] },
      accept: ["2xx", 404],
      parse: "json",
      write: "out",
      full: true,
      max_bytes: 1000,
    },
    { url: "{{ 'https://api.example.com/' + state.x }}", method: "PUT", text: "{{ state.x }}" },
    { url: "https://api.example.com", method: "PATCH", form: { a: "{{ state.x }}" }, write: "out" },
  ],
  machine: [
    {
      state: "stage",
      initial: "one",
      states: {
        one: { on: [{ when: "state.n > 2", to: "two", set: { n: "state.n + 1" } }], goto: "a", stay: ["b", "end"] },
        two: { on: [{ to: "three" }], goto: ["a", "b"] },
        three: { final: true, goto: "end" },
      },
    },
  ],
  "store.get": [{ namespace: ["a", "{{ state.x }}"], key: "k{{ state.n }}", default: ["{{ state.x }}"], write: "out" }],
  "store.put": [
    { namespace: ["a", "{{ state.x }}"], key: "{{ state.x }}", value: "{{ state.object }}" },
    { namespace: ["a"], key: "k", delete: true },
    { namespace: "{{ [state.x, 'b'] }}", key: "k", value: {} },
  ],
  map: [
    {
      over: "[1, 2]",
      graph: INNER,
      input: { given: "item + state.n" },
      output: { out: "state.made" },
      concurrency: 2,
      on_failure: "collect",
      failures: "failed",
    },
  ],
  loop: [
    {
      over: "[1, 2]",
      until: "state.made > 3",
      while: "state.made < 9",
      max: 7,
      graph: INNER,
      input: { given: "item + state.n" },
      output: { out: "state.made" },
    },
    { times: "state.n", graph: INNER },
    { times: 3, graph: INNER },
  ],
  race: [
    {
      over: "[1, 2]",
      first: 2,
      graph: INNER,
      input: { given: "item + state.n" },
      output: { out: "state.made" },
    },
  ],
  saga: [
    {
      graph: {
        ...INNER,
        nodes: {
          make: { kind: "transform", set: { made: "state.given * 2" }, undo: "unmake" },
          unmake: { kind: "transform", set: { made: "item.writes.made - state.given" } },
        },
      },
      input: { given: "state.n" },
      output: { out: "state.made" },
    },
  ],
  subgraph: [{ graph: INNER, input: { given: "state.n" }, output: { out: "state.made" } }],
  wait: [
    { signal: "approved", key: "{{ state.n }}", write: "out", for: "2h" },
    { signal: "approved" },
    { for: "2h" },
    { for: "{{ state.n }}s" },
    { until: "'2027-06-01T00:00:00Z'" },
    { until: "state.n" },
  ],
  tools: [
    {
      graph: TOOLS,
      tools: { double: { description: "Doubles.", parameters: { type: "object", required: ["given"] } }, say: {} },
      messages: "talk",
      result: "state.made",
      on_failure: "fail",
      concurrency: 2,
    },
  ],
  gate: [
    {
      ask: { about: ["{{ state.x }}"] },
      answer: { type: "object", properties: { yes: { type: "boolean" } } },
      write: "out",
      deadline: "7d",
      approvers: { from: ["{{ state.x }}", "grace"], need: 2, stop: "!answer.yes" },
      escalate: [
        { after: "1d", ask: "{{ state.x }} waits", from: ["{{ state.x }}s boss"] },
        { after: "2d", from: ["board"] },
      ],
    },
    { ask: "Go on?" },
    { ask: "Go on?", approvers: { need: "state.n" } },
    {
      when: "state.n > 1",
      deadline: "1h",
      questions: [
        { ask: { about: "{{ state.x }}" }, answer: { type: "string" }, write: "out" },
        { when: "answers[0] == 'no'", ask: "Why {{ answers[0] }}?" },
      ],
    },
  ],
  emit: [{ value: "{'x': state.x}" }, { value: "item + index", over: "[1, 2]" }],
  fail: [{ name: "CustomError", message: "{{ state.x }}", details: { of: "{{ state.object }}" }, retryable: true }],
};

/** The kind's example, and nodes that use what the example leaves out. */
export function samplesOf(kind: AnyNodeKind): readonly Sample[] {
  const more = (MORE[kind.kind] ?? []).map(
    (config): Sample => ({
      document: documentAround({ kind: kind.kind, ...config }, CHANNELS, config["tools"] === "act" ? { act: ACT } : {}),
      node: "n",
    }),
  );
  return [...exampleOf(kind), ...more];
}

function exampleOf({ kind, example }: AnyNodeKind): readonly Sample[] {
  const document = example === undefined ? undefined : (parse(example) as Json);
  if (!isJsonObject(document) || !isJsonObject(document["nodes"])) return [];
  const found = Object.entries(document["nodes"]).filter(([, node]) => isJsonObject(node) && node["kind"] === kind);
  return found.map(([node]) => ({ document, node }));
}

/** The value at a path, undefined where there is none. */
export function valueAt(value: Json | undefined, [key, ...rest]: readonly (string | number)[]): Json | undefined {
  if (key === undefined || typeof value !== "object" || value === null) return key === undefined ? value : undefined;
  const child = Object.hasOwn(value, key) ? (value as Readonly<Record<string | number, Json>>)[key] : undefined;
  return valueAt(child, rest);
}

/** The same document with another value at a path; undefined takes it away. */
export function withValueAt(value: Json, [key, ...rest]: readonly (string | number)[], put: Json | undefined): Json {
  if (key === undefined) return put ?? null;
  const last = rest.length === 0;
  if (Array.isArray(value)) {
    const items = value as readonly Json[];
    return items.flatMap((item, index) => (String(index) !== String(key) ? [item] : changed(item, rest, put, last)));
  }
  const entries: [string, Json][] = isJsonObject(value) ? Object.entries(value) : [];
  const known = entries.some(([name]) => name === key);
  const more: [string, Json][] = known || put === undefined ? [] : [[String(key), put]];
  return Object.fromEntries([
    ...entries.flatMap(([name, item]): [string, Json][] =>
      name !== key ? [[name, item]] : changed(item, rest, put, last).map((next) => [name, next]),
    ),
    ...more,
  ]);
}

function changed(item: Json, rest: readonly (string | number)[], put: Json | undefined, last: boolean): Json[] {
  if (last) return put === undefined ? [] : [put];
  return [withValueAt(item, rest, put)];
}

/** The same document with a key of a mapping called otherwise, in its place. */
export function withKeyRenamed(document: Json, path: readonly (string | number)[], name: string): Json {
  const parent = valueAt(document, path.slice(0, -1));
  if (!isJsonObject(parent)) return document;
  const renamed = Object.entries(parent).map(([key, item]): [string, Json] => [key === path.at(-1) ? name : key, item]);
  return withValueAt(document, path.slice(0, -1), Object.fromEntries(renamed));
}
