import type { Json, JsonObject } from "../../../src/base/json.ts";
import { ACCEPTED, type DocumentCase, graph, jsonCase, refused, times } from "./case.ts";
import { CONDITIONS, EDGES } from "./flow-rows.ts";
import { GRAPHS } from "./graph-rows.ts";
import { KINDS } from "./kind-rows.ts";
import { NESTING } from "./nesting-rows.ts";
import { edge, many, type Row, setting, START, transform } from "./rows.ts";
import { SCHEMAS } from "./schema-rows.ts";
import { stepCases } from "./step-rows.ts";

const channel = (config: Json): JsonObject => ({ channels: { x: config } });
const node = (config: JsonObject): JsonObject => ({ nodes: { n: { kind: "transform", ...config } } });

const IDS = [
  "",
  " ",
  "1",
  "_a",
  "-a",
  "a b",
  "a.b",
  "a/b",
  "a~b",
  "nоde",
  "ｎ",
  "n\u0301",
  "n\u200b",
  "n\u202e",
  "\ufeffn",
  "é",
  "😀",
  "a\u0000",
  "a\nb",
  "a".repeat(65),
  "a".repeat(100_000),
  "0x1",
  "$",
  "{{a}}",
  "\ud800",
];
const GOOD_IDS = [
  "a",
  "Z",
  "a1",
  "a-b",
  "a_b",
  "a".repeat(64),
  "constructor",
  "toString",
  "hasOwnProperty",
  "valueOf",
  "then",
  "length",
  "prototype",
  "state",
  "payload",
  "I1",
  "l1",
  "Node",
  "null",
  "true",
  "NaN",
];

const NAMES: readonly Row[] = [
  ...IDS.flatMap((id): Row[] => [
    [`the graph's id ${shown(id)}`, { id }, refused("invalid_value", "/id")],
    [
      `a node's id ${shown(id)}`,
      { nodes: { [id]: transform(), n: transform() } },
      { verdict: "refused", code: "invalid_id" },
    ],
    [`a channel's name ${shown(id)}`, { channels: { x: {}, [id]: {} } }, { verdict: "refused", code: "invalid_id" }],
  ]),
  ...GOOD_IDS.flatMap((id): Row[] => [
    [`the graph's id ${id.slice(0, 20)}`, { id }, ACCEPTED],
    [`a node's id ${id.slice(0, 20)}`, { nodes: { n: transform(), [id]: transform() } }, ACCEPTED],
    [`a channel's name ${id.slice(0, 20)}`, { channels: { x: {}, [id]: {} } }, ACCEPTED],
    [
      `reading ${id.slice(0, 20)}`,
      { channels: { x: {}, [id]: {} }, ...setting(`has(state.${/-|^null|^true/.test(id) ? "x" : id})`) },
      ACCEPTED,
    ],
  ]),
  ["a node called start", { nodes: { start: transform() } }, refused("reserved_id", "/nodes/start")],
  ["a node called end", { nodes: { n: transform(), end: transform() } }, refused("reserved_id", "/nodes/end")],
  ["a node called Start", { nodes: { n: transform(), Start: transform() } }, ACCEPTED],
  ["channels that differ in case", { channels: { x: {}, X: {} } }, ACCEPTED],
];

