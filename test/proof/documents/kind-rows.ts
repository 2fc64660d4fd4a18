import type { Json, JsonObject } from "../../../src/base/json.ts";
import { ACCEPTED, type Expected, refused } from "./case.ts";
import { edge, type Row, START, transform } from "./rows.ts";

const one = (config: JsonObject): JsonObject => ({ nodes: { n: config } });
const at = (field: string): Expected => ({ verdict: "refused", pointer: `/nodes/n${field}`, below: true });

const call = (more: JsonObject): JsonObject => one({ kind: "http", url: "https://a.example/", ...more });
const HTTP: readonly Row[] = [
  ...[
    "http://{{ state.x }}/",
    "https://{{ state.x }}",
    "https://a.example{{ state.x }}",
    "https://a.example.{{ state.x }}/",
    "https://a{{ state.x }}.example/",
    "https://a.example:{{ state.x }}/",
    "https://{{ state.x }}@a.example/",
    "https://user:secret@a.example/",
    "{{ state.x }}://a.example/",
    "{{ state.x }}/a",
    "/{{ state.x }}",
    "//a.example/{{ state.x }}",
    "https:\\\\a.example\\{{ state.x }}",
    "https:/a.example/{{ state.x }}",
    "ftp://a.example/",
    "file:///etc/passwd",
    "data:text/plain,a",
    "javascript:alert(1)",
    "https://",
    " ",
    "https://a.example/../{{ state.x }}",
    "https://a.example/%2e%2e/{{ state.x }}",
    "https://a.example/{{ state.x }}/./b",
    `https://a.example/${"a".repeat(8_000)}`,
  ].map((url): Row => [`the address ${url.slice(0, 40)}`, call({ url }), at("/url")]),
  ...[
    "https://a.example",
    "https://a.example/{{ state.x }}?q={{ state.x }}#{{ state.x }}",
    "{{ state.x }}",
    "http://[::1]:80/{{ 1 }}",
  ].map((url): Row => [`the address ${url}`, call({ url }), ACCEPTED]),
  ...["a b", "a\r\nb", "", "é", "host", "Content-Length", "Idempotency-Key", "proxy-a", "a".repeat(101), "a:"].map(
    (name): Row => [
      `the header ${JSON.stringify(name.slice(0, 20))}`,
      call({ headers: { [name]: "1" } }),
      at("/headers"),
    ],
  ),
  ["a header twice", call({ headers: { "X-A": "1", "x-a": "2" } }), at("/headers/x-a")],
  ["the header constructor", call({ headers: { constructor: "{{ state.x }}" } }), ACCEPTED],
  ["a GET with a body", call({ json: {} }), at("/json")],
  ["two bodies", call({ method: "POST", json: {}, text: "" }), at("/text")],
  ["another method", call({ method: "CONNECT" }), at("/method")],
  ["a status of 99", call({ accept: [99] }), at("/accept")],
  ["9 MiB of an answer", call({ max_bytes: 9 * 1024 * 1024 }), at("/max_bytes")],
  ["an unclosed hole deep in a body", call({ method: "POST", json: { a: [{ b: "{{ state.x" }] } }), at("/json/a/0/b")],
  ["full without write", call({ full: true }), at("/full")],
];

const stored = (more: JsonObject): JsonObject => one({ kind: "store.put", namespace: ["a"], key: "k", ...more });
const STORE: readonly Row[] = [
  ...[[], [""], ["a.b"], Array(11).fill("a") as Json[], "a", ["a".repeat(201)], [1]].map(
    (namespace): Row => [
      `the namespace ${JSON.stringify(namespace).slice(0, 30)}`,
      stored({ namespace, value: {} }),
      at("/namespace"),
    ],
  ),
  ...["", "a".repeat(501)].map(
    (key): Row => [`a key of ${key.length} characters`, stored({ key, value: {} }), at("/key")],
  ),
  ["the namespace __proto__", stored({ namespace: ["__proto__"], value: {} }), ACCEPTED],
  ["the key __proto__", stored({ key: "__proto__", value: {} }), ACCEPTED],
  ["neither value nor delete", stored({}), at("")],
  ["value and delete", stored({ value: {}, delete: true }), at("")],
  ["delete: false", stored({ delete: false }), at("/delete")],
  ["a hole in the namespace that is no expression", stored({ namespace: ["{{ ( }}"], value: {} }), at("/namespace/0")],
];

