import type { Json, JsonObject } from "../../src/base/json.ts";

/** The graphs of the corpus: every form of the language whose log an engine has to read for ever. */

export const chain = (...ids: readonly string[]): Json[] =>
  ids.map((to, index) => ({ from: index === 0 ? "start" : (ids[index - 1] ?? ""), to }));
export const set = (channels: JsonObject): JsonObject => ({ kind: "transform", set: channels });
const says = (reply: string, write: string, more: JsonObject = {}): JsonObject => ({
  kind: "model",
  model: "builtin/scripted",
  prompt: "Go on.",
  write,
  options: { script: { turns: [{ reply, ...more }] } },
});
const attempts = (write: string, ...outcomes: readonly JsonObject[]): JsonObject => ({
  kind: "model",
  model: "builtin/scripted",
  prompt: "Go on.",
  write,
  options: { script: { turns: [outcomes] } },
  retry: { attempts: 3, delay: "10ms", max_delay: "20ms" },
});
export const LOG: JsonObject = { reducer: "append", default: [] };

export const DIAMOND: JsonObject = {
  channels: { left: {}, right: {}, both: {} },
  nodes: {
    short: says("short", "left"),
    long: says("long one", "right", { delayMs: 5 }),
    join: set({ both: "state.left + ' & ' + state.right" }),
  },
  edges: [
    { from: "start", to: "short" },
    { from: "start", to: "long" },
    { from: "short", to: "join" },
    { from: "long", to: "join" },
  ],
};

export const REDUCERS: JsonObject = {
  channels: {
    last: { conflict: "last" },
    log: LOG,
    tags: { reducer: "union" },
    facts: { reducer: "merge" },
    total: { reducer: "sum" },
    least: { reducer: "min" },
    most: { reducer: "max" },
    messages: { reducer: "messages" },
  },
  nodes: Object.fromEntries(
    [3, 1, 2].map((n) => [
      `n${n}`,
      set({
        last: `${n}`,
        log: `[${n}, 'x']`,
        tags: `['t', 't${n}']`,
        facts: `{'__proto__': ${n}, 'k${n}': {'$ref': 'hash-0', 'lc': 1}}`,
        total: `${n}.5`,
        least: `${n}`,
        most: `${n}`,
        messages: `{'type': 'human', 'id': 'm${n % 2}', 'content': 'from ${n}'}`,
      }),
    ]),
  ),
  edges: [3, 1, 2].map((n) => ({ from: "start", to: `n${n}` })),
};

/** Two writers of one channel that do not see each other: who reads it fails (R6). */
export const CONFLICT: JsonObject = {
  channels: { word: {}, out: {} },
  nodes: { a: set({ word: "'a'" }), b: set({ word: "'b'" }), read: set({ out: "state.word" }) },
  edges: [
    { from: "start", to: "a" },
    { from: "start", to: "b" },
    { from: "a", to: "read" },
    { from: "b", to: "read" },
  ],
};

/** A cycle with a head, a node beside it that is run each turn, and one that is run once behind it (R3, R11). */
export const CYCLE: JsonObject = {
  channels: { n: { default: 0 }, log: LOG },
  nodes: {
    count: set({ n: "state.n + 1", log: "'turn ' + string(state.n)" }),
    left: set({ log: "'left'" }),
    right: set({ log: "'right'" }),
    join: set({ log: "'join'" }),
    heard: { ...set({ log: "'heard'" }), join: "each" },
    after: set({ log: "'after ' + string(size(state.log))" }),
  },
  edges: [
    { from: "start", to: "count" },
    { from: "count", to: "left" },
    { from: "count", to: "right" },
    { from: "left", to: "join" },
    { from: "right", to: "join" },
    { from: "join", to: "count", when: "state.n < 3" },
    { from: "join", to: "heard" },
    { from: "join", to: "after", when: "state.n >= 3" },
  ],
};

export const SENDS: JsonObject = {
  channels: { list: { default: ["a", { b: 1 }, null] }, out: LOG, size: {} },
  nodes: {
    open: set({ out: "'open'" }),
    each: set({ out: "payload" }),
    all: set({ size: "size(state.out)" }),
  },
  edges: [
    { from: "start", to: "open" },
    { from: "open", to: "each", send: "state.list" },
    { from: "each", to: "all" },
  ],
};

export const SWITCH: JsonObject = {
  channels: { kind: { default: "question" }, answer: {} },
  nodes: {
    sort: { kind: "switch", on: "state.kind", cases: { question: "reply", complaint: "sorry" }, else: "end" },
    reply: set({ answer: "'Here is how.'" }),
    sorry: set({ answer: "'We are sorry.'" }),
    tell: { kind: "emit", value: "{'answer': state.answer}" },
  },
  edges: [
    { from: "start", to: "sort" },
    { from: "reply", to: "tell" },
    { from: "sorry", to: "tell" },
  ],
};

export const MACHINE: JsonObject = {
  channels: { light: {}, seen: LOG },
  nodes: {
    change: {
      kind: "machine",
      state: "light",
      initial: "red",
      states: {
        red: { on: [{ to: "green" }] },
        green: { on: [{ to: "amber" }], goto: "note" },
        amber: { on: [{ to: "red", set: { seen: "'red'" } }], goto: "note" },
      },
    },
    note: set({ seen: "state.light" }),
  },
  edges: [
    { from: "start", to: "change" },
    { from: "note", to: "change" },
  ],
};

