import { expect, it } from "vitest";
import { readWish, type Wish } from "./request.ts";

it.each<[string, Partial<Wish>]>([
  ["Summarise this.", { topic: [], isQuestion: false, sentences: null, words: null, shape: "bullets" }],
  ["Summarise the document in three bullets.", { topic: [], sentences: 3, shape: "bullets" }],
  ["Give me five short bullet points", { sentences: 5, shape: "bullets" }],
  ["Answer in at most 2 sentences.", { sentences: 2, shape: "prose" }],
  ["In one sentence: what is it?", { sentences: 1, shape: "prose", isQuestion: true }],
  ["List twelve facts", { sentences: 12, shape: "bullets" }],
  ["Write 999 bullets", { sentences: 20 }],
  ["A summary of at most 120 words, please", { words: 120, topic: [] }],
  ["Write one paragraph.", { shape: "prose" }],
  ["How are large values stored?", { isQuestion: true, topic: ["larg", "valu", "stor"] }],
  ["how are large values stored", { isQuestion: true }],
  ["图形是什么？", { isQuestion: true }],
  ["", { topic: [], isQuestion: false, sentences: null }],
])("%j", (request, expected) => {
  expect(readWish(request)).toMatchObject(expected);
});