const WAITS: readonly Row[] = [
  ...[{ for: "1s", until: "1" }, {}, { for: "1w" }, { for: -1 }, { for: "367d" }, { for: 1e300 }, { for: "-0s" }].map(
    (config): Row => [`a wait of ${JSON.stringify(config)}`, one({ kind: "wait", ...config }), at("")],
  ),
  ...["until", "timestamp(", "duration('x', 1)", "timestamp('2026-01-01T00:00:00Z').getDate(1)", "now()"].map(
    (until): Row => [`a wait until ${until}`, one({ kind: "wait", until }), at("/until")],
  ),
  ...["timestamp(0) + duration('1h')", "run.started_at", "9e15"].map(
    (until): Row => [`a wait until ${until}`, one({ kind: "wait", until }), ACCEPTED],
  ),
  ["a wait of 366 days", one({ kind: "wait", for: "366d" }), ACCEPTED],
];

const asked = (config: JsonObject): JsonObject => one({ kind: "gate", ...config });
const GATES: readonly Row[] = [
  ...[
    { approvers: { need: 0 } },
    { approvers: { from: ["a"], need: 2 } },
    { approvers: { from: [""] } },
    { approvers: { stop: "answer +" } },
    { approvers: { stop: "item" } },
    { deadline: "367d" },
    { escalate: [{ after: "2h" }, { after: "1h" }] },
    { deadline: "1h", escalate: [{ after: "1h" }] },
    { escalate: [{ after: "1h", from: ["a"] }] },
    { answer: { pattern: "(a{1,999}){1,999}" } },
  ].map((config): Row => [`a gate with ${JSON.stringify(config)}`, asked({ ask: 1, ...config }), at("")]),
  ["a gate that asks nothing", asked({}), at("/ask")],
  ["a gate", asked({ ask: ["{{ state.x }}"], approvers: { from: ["__proto__"], stop: "answer" } }), ACCEPTED],
];

const stateful = (states: Json, more: JsonObject = {}): JsonObject =>
  one({ kind: "machine", state: "x", initial: "a", states, ...more });
const MACHINES: readonly Row[] = [
  ["a machine without states", stateful({}), refused("unknown_state", "/nodes/n/initial")],
  ["a machine that begins nowhere", stateful({ a: {} }, { initial: "__proto__" }), refused("unknown_state")],
  ["a transition to nowhere", stateful({ a: { on: [{ to: "toString" }] } }), refused("unknown_state")],
  ["a state with a wrong name", stateful({ a: {}, "a b": {} }), at("/states")],
  ["a final state that is left", stateful({ a: { final: true, on: [{ to: "a" }] } }), at("/states/a/on")],
  [
    "a state that goes to no node",
    stateful({ a: { goto: ["m"] } }),
    refused("dangling_edge", "/nodes/n/states/a/goto/0"),
  ],
  [
    "a transition that sets the state",
    stateful({ a: { on: [{ to: "a", set: { x: "1" } }] } }),
    refused("state_set_twice"),
  ],
  [
    "a machine",
    stateful({ a: { on: [{ when: "true", to: "constructor" }], goto: "n" }, constructor: { stay: "end" } }),
    ACCEPTED,
  ],
];