export const RETRIES: JsonObject = {
  channels: { one: {}, two: {}, problem: {}, log: LOG },
  nodes: {
    flaky: attempts(
      "one",
      { fault: "truncated", reply: "at first", after: 3 },
      { fault: "status", status: 503 },
      { reply: "at last" },
    ),
    lost: { ...attempts("two", { fault: "status", status: 503 }), on_error: { to: "mend", write: "problem" } },
    mend: set({ log: "state.problem.code" }),
  },
  edges: [
    { from: "start", to: "flaky" },
    { from: "start", to: "lost" },
  ],
};

/** A branch fails for good and holds what it reaches, the other goes on; mended from outside it is tried anew (R9, R7). */
export const MENDED: JsonObject = {
  channels: { total: { default: 90 }, parts: { default: 0 }, rate: {}, beside: {}, log: LOG },
  nodes: {
    split: set({ rate: "state.total / state.parts" }),
    beside: set({ beside: "'done'" }),
    after: set({ log: "string(state.rate) + state.beside" }),
  },
  edges: [
    { from: "start", to: "split" },
    { from: "start", to: "beside" },
    { from: "split", to: "after" },
    { from: "beside", to: "after" },
  ],
};

/** A time, two signals of one name, and a deadline that passes. */
export const WAITS: JsonObject = {
  channels: { first: {}, second: {}, problem: {}, log: LOG },
  nodes: {
    time: { kind: "wait", for: "20ms" },
    one: { kind: "wait", signal: "go", write: "first" },
    two: { kind: "wait", signal: "go", key: "k", write: "second" },
    late: { kind: "wait", signal: "never", for: "30ms", on_error: { to: "told", write: "problem" } },
    told: set({ log: "state.problem.code" }),
    all: set({ log: "'all'" }),
  },
  edges: [
    ...["time", "one", "two"].flatMap((node): Json[] => [
      { from: "start", to: node },
      { from: node, to: "all" },
    ]),
    { from: "start", to: "late" },
  ],
};

export const GATES: JsonObject = {
  channels: { text: { default: "We are open." }, one: {}, both: {}, result: {} },
  nodes: {
    ask: {
      kind: "gate",
      ask: { question: "May this go out?", text: "{{ state.text }}" },
      answer: { type: "object", properties: { yes: { type: "boolean" } }, required: ["yes"] },
      write: "one",
    },
    people: {
      kind: "gate",
      ask: "And you?",
      write: "both",
      approvers: { from: ["ann", "bea", "cem"], need: 2, stop: "answer == 'no'" },
    },
    send: set({ result: "[state.one.yes, size(state.both.answers)]" }),
  },
  edges: [
    { from: "start", to: "ask" },
    { from: "start", to: "people" },
    { from: "ask", to: "send" },
    { from: "people", to: "send" },
  ],
};

export const SLOW: JsonObject = {
  channels: { first: {}, second: {}, third: {} },
  nodes: {
    a: says("one", "first"),
    b: says("two two two two two two two two two two two two", "second", { delayMs: 60, firstDelayMs: 60 }),
    c: says("three", "third"),
  },
  edges: chain("a", "b", "c"),
};

export const STORE: JsonObject = {
  channels: { profile: {}, greeting: {} },
  nodes: {
    keep: { kind: "store.put", namespace: ["users", "ada"], key: "profile", value: { name: "Ada" } },
    recall: { kind: "store.get", namespace: ["users", "ada"], key: "profile", write: "profile" },
    greet: set({ greeting: "'Hello ' + state.profile.name" }),
  },
  edges: chain("keep", "recall", "greet"),
};

/** More steps than it may take: the task that would exceed the limit fails (R9). */
export const ENDLESS: JsonObject = {
  channels: { n: { default: 0 } },
  limits: { steps: 6 },
  nodes: { count: set({ n: "state.n + 1" }), again: set({ n: "state.n + 1" }) },
  edges: [...chain("count", "again"), { from: "again", to: "count" }],
};

/** Values that stand outside their rows, and enough of them for snapshots. */
export const LARGE: JsonObject = {
  channels: { seed: {}, log: LOG, wide: {} },
  nodes: {
    grow: set({ log: "string(size(state.log))" }),
    again: set({ wide: "{'$ref': size(state.log)}" }),
  },
  edges: chain("grow", "again"),
};

/** Concurrency 1: what is ready waits for its turn. */
export const ONE_SLOT: JsonObject = {
  channels: { log: LOG },
  limits: { concurrency: 1 },
  nodes: Object.fromEntries(
    ["a", "b", "c", "d"].map((id) => [id, says(id, "log", { delayMs: 1 })] as const),
  ) as JsonObject,
  edges: ["a", "b", "c", "d"].map((to) => ({ from: "start", to })),
};

export const MOVED_FROM: JsonObject = {
  channels: { topic: {}, decision: {}, result: {} },
  nodes: { ask: { kind: "gate", ask: "Go?", write: "decision" }, one: set({ result: "'first version'" }) },
  edges: chain("ask", "one"),
};
export const MOVED_TO: JsonObject = {
  channels: { topic: {}, decision: {}, result: {}, more: {} },
  nodes: {
    ask: { kind: "gate", ask: "Go?", write: "decision" },
    two: set({ result: "'second version'", more: "state.decision" }),
  },
  edges: chain("ask", "two"),
};

export const CAPPED: JsonObject = {
  channels: { one: {}, two: {} },
  nodes: {
    a: says("one two three four", "one", { usage: { inputTokens: 40, outputTokens: 4 } }),
    b: says("five six seven eight", "two"),
  },
  edges: chain("a", "b"),
};
