import type { JsonObject } from "../../src/base/json.ts";
import { chain } from "./composite-graphs.ts";

/** Graphs whose frames wait for answers, to be looked into. */

const log = { log: { reducer: "append" } };
const note = (text: string) => ({ kind: "transform", set: { log: `'${text}'` } });

/** A question two frames deep, with something before and behind it on each floor. */
export const DEEP: JsonObject = {
  channels: { ...log, said: {} },
  nodes: {
    before: note("before"),
    outer: {
      kind: "subgraph",
      graph: {
        channels: { ...log, said: {} },
        nodes: {
          first: note("first"),
          inner: {
            kind: "subgraph",
            graph: {
              channels: { ...log, said: {} },
              nodes: { start_in: note("in"), ask: { kind: "gate", ask: "go on?", write: "said" }, end_in: note("out") },
              edges: chain("start_in", "ask", "end_in"),
            },
          },
          last: note("last"),
        },
        edges: chain("first", "inner", "last"),
      },
    },
    after: note("after"),
  },
  edges: chain("before", "outer", "after"),
};

/** Three items at once, each asks; the second one fails after its answer, and that is borne. */
export const MANY: JsonObject = {
  channels: { said: {}, wrong: {} },
  nodes: {
    each: {
      kind: "map",
      over: "[1, 2, 3]",
      concurrency: 2,
      on_failure: "collect",
      failures: "wrong",
      input: { n: "item" },
      output: { said: "state.said" },
      graph: {
        channels: { n: {}, said: {} },
        nodes: { ask: { kind: "gate", ask: "{{ state.n }}", write: "said" }, no: { kind: "fail", message: "no luck" } },
        edges: [
          { from: "start", to: "ask" },
          { from: "ask", to: "no", when: "state.n == 2" },
        ],
      },
    },
  },
  edges: chain("each"),
};
