import type { Place } from "./case.ts";

/** A model node that says `reply` in pieces of four characters, one every `delayMs`. */
export function says(reply: string, delayMs: number, write: string, more: object = {}) {
  const options = { script: { turns: [{ reply, delayMs, firstDelayMs: delayMs }] } };
  return { kind: "model", model: "builtin/scripted", prompt: "Go on.", options, write, ...more };
}
const set = (values: Record<string, string>) => ({ kind: "transform", set: values });
const chain = (...ids: readonly string[]) => ids.map((to, at) => ({ from: ids[at - 1] ?? "start", to }));
const messages = { reducer: "messages", default: [], schema: { type: "array" } };
const log = { reducer: "append", default: [], schema: { type: "array" } };

export const REPLY = "Hello Ada, this is a reply of some tokens.";
export const STORY = "A story that takes its time. ".repeat(120);

/** What the cases run. Every id begins with `c-`. */
export const GRAPHS: readonly Record<string, unknown>[] = [
  {
    id: "c-chat",
    channels: { messages },
    nodes: { agent: { ...says(REPLY, 4, "messages"), prompt: undefined, messages: "state.messages" } },
    edges: chain("agent"),
  },
  {
    id: "c-steps",
    name: "Three steps",
    channels: { log, n: { reducer: "sum", default: 0 } },
    nodes: {
      one: set({ log: "'one'", n: "1" }),
      two: set({ log: "'two'", n: "1" }),
      three: set({ log: "'three'", n: "1" }),
    },
    edges: chain("one", "two", "three"),
  },
  {
    id: "c-ask",
    channels: { topic: {}, answer: {}, log },
    nodes: {
      before: set({ log: "'before'" }),
      ask: { kind: "gate", ask: { question: "Go on?", topic: "{{ default(state.topic, 'none') }}" }, write: "answer" },
      after: set({ log: "'after'" }),
    },
    edges: chain("before", "ask", "after"),
  },
  {
    id: "c-two",
    channels: { left: {}, right: {} },
    nodes: {
      left: { kind: "gate", ask: "left?", write: "left" },
      right: { kind: "gate", ask: "right?", write: "right" },
    },
    edges: [
      { from: "start", to: "left" },
      { from: "start", to: "right" },
    ],
  },
  {
    id: "c-nested",
    channels: { said: {}, answer: {}, log },
    nodes: {
      outer: set({ log: "'outer'" }),
      inner: {
        kind: "subgraph",
        output: { said: "state.said", answer: "state.answer" },
        graph: {
          channels: { said: {}, answer: {} },
          nodes: { speak: says("Inside.", 2, "said"), ask: { kind: "gate", ask: "inside?", write: "answer" } },
          edges: chain("speak", "ask"),
        },
      },
    },
    edges: chain("outer", "inner"),
  },
  {
    id: "c-inner",
    channels: { said: {} },
    nodes: {
      inner: {
        kind: "subgraph",
        output: { said: "state.said" },
        graph: {
          channels: { said: {} },
          nodes: { speak: says("Inside.", 2, "said"), tell: { kind: "emit", value: "{'from': 'inside'}" } },
          edges: chain("speak", "tell"),
        },
      },
    },
    edges: chain("inner"),
  },
  {
    id: "c-story",
    channels: { said: {}, log },
    nodes: { speak: says(STORY, 30, "said"), after: set({ log: "'after'" }) },
    edges: chain("speak", "after"),
  },
  {
    id: "c-quick",
    channels: { said: {} },
    nodes: { speak: says(STORY.slice(0, 1200), 8, "said") },
    edges: chain("speak"),
  },
  {
    id: "c-wait",
    channels: { log },
    nodes: { before: set({ log: "'before'" }), wait: { kind: "wait", for: "1h" }, after: set({ log: "'after'" }) },
    edges: chain("before", "wait", "after"),
  },
  {
    id: "c-pause",
    channels: { log, word: {} },
    nodes: {
      first: set({ log: "default(state.word, '-')" }),
      pause: { kind: "wait", for: "500ms" },
      last: set({ log: "'end'" }),
    },
    edges: chain("first", "pause", "last"),
  },
  {
    id: "c-fail",
    channels: { x: {} },
    nodes: { ok: set({ x: "1" }), bad: set({ x: "1 / 0" }) },
    edges: chain("ok", "bad"),
  },
  {
    id: "c-tell",
    channels: { name: {}, greeting: {} },
    input: ["name"],
    nodes: { tell: { kind: "emit", value: "{'hello': state.name}" }, greet: set({ greeting: "'Hi ' + state.name" }) },
    edges: chain("tell", "greet"),
  },
  {
    id: "c-given",
    channels: { seen: {} },
    config: { type: "object", additionalProperties: true },
    context: { type: "object", additionalProperties: true },
    nodes: {
      look: set({
        seen: "{'tone': default(config.tone, 'none'), 'user': default(context.user, 'nobody'), 'header': default(config['x-configurable-header'], 'none')}",
      }),
    },
    edges: chain("look"),
  },
  {
    id: "c-talk-ask",
    channels: { messages, answer: {} },
    nodes: {
      ask: { kind: "gate", ask: "Go on?", write: "answer" },
      tell: set({ messages: "[{'role': 'ai', 'content': 'You said ' + string(state.answer) + '.'}]" }),
    },
    edges: chain("ask", "tell"),
  },
  {
    id: "c-speak",
    channels: { messages },
    nodes: { agent: { ...says(REPLY, 40, "messages"), prompt: undefined, messages: "state.messages" } },
    edges: chain("agent"),
  },
  {
    id: "c-talk-fail",
    channels: { messages, x: {} },
    nodes: { bad: set({ x: "1 / 0" }) },
    edges: chain("bad"),
  },
  {
    id: "c-words",
    channels: { messages },
    nodes: {
      agent: {
        ...says(`${"word ".repeat(200)}the end`, 12, "messages"),
        prompt: undefined,
        messages: "state.messages",
      },
    },
    edges: chain("agent"),
  },
  {
    id: "c-loop",
    channels: { n: { reducer: "sum", default: 0 } },
    nodes: { turn: set({ n: "1" }) },
    edges: [...chain("turn"), { from: "turn", to: "turn", when: "state.n < 1000" }],
    limits: { steps: 2000 },
  },
].map((graph) => ({ edgewise: 1, ...graph }));

/** @throws Error with the server's words for the first graph that it refuses */
export async function publishGraphs({ url, key }: Pick<Place, "url" | "key">, graphs = GRAPHS): Promise<void> {
  for (const graph of graphs) {
    const headers = { "content-type": "application/json", ...(key !== undefined && { "x-api-key": key }) };
    const response = await fetch(`${url}/graphs`, { method: "POST", headers, body: JSON.stringify(graph) });
    if (!response.ok) throw new Error(`${String(graph["id"])}: ${response.status} ${await response.text()}`);
  }
}
