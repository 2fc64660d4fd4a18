import type { Json, JsonObject } from "../../src/base/json.ts";

/** Graphs with composites for what happens between their commits; `faulty-work` is a kind of the test that runs them. */

export const chain = (...ids: readonly string[]): Json[] =>
  ids.map((to, index) => ({ from: index === 0 ? "start" : (ids[index - 1] ?? ""), to }));

/** Waits, tries twice, keeps a step; the number 2 fails. */
const WORK: JsonObject = {
  channels: { n: {}, r: {} },
  nodes: {
    pause: { kind: "wait", for: "3ms" },
    work: { kind: "faulty-work", retry: { attempts: 2, delay: "2ms", max_delay: "2ms" } },
  },
  edges: chain("pause", "work"),
};

/** Each item is a subgraph around that; one fails, and is told of. */
export const NESTED: JsonObject = {
  channels: { list: { default: [1, 2, 3] }, out: {}, wrong: {}, log: { reducer: "append" }, total: { reducer: "sum" } },
  nodes: {
    each: {
      kind: "map",
      over: "state.list",
      concurrency: 2,
      on_failure: "collect",
      failures: "wrong",
      input: { n: "item" },
      output: { out: "state.r", total: "state.r" },
      graph: {
        channels: { n: {}, r: {} },
        nodes: { deeper: { kind: "subgraph", graph: WORK } },
        edges: chain("deeper"),
      },
    },
    beside: { kind: "wait", for: "5ms" },
    note: { kind: "transform", set: { log: "'noted'" } },
    last: { kind: "transform", set: { log: "'last ' + string(size(state.out))" } },
  },
  edges: [
    { from: "start", to: "each" },
    { from: "start", to: "beside" },
    { from: "beside", to: "note" },
    { from: "each", to: "last" },
    { from: "note", to: "last" },
  ],
};

/** A composite as the head of a loop, and of many frames in its next node. */
export const LOOP: JsonObject = {
  channels: { n: { default: 0 }, log: { reducer: "append" } },
  nodes: {
    turn: {
      kind: "subgraph",
      graph: {
        channels: { n: {}, log: { reducer: "append" } },
        nodes: {
          pause: { kind: "wait", for: "1ms" },
          count: { kind: "transform", set: { n: "state.n + 1", log: "'turn ' + string(state.n)" } },
        },
        edges: chain("pause", "count"),
      },
    },
    each: {
      kind: "map",
      over: "[1, 2]",
      input: { mine: "item" },
      graph: {
        channels: { mine: {}, n: {}, log: { reducer: "append" } },
        nodes: { say: { kind: "transform", set: { log: "'item ' + string(state.mine)" } } },
        edges: chain("say"),
      },
    },
  },
  edges: [
    { from: "start", to: "turn" },
    { from: "turn", to: "each" },
    { from: "each", to: "turn", when: "state.n < 3" },
  ],
};

/** One activation of a composite for each arrival. */
export const EACH: JsonObject = {
  channels: { log: { reducer: "append" } },
  nodes: {
    a: { kind: "wait", for: "4ms" },
    b: { kind: "wait", for: "1ms" },
    sink: {
      kind: "subgraph",
      join: "each",
      graph: {
        channels: { log: { reducer: "append" } },
        nodes: { pause: { kind: "wait", for: "2ms" }, say: { kind: "transform", set: { log: "'arrived'" } } },
        edges: chain("pause", "say"),
      },
    },
  },
  edges: [
    { from: "start", to: "a" },
    { from: "start", to: "b" },
    { from: "a", to: "sink" },
    { from: "b", to: "sink" },
  ],
};

/** The second item fails for good and holds the map; a nested one that bears its failures does not. */
export const HELD: JsonObject = {
  channels: { out: {}, borne: {} },
  nodes: {
    each: {
      kind: "map",
      over: "[1, 2, 3]",
      concurrency: 3,
      input: { n: "item" },
      output: { out: "state.r" },
      graph: WORK,
    },
    outer: {
      kind: "map",
      over: "[[1, 2], [2, 3]]",
      on_failure: "skip",
      input: { list: "item" },
      output: { borne: "state.inner" },
      graph: {
        channels: { list: {}, inner: {} },
        nodes: {
          each: {
            kind: "map",
            over: "state.list",
            on_failure: "skip",
            input: { n: "item" },
            output: { inner: "state.r" },
            graph: WORK,
          },
          picky: {
            kind: "subgraph",
            graph: {
              channels: { list: {} },
              nodes: { no: { kind: "fail", message: "no" } },
              edges: [{ from: "start", to: "no", when: "state.list[0] == 2" }],
            },
          },
        },
        edges: [
          { from: "start", to: "each" },
          { from: "start", to: "picky" },
        ],
      },
    },
  },
  edges: [
    { from: "start", to: "each" },
    { from: "start", to: "outer" },
  ],
};

/** Results that are at hand the second time, of a composite and inside of one. */
export const CACHED: JsonObject = {
  channels: { out: {}, log: { reducer: "append" } },
  nodes: {
    each: {
      kind: "map",
      over: "[1, 3]",
      cache: { ttl: "1h" },
      input: { n: "item" },
      output: { out: "state.r" },
      graph: { ...WORK, nodes: { ...(WORK["nodes"] as JsonObject), pause: { kind: "wait", for: "1ms" } } },
    },
    after: { kind: "transform", cache: { ttl: "1h" }, set: { log: "string(size(state.out))" } },
  },
  edges: chain("each", "after"),
};

/** The first to be done wins; the other would wait for an hour, and is dropped with what it has recorded. */
export const RACE: JsonObject = {
  channels: { out: {}, log: { reducer: "append" } },
  nodes: {
    ask: {
      kind: "race",
      over: "[1, 3]",
      input: { n: "item" },
      output: { out: "state.r" },
      graph: {
        ...WORK,
        nodes: { ...(WORK["nodes"] as JsonObject), hour: { kind: "wait", for: "1h" } },
        edges: [...chain("pause", "work"), { from: "work", to: "hour", when: "item == 1" }],
      },
    },
    after: { kind: "transform", set: { log: "string(state.out)" } },
  },
  edges: chain("ask", "after"),
};

/** Turn after turn of one frame, each beginning with what the last one left. */
export const TURNS: JsonObject = {
  channels: { sum: {} },
  nodes: {
    double: {
      kind: "loop",
      until: "state.r > 20",
      max: 10,
      input: { n: "3" },
      output: { sum: "state.r" },
      graph: {
        ...WORK,
        nodes: { ...(WORK["nodes"] as JsonObject), next: { kind: "transform", set: { n: "state.r" } } },
        edges: chain("pause", "work", "next"),
      },
    },
  },
  edges: chain("double"),
};
