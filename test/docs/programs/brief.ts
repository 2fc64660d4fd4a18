import { graph, type InputOf, type OutputOf } from "edgewise/authoring";
import { z } from "zod";

export const brief = graph({
  id: "brief",
  channels: {
    topic: z.string(), // a zod schema alone is a channel
    facts: { schema: z.array(z.string()), reducer: "append", default: [] },
    answer: { schema: { type: "string" } }, // a JSON Schema does as well
  },
  input: ["topic"],
  output: ["answer"],
  nodes: {
    research: { kind: "model", prompt: "Name a fact about {{ state.topic }}.", write: "facts" },
    write: { kind: "model", prompt: "<document>{{ state.facts.join(' ') }}</document> Sum up.", write: "answer" },
  },
  edges: [
    { from: "start", to: "research" },
    { from: "research", to: "write", when: "size(state.facts) > 0" },
  ],
});

export type Input = InputOf<typeof brief>; // { topic?: string }
export type Output = OutputOf<typeof brief>; // { answer?: string }
