import type { Shape } from "./shapes.ts";

/** The workloads as Edgewise's documents. A node that does nothing is a `transform` of nothing, one that takes time a scripted model. */

const NOTHING = { kind: "transform", set: {} };

/** W1, W9: so many nodes that do nothing, one after the other. */
export function chain(nodes: number): object {
  const ids = Array.from({ length: nodes }, (_, index) => `n${index}`);
  return {
    edgewise: 1,
    id: `chain-${nodes}`,
    channels: { done: {} },
    nodes: Object.fromEntries(ids.map((id) => [id, NOTHING])),
    edges: ids.map((id, index) => ({ from: index === 0 ? "start" : ids[index - 1], to: id })),
    limits: { steps: nodes + 1 },
  };
}

/** P2: as {@link chain}, but each node asks a server outside, so that nothing is sent before what came earlier is on disk. */
export function callers(nodes: number): object {
  const ids = Array.from({ length: nodes }, (_, index) => `n${index}`);
  return {
    edgewise: 1,
    id: `callers-${nodes}`,
    channels: { done: { reducer: "messages" } },
    output: [],
    nodes: Object.fromEntries(
      ids.map((id) => [id, { kind: "model", model: "ollama/none", prompt: "x", write: "done" }]),
    ),
    edges: ids.map((id, index) => ({ from: index === 0 ? "start" : ids[index - 1], to: id })),
    limits: { steps: nodes + 1 },
  };
}

/** W2: one node, so many side by side, and one that waits for all of them. */
export function fanOut(width: number): object {
  const ids = Array.from({ length: width }, (_, index) => `n${index}`);
  return {
    edgewise: 1,
    id: `fan-${width}`,
    channels: { done: {} },
    nodes: { first: NOTHING, ...Object.fromEntries(ids.map((id) => [id, NOTHING])), join: NOTHING },
    edges: [
      { from: "start", to: "first" },
      ...ids.flatMap((id) => [
        { from: "first", to: id },
        { from: id, to: "join" },
      ]),
    ],
    limits: { concurrency: width },
  };
}

/**
 * W3: a model and its tool take turns over a growing list of messages, until the model has been asked so often and once more.
 * Each run begins with {@link ANEW}, which takes away what an earlier one left in the thread.
 */
export function agent(turns: number): object {
  return {
    edgewise: 1,
    id: "agent",
    channels: { messages: { reducer: "messages" } },
    output: [],
    nodes: {
      model: {
        kind: "model",
        model: "builtin/scripted",
        messages: "state.messages",
        options: { script: { turns: [{ reply: "look here", chunk: 64 }] } },
        write: "messages",
      },
      tool: {
        kind: "transform",
        set: {
          messages:
            "{'role': 'tool', 'tool_call_id': 'call_' + string(size(state.messages)), 'content': 'nothing there'}",
        },
      },
    },
    edges: [
      { from: "start", to: "model" },
      { from: "model", to: "tool", when: `size(state.messages) <= ${2 * turns}` },
      { from: "tool", to: "model" },
    ],
    limits: { steps: 3 * turns + 3 },
  };
}

/** The input of {@link agent}. */
export const ANEW = {
  messages: [
    { type: "remove", id: "__remove_all__" },
    { role: "user", content: "go" },
  ],
};

/** W4: the shape's delays, held by scripted models. */
export function shaped({ id, delays, edges }: Shape): object {
  return {
    edgewise: 1,
    id,
    channels: { done: { reducer: "append" } },
    output: [],
    nodes: Object.fromEntries(delays.map((delay, node) => [`n${node}`, delay === 0 ? NOTHING : pause(delay, "done")])),
    edges: [{ from: "start", to: "n0" }, ...edges.map(([from, to]) => ({ from: `n${from}`, to: `n${to}` }))],
    limits: { concurrency: 64 },
  };
}

/** W5, W8: a run brings one message into its thread, and one node sees it. Nothing is answered: the thread's state is asked for by itself. */
export function notes(): object {
  return {
    edgewise: 1,
    id: "notes",
    channels: { messages: { reducer: "messages" } },
    output: [],
    nodes: { note: NOTHING },
    edges: [{ from: "start", to: "note" }],
  };
}

/** W6: so many nodes one after the other, each of which takes so long. */
export function slow(nodes: number, delayMs: number): object {
  const ids = Array.from({ length: nodes }, (_, index) => `n${index}`);
  return {
    edgewise: 1,
    id: "slow",
    channels: { done: { reducer: "append" } },
    output: [],
    nodes: Object.fromEntries(ids.map((id) => [id, pause(delayMs, "done")])),
    edges: ids.map((id, index) => ({ from: index === 0 ? "start" : ids[index - 1], to: id })),
  };
}

/** P8: two nodes that take turns so often: 2 × turns steps. */
export function loop(turns: number): object {
  return {
    edgewise: 1,
    id: `loop-${turns}`,
    channels: { turns: { reducer: "sum", default: 0 } },
    output: ["turns"],
    nodes: { count: { kind: "transform", set: { turns: "1" } }, again: NOTHING },
    edges: [
      { from: "start", to: "count" },
      { from: "count", to: "again" },
      { from: "again", to: "count", when: `state.turns < ${turns}` },
    ],
    limits: { steps: 2 * turns + 2 },
  };
}

function pause(delayMs: number, write: string): object {
  return {
    kind: "model",
    model: "builtin/scripted",
    prompt: "",
    options: { script: { turns: [{ reply: "done", chunk: 4, firstDelayMs: delayMs }] } },
    write,
  };
}