const VALUES: readonly Row[] = [
  ...[0, -1, 1.5, 100_001, 1e300, -1e300, 2 ** 53, 5e-324].flatMap((steps): Row[] => [
    [`limits.steps ${steps}`, { limits: { steps } }, { verdict: "refused", pointer: "/limits/steps" }],
    [
      `limits.concurrency ${steps}`,
      { limits: { concurrency: steps } },
      { verdict: "refused", pointer: "/limits/concurrency" },
    ],
  ]),
  ...[1, 100_000].map((steps): Row => [`limits.steps ${steps}`, { limits: { steps } }, ACCEPTED]),
  ...[0, 2, -1, 1.5, 1e300, "1", true].map(
    (edgewise): Row => [`format ${edgewise}`, { edgewise }, { verdict: "refused", pointer: "/edgewise" }],
  ),
  ...["30s", "1.5h", "250ms", "168h", 1, 604_800_000].map(
    (timeout): Row => [`timeout ${timeout}`, node({ timeout }), ACCEPTED],
  ),
  ...[
    "",
    "30",
    "s",
    "30 s",
    "-1s",
    "1e3s",
    "169h",
    "0s",
    "8d",
    "1w",
    "1s2m",
    "١s",
    "0.0000001ms",
    "9".repeat(100_000),
    0,
    -1,
    1.5,
    1e300,
    604_800_001,
  ].map(
    (timeout): Row => [
      `timeout ${String(timeout).slice(0, 20)}`,
      node({ timeout }),
      { verdict: "refused", pointer: "/nodes/n/timeout" },
    ],
  ),
  ...[1, 100, { attempts: 1 }, { attempts: 2, delay: "0s" }].map(
    (retry): Row => [`retry ${JSON.stringify(retry)}`, node({ retry }), ACCEPTED],
  ),
  ...[0, -1, 101, 1.5, "3", true, [], {}, { attempts: 0 }, { attempts: 2, delay: "x" }, { attempts: 2, extra: 1 }].map(
    (retry): Row => [`retry ${JSON.stringify(retry)}`, node({ retry }), { verdict: "refused" }],
  ),
  ["join any", node({ join: "any" }), refused("invalid_value", "/nodes/n/join")],
  ["an unknown kind", node({ kind: "shell" }), refused("unknown_kind", "/nodes/n/kind")],
  ["the kind constructor", node({ kind: "constructor" }), refused("unknown_kind", "/nodes/n/kind")],
  ["the kind __proto__", node({ kind: "__proto__" }), refused("unknown_kind", "/nodes/n/kind")],
  ["the kind of 100,000 characters", node({ kind: "k".repeat(100_000) }), refused("unknown_kind", "/nodes/n/kind")],
  [
    "prompt and messages",
    { nodes: { n: { kind: "model", write: "x", prompt: "a", messages: "[]" } } },
    refused("invalid_value", "/nodes/n/messages"),
  ],
  [
    "neither prompt nor messages",
    { nodes: { n: { kind: "model", write: "x" } } },
    refused("invalid_value", "/nodes/n"),
  ],
  ["input that is no channel", { input: ["y"] }, refused("unknown_channel", "/input/0")],
  ["input __proto__", { input: ["__proto__"] }, refused("unknown_channel", "/input/0")],
  ["input twice", { input: ["x", "x"] }, ACCEPTED],
  ["output that is no channel", { output: ["x", "y"] }, refused("unknown_channel", "/output/1")],
  ["no input and no output", { input: [], output: [] }, ACCEPTED],
];

const CHANNELS: readonly Row[] = [
  ...(["append", "union", "messages", "merge", "sum", "min", "max"] as const).flatMap((reducer): Row[] => [
    [`${reducer} with a text`, channel({ reducer, default: "a" }), refused("invalid_default", "/channels/x/default")],
    [`${reducer} with null`, channel({ reducer, default: null }), refused("invalid_default", "/channels/x/default")],
    [
      `${reducer} with conflict`,
      channel({ reducer, conflict: "last" }),
      refused("useless_conflict", "/channels/x/conflict"),
    ],
    [
      `${reducer} with a schema of text`,
      channel({ reducer, schema: { type: "string" } }),
      refused("schema_refuses_reducer", "/channels/x/schema/type"),
    ],
  ]),
  ["another reducer", channel({ reducer: "reduce" }), refused("invalid_value", "/channels/x/reducer")],
  ["the reducer constructor", channel({ reducer: "constructor" }), refused("invalid_value", "/channels/x/reducer")],
  [
    "a default of another type",
    channel({ schema: { type: "string" }, default: 1 }),
    refused("invalid_default", "/channels/x/default"),
  ],
  [
    "a default with a wrong item",
    channel({ schema: { type: "array", items: { type: "string" } }, default: ["a", 1] }),
    refused("invalid_default", "/channels/x/default/1"),
  ],
  [
    "a default without a field",
    channel({ schema: { required: ["a"] }, default: {} }),
    refused("invalid_default", "/channels/x/default"),
  ],
  [
    "a default that lacks toString",
    channel({ schema: { required: ["toString"] }, default: {} }),
    refused("invalid_default", "/channels/x/default"),
  ],
  [
    "a schema that refuses all",
    channel({ schema: { type: "array", items: false }, default: [1] }),
    refused("invalid_default", "/channels/x/default/0"),
  ],
  ["a schema of an unknown type", channel({ schema: { type: "constructor" }, default: 1 }), { verdict: "either" }],
  [
    "a schema with $ref to itself",
    channel({ schema: { $ref: "#" }, default: 1 }),
    refused("invalid_default", "/channels/x/default"),
  ],
  [
    "a schema with a hostile pattern",
    channel({ schema: { pattern: "(a+)+$" }, default: "a".repeat(50_000) }),
    ACCEPTED,
  ],
  ["a channel that is null", channel(null), ACCEPTED],
];

