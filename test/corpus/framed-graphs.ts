import type { JsonObject } from "../../src/base/json.ts";
import { chain, LOG, set } from "./graphs.ts";

/** Those of the corpus whose nodes run graphs. */

const NESTED_INNER: JsonObject = {
  channels: { n: {}, r: {} },
  nodes: {
    pause: { kind: "wait", for: "3ms" },
    odd: { kind: "switch", on: "string(state.n)", cases: { "2": "no" }, else: "yes" },
    yes: set({ r: "state.n * 10" }),
    no: { kind: "fail", message: "Two is refused." },
  },
  edges: chain("pause", "odd"),
};

/** Subgraphs in a map, of which one item fails and is told of. */
export const MAP: JsonObject = {
  channels: { list: { default: [1, 2, 3] }, out: {}, wrong: {}, total: { reducer: "sum" }, log: LOG },
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
        nodes: { deeper: { kind: "subgraph", graph: NESTED_INNER } },
        edges: chain("deeper"),
      },
    },
    none: { kind: "map", over: "[]", graph: { nodes: { x: { kind: "wait", for: "1ms" } }, edges: chain("x") } },
    // One frame cannot begin: its input fails.
    some: {
      kind: "map",
      over: "[0, 5]",
      on_failure: "skip",
      input: { n: "10 / item" },
      output: { log: "string(state.n)" },
      graph: { channels: { n: {} }, nodes: { add: set({ n: "state.n + 1" }) }, edges: chain("add") },
    },
    last: set({ log: "'last ' + string(size(state.out))" }),
  },
  edges: chain("each", "none", "some", "last"),
};

/** Asks inside of what it runs, and tells outside what that came to. */
export const INSIDE: JsonObject = {
  channels: { city: {}, log: LOG },
  nodes: {
    weather: {
      kind: "subgraph",
      graph: {
        channels: { city: {}, said: {}, log: LOG },
        nodes: {
          look: set({ city: "'Paris'" }),
          ask: { kind: "gate", ask: "go on?", write: "said" },
          tell: set({ log: "'Rain in ' + state.city" }),
        },
        edges: chain("look", "ask", "tell"),
      },
    },
    after: set({ city: "state.log[0]" }),
  },
  edges: chain("weather", "after"),
};

export const LOOP: JsonObject = {
  channels: { number: { default: 100 }, turns: {} },
  nodes: {
    shrink: {
      kind: "loop",
      until: "state.number < 10",
      max: 20,
      input: { number: "state.number" },
      output: { number: "state.number", turns: "state.turns" },
      graph: {
        channels: { number: {}, turns: { reducer: "sum", default: 0 } },
        nodes: { half: set({ number: "state.number / 2", turns: "1" }), pause: { kind: "wait", for: "1ms" } },
        edges: chain("half", "pause"),
      },
    },
  },
  edges: chain("shrink"),
};

export const RACE: JsonObject = {
  channels: { answer: {}, after: {} },
  nodes: {
    ask: {
      kind: "race",
      over: "['late', 'early', 'later']",
      output: { answer: "item" },
      graph: {
        nodes: {
          which: { kind: "switch", on: "item", cases: { early: "short" }, else: "long" },
          long: { kind: "wait", for: "5s" },
          short: { kind: "wait", for: "5ms" },
        },
        edges: chain("which"),
      },
    },
    after: set({ after: "state.answer" }),
  },
  edges: chain("ask", "after"),
};

/** What was done is undone when the saga fails, the last first. */
export const SAGA: JsonObject = {
  channels: { log: LOG, problem: {} },
  nodes: {
    move: {
      kind: "saga",
      on_error: { to: "sorry", write: "problem" },
      graph: {
        channels: { booking: {}, flat: {} },
        nodes: {
          van: { ...set({ booking: "'van-17'" }), undo: "return-van" },
          flat: { ...set({ flat: "'flat-3'" }), undo: "return-flat" },
          keys: { kind: "fail", message: "There are no keys." },
          "return-van": { kind: "emit", value: "{'returned': item.writes.booking}" },
          "return-flat": { kind: "wait", for: "2ms" },
        },
        edges: chain("van", "flat", "keys"),
      },
    },
    sorry: set({ log: "state.problem.message" }),
  },
  edges: chain("move", "sorry"),
};