const choosing = (config: JsonObject): JsonObject => one({ kind: "switch", ...config });
const OTHERS: readonly Row[] = [
  ["a switch with nothing to go by", choosing({ cases: { a: "end" } }), at("")],
  ["a switch on something, with conditions", choosing({ on: "1", cases: [{ when: "true", to: "end" }] }), at("")],
  ["a switch without cases", choosing({ cases: [] }), at("/cases")],
  ["a switch to nowhere", choosing({ on: "1", cases: { a: "m" } }), refused("dangling_edge", "/nodes/n/cases/a")],
  ["a switch to start", choosing({ on: "1", cases: { a: "start" } }), refused("dangling_edge", "/nodes/n/cases/a")],
  ["a switch to __proto__", choosing({ on: "1", cases: { a: "__proto__" } }), refused("dangling_edge")],
  ["a switch to itself", choosing({ on: "1", cases: { constructor: "n", toString: "end" } }), ACCEPTED],
  ["a case that is no condition", choosing({ cases: [{ when: "1 +", to: "end" }] }), at("/cases/0/when")],
  ["1,001 cases", choosing({ cases: Array(1_001).fill({ when: "true", to: "end" }) as Json[] }), at("/cases")],
  ["a failure without a word", one({ kind: "fail", message: "" }), at("/message")],
  [
    "a failure with a wrong hole",
    one({ kind: "fail", message: "a", details: [{ b: "{{ state.y }}" }] }),
    at("/details/0/b"),
  ],
  ["a failure that may pass", one({ kind: "fail", message: "{{ state.x }}", retryable: true }), ACCEPTED],
  ["structured output that is no schema", asking({ output: { type: "constructor" } }), at("/output")],
  ["structured output with an evil pattern", asking({ output: { pattern: "(a{1,999}){1,999}" } }), at("/output")],
  ["structured output elsewhere", asking({ output: { $ref: "https://a.example/schema" } }), at("/output")],
  ["repairs without output", asking({ repairs: 2 }), at("/repairs")],
  ["a thousand repairs", asking({ output: {}, repairs: 1_000 }), at("/repairs")],
  ["structured output", asking({ output: { type: "object", required: ["__proto"] } }), ACCEPTED],
];

function asking(more: JsonObject): JsonObject {
  return one({ kind: "model", prompt: "a", write: "x", ...more });
}

const INNER: JsonObject = { channels: { y: {} }, nodes: { i: transform({ y: "1" }) }, edges: [edge("start", "i")] };
const each = (more: JsonObject): JsonObject => one({ kind: "map", over: "[1]", graph: INNER, ...more });
const MAPS: readonly Row[] = [
  ["a map over nothing", each({ over: "" }), at("/over")],
  ["a map with more at once than there are slots", each({ concurrency: 1_001 }), at("/concurrency")],
  ["failures without collect", each({ failures: "x" }), at("/failures")],
  ["collect without failures", each({ on_failure: "collect" }), at("/failures")],
  ["failures into no channel", each({ on_failure: "collect", failures: "z" }), at("/failures")],
  ["output to no channel", each({ output: { z: "state.y" } }), at("/output/z")],
  ["output of what is outside", each({ output: { x: "state.x" } }), at("/output/x")],
  ["input to no channel", each({ input: { z: "item" } }), at("/input/z")],
  ["input of what is inside", each({ input: { y: "state.y" } }), at("/input/y")],
  ["input __proto__", each({ input: { constructor: "item" } }), at("/input/constructor")],
  [
    "item outside of the map",
    { ...each({}), edges: [START, edge("n", "end", { when: "item" })] },
    refused("unknown_variable"),
  ],
  ["a map of items in items", each({ over: "[[1]]", input: { y: "item[index]" }, output: { x: "state.y" } }), ACCEPTED],
  ["a graph in place with an id", each({ graph: { ...INNER, id: "i" } }), at("/graph/id")],
  ["a graph in place with graphs", each({ graph: { ...INNER, graphs: {} } }), at("/graph/graphs")],
  ["a graph that is a list", each({ graph: [] }), at("/graph")],
  ["a graph of 100,000 characters", each({ graph: "g".repeat(100_000) }), at("/graph")],
  [
    "a channel that folds otherwise inside",
    each({ graph: { ...INNER, channels: { x: { reducer: "sum" } }, nodes: { i: transform() } } }),
    refused("shared_channel", "/nodes/n/graph"),
  ],
];

/** What the kinds of nodes take, and what not. */
export const KINDS: readonly Row[] = [...HTTP, ...STORE, ...WAITS, ...GATES, ...MACHINES, ...OTHERS, ...MAPS];