const SIZES: readonly Row[] = [
  ["5,000 nodes", { nodes: many(5_000, "n", transform()), edges: [edge("start", "n1")] }, ACCEPTED],
  [
    "5,001 nodes",
    { nodes: many(5_001, "n", transform()), edges: [edge("start", "n1")] },
    refused("too_large", "/nodes"),
  ],
  ["30,000 nodes", { nodes: many(30_000, "n", 1), edges: [edge("start", "n1")] }, refused("too_large", "/nodes")],
  ["1,001 channels", { channels: many(1_001, "c", {}), ...node({ set: {} }) }, refused("too_large", "/channels")],
  [
    "a chain of 4,000 nodes",
    {
      nodes: many(4_000, "n", { kind: "transform" }),
      edges: [edge("start", "n0"), ...times(3_999, (n) => edge(`n${n}`, `n${n + 1}`))],
    },
    ACCEPTED,
  ],
  [
    "a ring of 4,000 nodes",
    {
      nodes: many(4_000, "n", { kind: "transform" }),
      edges: [edge("start", "n0"), ...times(4_000, (n) => edge(`n${n}`, `n${(n + 1) % 4_000}`))],
    },
    ACCEPTED,
  ],
  [
    "120 nodes, each to each",
    {
      nodes: many(120, "n", transform()),
      edges: [edge("start", "n0"), ...times(14_400, (n) => edge(`n${n % 120}`, `n${Math.floor(n / 120)}`))],
    },
    ACCEPTED,
  ],
  ["4,000 dangling edges", { edges: times(4_000, (n) => edge("start", `m${n}`)) }, refused("more_problems")],
  ["10,000 unknown keys", many(10_000, "k", 1), refused("unknown_key")],
  ["10,000 unknown kinds", { nodes: many(4_999, "n", { kind: "transfrom" }) }, refused("more_problems")],
  [
    "2,000 conditions",
    {
      nodes: many(2_000, "n", transform()),
      edges: [START, ...times(1_999, (n) => edge(`n${n}`, `n${n + 1}`, { when: "state.x == 1 && has(state.x)" }))].with(
        0,
        edge("start", "n0"),
      ),
    },
    ACCEPTED,
  ],
  ["a description of 10,001 characters", { description: "a".repeat(10_001) }, refused("invalid_value", "/description")],
  ["a name of 100,000 characters", { name: "a".repeat(100_000) }, refused("invalid_value", "/name")],
  ["20,000 holes", { nodes: { n: { kind: "model", write: "x", prompt: "{{1}}".repeat(20_000) } } }, ACCEPTED],
  [
    "100,000 holes",
    { nodes: { n: { kind: "model", write: "x", prompt: "{{1}}".repeat(100_000) } } },
    refused("too_large", "/nodes/n/prompt"),
  ],
  [
    "100,000 open braces",
    { nodes: { n: { kind: "model", write: "x", prompt: "{".repeat(100_002) } } },
    { verdict: "either" },
  ],
  [
    "100,000 quotes in a hole",
    { nodes: { n: { kind: "model", write: "x", prompt: `{{${"'".repeat(100_001)}` } } },
    { verdict: "refused", pointer: "/nodes/n/prompt" },
  ],
  [
    "10,000 holes left open",
    { nodes: { n: { kind: "model", write: "x", prompt: "{{'".repeat(10_000) } } },
    { verdict: "refused", pointer: "/nodes/n/prompt" },
  ],
];

function shown(id: string): string {
  return JSON.stringify(id.slice(0, 20));
}

/** What is JSON, and no graph, or a strange one. */
export function semanticCases(): DocumentCase[] {
  const flow = [...EDGES, ...CONDITIONS, ...NAMES, ...VALUES, ...CHANNELS];
  const rows = [...flow, ...GRAPHS, ...NESTING, ...KINDS, ...SCHEMAS, ...SIZES];
  return [...rows.map(([name, changes, expected]) => jsonCase(name, graph(changes), expected)), ...stepCases()];
}
