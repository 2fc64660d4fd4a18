// What must not compile. `tsc` fails where one of these lines becomes right, because then nothing is expected of it.
import { z } from "zod";
import { scatter, shout } from "./own-kind.ts";
import { graph } from "../../src/index.ts";

const channels = { topic: z.string(), answer: z.string() };

graph({
  id: "names-of-channels",
  channels,
  // @ts-expect-error no such channel
  input: ["topc"],
  // @ts-expect-error no such channel
  output: ["anser"],
  nodes: {
    // @ts-expect-error a model writes a channel of the graph
    ask: { kind: "model", prompt: "Hello", write: "anser" },
    // @ts-expect-error a transform sets channels of the graph
    set: { kind: "transform", set: { anser: "1" } },
    // @ts-expect-error an expression is text
    number: { kind: "transform", set: { answer: 1 } },
  },
  edges: [{ from: "start", to: "ask" }],
});

graph({
  id: "names-of-nodes",
  channels,
  nodes: {
    // oxlint-disable-next-line no-dupe-keys -- the mistake is the test
    one: { kind: "transform", set: { answer: "state.topic" } },
    // @ts-expect-error a node id twice
    one: { kind: "transform", set: { answer: "state.topic" } },
    // @ts-expect-error a case leads to a node of the graph
    byCondition: { kind: "switch", cases: [{ when: "true", to: "tow" }] },
    // @ts-expect-error a case leads to a node of the graph
    byValue: { kind: "switch", on: "state.topic", cases: { yes: "tow" } },
    // @ts-expect-error a failure leads to a node of the graph
    caught: { kind: "transform", on_error: "tow" },
    // @ts-expect-error a node of the graph undoes it
    undone: { kind: "transform", undo: "tow" },
    // @ts-expect-error an error is written to a channel of the graph
    told: { kind: "transform", on_error: { to: "one", write: "anser" } },
    // @ts-expect-error nothing leads to the start
    otherwise: { kind: "switch", on: "state.topic", cases: { yes: "end" }, else: "start" },
  },
  edges: [
    { from: "start", to: "one" },
    // @ts-expect-error no such node
    { from: "oen", to: "end" },
    // @ts-expect-error no such node
    { from: "one", to: "byVale" },
    // @ts-expect-error nothing follows the end
    { from: "end", to: "one" },
    // @ts-expect-error either when or else
    { from: "one", to: "byValue", when: "true", else: true },
    // @ts-expect-error else has no opposite
    { from: "one", to: "byValue", else: false },
    // @ts-expect-error a list is an expression
    { from: "one", to: "byValue", send: [1] },
    // @ts-expect-error no such field
    { from: "one", to: "byValue", whn: "true" },
  ],
});

graph({
  id: "values",
  channels: {
    // @ts-expect-error a text is no number
    zod: { schema: z.number(), default: "1" },
    // @ts-expect-error a list of numbers is no list of texts
    list: { schema: z.array(z.string()), default: [1] },
    // @ts-expect-error a number is no text
    json: { schema: { type: "string" }, default: 1 },
    // @ts-expect-error not of the enumeration
    choice: { schema: { enum: ["a", "b"] }, default: "c" },
    // @ts-expect-error a sum is a number
    sum: { reducer: "sum", default: "0" },
    // @ts-expect-error what is appended to is a list
    appended: { reducer: "append", default: {} },
    // @ts-expect-error no such reducer
    reducer: { reducer: "appnd" },
    // @ts-expect-error only the reducer last has conflicts
    conflict: { reducer: "sum", conflict: "last" },
    // @ts-expect-error no such field
    field: { dfault: 1 },
    // @ts-expect-error no such field
    besideReducer: { reducer: "sum", dfault: 1 },
    // @ts-expect-error no such field
    besideSchema: { schema: z.string(), dfault: "1" },
  },
  parameters: {
    // @ts-expect-error a text is no number
    many: { schema: z.number(), default: "1" },
    // @ts-expect-error no such field
    required: { requird: true },
  },
  // @ts-expect-error a variable is JSON
  variables: { now: new Date(0) },
  // @ts-expect-error a limit is a number
  limits: { steps: "many" },
  nodes: {},
  edges: [],
});

graph({
  id: "kinds",
  channels,
  nodes: {
    // @ts-expect-error no such kind
    kind: { kind: "modle", prompt: "Hello", write: "answer" },
    // @ts-expect-error a kind of one's own is handed in with `kinds`
    own: { kind: "shout", text: "Hello", write: "answer" },
    // @ts-expect-error a model needs a channel to write
    missing: { kind: "model", prompt: "Hello" },
    // @ts-expect-error no such field
    field: { kind: "model", promt: "Hello", write: "answer" },
    // @ts-expect-error a temperature is a number
    value: { kind: "model", prompt: "Hello", temperature: "hot", write: "answer" },
    // @ts-expect-error join is all or each
    common: { kind: "transform", set: {}, join: "some" },
    // @ts-expect-error no such effect
    effect: { kind: "transform", set: {}, effect: "harmless" },
  },
  edges: [],
});

const inner = graph({
  id: "inner",
  nodes: { wait: { kind: "wait", for: "1s" } },
  edges: [{ from: "start", to: "wait" }],
});

graph({
  id: "graphs",
  channels,
  graphs: { inner },
  nodes: {
    right: { kind: "subgraph", graph: "inner" },
    // @ts-expect-error no such graph
    name: { kind: "subgraph", graph: "iner" },
    // @ts-expect-error no such channel
    output: { kind: "subgraph", graph: inner, output: { anser: "1" } },
    // @ts-expect-error a map needs a list
    over: { kind: "map", graph: "inner" },
    // @ts-expect-error no such channel
    failures: { kind: "map", over: "[1]", graph: inner, on_failure: "collect", failures: "anser" },
  },
  edges: [],
});

graph({
  id: "said-for-clients",
  channels,
  nodes: {
    // @ts-expect-error no such channel
    asks: { kind: "gate", questions: [{ ask: 1, write: "anser" }] },
    // @ts-expect-error no such node
    thinks: { kind: "model", prompt: "?", write: "answer", tools: "act" },
    // @ts-expect-error no such channel
    acts: { kind: "tools", graph: inner, messages: "tlak" },
  },
  edges: [],
  // @ts-expect-error no such node
  breakpoints: { before: ["nowhere"] },
});

graph(
  {
    id: "own-kinds",
    channels,
    nodes: {
      right: { kind: "shout", text: "{{ state.topic }}", write: "answer" },
      // @ts-expect-error no such channel
      channel: { kind: "shout", text: "Hello", write: "anser" },
      // @ts-expect-error a template is text
      template: { kind: "shout", text: 1, write: "answer" },
      // @ts-expect-error a plain field has its schema's type
      plain: { kind: "shout", text: "Hello", times: "2", write: "answer" },
      // @ts-expect-error text is needed
      missing: { kind: "shout", write: "answer" },
      // @ts-expect-error no such node
      target: { kind: "scatter", text: "a b", to: "rihgt" },
      // @ts-expect-error no such field
      field: { kind: "shout", text: "Hello", write: "answer", txt: "Hello" },
    },
    edges: [],
  },
  { kinds: [shout, scatter] },
);
