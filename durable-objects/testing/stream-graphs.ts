import type { JsonObject } from "../../src/base/json.ts";
import type { StreamMode } from "../thread-api.ts";
import { chain } from "./composite-graphs.ts";
import { says } from "./open-thread.ts";

/** Graphs whose runs have something to show in every mode. */

const messages = { messages: { reducer: "messages" } };

/** A message that nobody streams, an emitted value, one that is streamed, and a model inside. */
export const CHAT: JsonObject = {
  channels: { ...messages, note: {}, log: { reducer: "append" } },
  nodes: {
    prepare: {
      kind: "transform",
      set: {
        note: "'ready'",
        messages: "[{'type': 'tool', 'content': '42', 'tool_call_id': 'c1', 'name': 'calc', 'id': 't1'}]",
      },
    },
    tell: { kind: "emit", value: "{'here': state.note}" },
    answer: says("Hello there", "messages"),
    inner: {
      kind: "subgraph",
      graph: {
        channels: { ...messages, log: { reducer: "append" } },
        nodes: {
          speak: says("Inside", "messages"),
          say: { kind: "emit", value: "'from inside'" },
          mark: { kind: "transform", set: { log: "'in'" } },
        },
        edges: chain("speak", "say", "mark"),
      },
    },
  },
  edges: chain("prepare", "tell", "answer", "inner"),
  input: ["messages"],
};

/** Branches of different lengths which send, wait and speak at once, and meet. */
export const UNEVEN: JsonObject = {
  channels: { list: { default: [1, 2, 3] }, out: { reducer: "append" }, a: {}, b: {}, both: {} },
  nodes: {
    split: { kind: "transform" },
    part: { kind: "transform", set: { out: "payload" } },
    slow: says("a longer text", "a", { delayMs: 4 }),
    quick: says("short", "b", { delayMs: 1 }),
    join: { kind: "transform", set: { both: "state.a + state.b" } },
    tool: { kind: "http", url: "http://127.0.0.1:1/", retry: { attempts: 1 }, on_error: "join" },
  },
  edges: [
    { from: "start", to: "split" },
    { from: "start", to: "slow" },
    { from: "start", to: "tool" },
    { from: "split", to: "quick" },
    { from: "split", to: "part", send: "state.list" },
    { from: "quick", to: "join" },
    { from: "slow", to: "join" },
  ],
};

/** The modes' own events; `metadata` and `error` come with all of them. */
export const EVENTS: Readonly<Record<StreamMode, readonly string[]>> = {
  values: ["values"],
  updates: ["updates"],
  messages: ["messages/metadata", "messages/partial", "messages/complete"],
  "messages-tuple": ["messages"],
  custom: ["custom"],
  tasks: ["tasks"],
  checkpoints: ["checkpoints"],
  debug: ["debug"],
  events: ["events"],
  tools: ["tools"],
};

/** Of a frame's event without the name of what it is in. */
export function isOf(modes: readonly StreamMode[], event: string): boolean {
  const [name = ""] = event.split("|");
  return name === "metadata" || name === "error" || modes.some((mode) => EVENTS[mode].includes(name));
}
