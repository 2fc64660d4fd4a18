// What must compile, and which types come of it.
import { z } from "zod";
import { graph, published } from "../../src/authoring.ts";
import type { InputOf, Json, OutputOf } from "../../src/authoring.ts";
import { scatter, shout } from "./own-kind.ts";

type Equal<One, Other> = (<T>() => T extends One ? 1 : 2) extends <T>() => T extends Other ? 1 : 2 ? true : false;
const holds = <Claim extends true>(): Claim | undefined => undefined;

const inner = graph({
  id: "inner",
  channels: { item: {} },
  nodes: { tell: { kind: "emit", value: "state.item" } },
  edges: [{ from: "start", to: "tell" }],
});

const toolbox = {
  channels: { result: {} },
  nodes: { look: { kind: "transform", set: { result: "item.args" } } },
  edges: [],
};

const everything = graph(
  {
    id: "everything",
    name: "Everything",
    description: "One of each",
    channels: {
      topic: z.string(),
      facts: { schema: z.array(z.string()), reducer: "append", default: ["one"] },
      rounds: { reducer: "sum", default: 0 },
      answer: { schema: { type: "string" }, conflict: "last" },
      scores: { schema: { type: "array", items: { type: "number" } }, default: [1] },
      mood: { schema: { enum: ["good", "bad"] }, default: "good" },
      free: {},
      talk: { reducer: "messages" },
    },
    input: ["topic", "rounds", "mood"],
    output: ["answer", "scores", "facts", "free"],
    variables: { tone: "friendly" },
    parameters: { many: z.number().default(1), who: { schema: { type: "string" }, default: "Ada", required: false } },
    context: z.object({ user: z.string() }),
    graphs: { inner },
    nodes: {
      research: {
        kind: "model",
        prompt: "Facts on {{ state.topic }}",
        write: "facts",
        retry: { attempts: 3, delay: "1s" },
      },
      count: { kind: "transform", set: { rounds: "1" }, join: "each" },
      route: { kind: "switch", cases: [{ when: "state.rounds < 2", to: "research" }], else: "loud" },
      byMood: { kind: "switch", on: "state.mood", cases: { good: "loud", bad: "end" } },
      loud: { kind: "shout", text: "{{ state.topic }}", who: "state.topic", write: "answer", timeout: "5s" },
      call: { kind: "http", url: "https://example.com/", write: "free" },
      recall: { kind: "store.get", namespace: ["users"], key: "ada", write: "free" },
      pause: { kind: "wait", for: "5m" },
      ask: { kind: "gate", ask: { text: "{{ state.topic }}" }, write: "free", approvers: { from: ["ada"] } },
      words: { kind: "scatter", text: "{{ state.topic }}", to: "loud" },
      each: {
        kind: "map",
        over: "state.facts",
        graph: "inner",
        input: { item: "item" },
        output: { free: "state.item" },
      },
      once: { kind: "subgraph", graph: inner, input: { item: "1" }, output: {} },
      theirs: { kind: "subgraph", graph: published("greeting") },
      pinned: { kind: "subgraph", graph: "greeting@3" },
      asks: { kind: "gate", when: "state.rounds > 1", questions: [{ ask: "Why?", write: "answer" }, { ask: 1 }] },
      think: { kind: "model", messages: "state.talk", tools: "act", write: "talk", shown_as: "{{ config.role }}" },
      act: { kind: "tools", messages: "talk", graph: toolbox, tools: { look: { description: "Looks." } } },
      nap: { kind: "wait", for: "{{ state.rounds }}s" },
      path: { kind: "store.put", namespace: "{{ state.facts }}", key: "a", value: {} },
      stop: { kind: "fail", name: "TooMuch", message: "No." },
      all: { kind: "emit", over: "state.facts", value: "item" },
    },
    breakpoints: { before: ["research"], after: "*" },
    defaults: { config: { role: "agent" }, context: { user: "ada" } },
    state: z.object({ topic: z.string() }),
    edges: [
      { from: "start", to: "research" },
      { from: "research", to: "count", when: "size(state.facts) > 0" },
      { from: "research", to: "end", else: true },
      { from: "count", to: "route" },
      { from: "count", to: "loud", when: "state.rounds > 1", send: "state.facts" },
    ],
    limits: { steps: 10 },
  },
  { kinds: [shout, scatter] },
);

holds<
  Equal<InputOf<typeof everything>, { readonly topic?: string; readonly rounds?: Json; readonly mood?: "good" | "bad" }>
>();
holds<
  Equal<
    OutputOf<typeof everything>,
    { readonly answer?: string; readonly scores?: readonly number[]; readonly facts?: string[]; readonly free?: Json }
  >
>();
holds<Equal<keyof InputOf<typeof inner>, "item">>();
