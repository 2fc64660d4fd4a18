import { z } from "zod";
import { graph } from "../graph.ts";

/** The documents of `examples/`, written in TypeScript. */

export const hello = graph({
  id: "hello",
  channels: { text: {}, question: {}, answer: {} },
  nodes: {
    answer: {
      kind: "model",
      prompt: `<document title="text">{{ state.text }}</document>\n\n{{ state.question }}\n`,
      write: "answer",
    },
  },
  edges: [
    { from: "start", to: "answer" },
    { from: "answer", to: "end" },
  ],
});

const NEWCOMER =
  "You help a newcomer to a software project. Use only the documents you are given, and name the one you use.";

/** What a reading of the sources is asked. */
const reading = <const Channel extends string>(question: string, write: Channel) =>
  ({ kind: "model", system: NEWCOMER, prompt: `{{ state.sources }}\n\n${question}\n`, write }) as const;

const notes = (title: string, channel: string) => `<document title="${title}">\n{{ state.${channel} }}\n</document>\n`;

export const brief = graph({
  id: "brief",
  name: "A brief of some documents",
  description:
    "Three readings of the same documents side by side, one of them in two steps, and a brief made of all three.\n",
  channels: {
    documents: {
      description: "What is read, each with a title and a text.",
      schema: { type: "array", items: { type: "object" } },
    },
    sources: z.string(),
    outline: z.string(),
    facts: { schema: z.string() },
    essentials: { schema: z.string() },
    questions: { schema: { type: "string" } },
    brief: z.string(),
  },
  input: ["documents"],
  output: ["outline", "essentials", "questions", "brief"],
  nodes: {
    sources: {
      kind: "transform",
      description: "Puts the documents into the form that every model understands as source text.",
      set: {
        sources: String.raw`state.documents.map(document,
  "<document title=\"" + document.title + "\">\n" + document.text + "\n</document>").join("\n\n")`,
      },
    },
    outline: reading("Summarize what this project is and how its parts fit together, in eight sentences.", "outline"),
    facts: reading("Which guarantees, limits and rules does it state? List twelve facts.", "facts"),
    essentials: {
      kind: "model",
      prompt: `${notes("facts", "facts")}\nWhich of these must somebody know before running it for the first time? List five points.\n`,
      write: "essentials",
    },
    questions: reading("What is not done, not supported, or left open? List five points.", "questions"),
    brief: {
      kind: "model",
      description: "Waits for everything that can still reach it; nothing has to declare a join.",
      prompt: `${notes("outline", "outline")}${notes("essentials", "essentials")}${notes("open questions", "questions")}
Write a brief of these notes for a reader who has one minute, in ten bullet points.\n`,
      write: "brief",
    },
  },
  edges: [
    { from: "start", to: "sources" },
    { from: "sources", to: "outline" },
    { from: "sources", to: "facts" },
    { from: "sources", to: "questions" },
    { from: "facts", to: "essentials" },
    { from: "outline", to: "brief" },
    { from: "essentials", to: "brief" },
    { from: "questions", to: "brief" },
    { from: "brief", to: "end" },
  ],
});
