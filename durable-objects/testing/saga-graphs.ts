import type { JsonObject } from "../../src/base/json.ts";
import { chain } from "./composite-graphs.ts";

/** Sagas for what happens between their commits; `faulty-work` is a kind of the test that runs them: the number 2 fails for good. */

const WORKER: JsonObject = { kind: "faulty-work", retry: { attempts: 2, delay: "2ms", max_delay: "2ms" } };
const CHANNELS: JsonObject = { n: { default: 1 }, r: {}, log: { reducer: "append", default: [] } };

const INNER: JsonObject = {
  channels: CHANNELS,
  nodes: { pause: { kind: "wait", for: "2ms" }, work: WORKER },
  edges: chain("pause", "work"),
};

/** What was done by a task, by a wait and by a saga inside is undone: by a task, by a wait, and by a graph. */
export const SAGA: JsonObject = {
  channels: { r: { default: 0 }, problem: {}, log: { reducer: "append", default: [] } },
  nodes: {
    trip: {
      kind: "saga",
      on_error: { to: "after", write: "problem" },
      graph: {
        channels: CHANNELS,
        nodes: {
          one: { ...WORKER, undo: "un-one" },
          inner: { kind: "saga", graph: INNER, undo: "un-inner" },
          beside: { kind: "wait", for: "3ms", undo: "un-wait" },
          no: { kind: "fail", message: "no" },
          "un-one": WORKER,
          "un-inner": { kind: "subgraph", graph: INNER },
          "un-wait": { kind: "wait", for: "1ms" },
        },
        edges: [...chain("one", "inner", "no"), ...chain("beside")],
      },
    },
    after: { kind: "transform", set: { log: "state.problem.message" } },
  },
  edges: chain("trip", "after"),
};

/** A node in the middle cannot be undone: the saga is held, and so is the map around it, which bears failures. */
export const HELD_SAGA: JsonObject = {
  channels: { wrong: {}, log: { reducer: "append", default: [] } },
  nodes: {
    each: {
      kind: "map",
      over: "[1, 2]",
      on_failure: "collect",
      failures: "wrong",
      input: { n: "item" },
      graph: {
        channels: CHANNELS,
        nodes: {
          trip: {
            kind: "saga",
            graph: {
              channels: CHANNELS,
              nodes: {
                one: { kind: "transform", set: { log: "'one'" }, undo: "un" },
                two: { kind: "transform", set: { log: "'two'" }, undo: "un-two" },
                three: { kind: "transform", set: { log: "'three'" }, undo: "un" },
                no: { kind: "fail", message: "no" },
                un: { kind: "wait", for: "1ms" },
                "un-two": WORKER,
              },
              edges: chain("one", "two", "three", "no"),
            },
          },
        },
        edges: chain("trip"),
      },
    },
  },
  edges: chain("each"),
};
