import { describe, expect, it } from "vitest";
import type { ChatMessage } from "../../contract.ts";
import { readTask, splitDocuments } from "./sources.ts";

const user = (content: string): ChatMessage => ({ role: "user", content });

describe("documents in a message", () => {
  it("carry their titles, and what remains is the request", () => {
    const task = readTask([
      user(`Read this.\n<document title="A">one</document>\n<document title='B "b"'>two</document>\nSummarise.`),
    ]);
    expect(task.documents).toEqual([
      { title: "A", text: "one" },
      { title: 'B "b"', text: "two" },
    ]);
    expect(task.request.split(/\s+/).join(" ")).toBe("Read this. Summarise.");
  });

  it("get a title when they have none", () => {
    expect(
      readTask([user("<document>one</document><document>two</document>")]).documents.map(({ title }) => title),
    ).toEqual(["text 1", "text 2"]);
    expect(readTask([user("<document>one</document>")]).documents.map(({ title }) => title)).toEqual(["text"]);
  });

  it.each([
    [
      "one that quotes another keeps it whole",
      '<document title="a">x <document title="q">y</document> z</document> R',
      ['x <document title="q">y</document> z'],
      "R",
    ],
    ["one that is never closed runs to the end", "R <document>x y", ["x y"], "R"],
    [
      "one that mentions an opening tag ends at its own end",
      "<document>x `<document>` y</document><document>z</document> R",
      ["x `<document>` y", "z"],
      "R",
    ],
    ["a closing tag alone is text of the request", "R </document>", [], "R </document>"],
    ["an empty one is still one", "<document></document> R", [""], "R"],
    ["a similar name is none", "<documents>x</documents>", [], "<documents>x</documents>"],
  ])("%s", (_, content, texts, rest) => {
    const split = splitDocuments(content);
    expect(split.documents.map(({ text }) => text)).toEqual(texts);
    expect(split.rest.trim()).toBe(rest);
  });
});

describe("text without documents", () => {
  it.each([
    [
      "the last paragraph is the request",
      "Long text here.\n\nMore of it.\n\nSummarise it.",
      "Summarise it.",
      "Long text here.\n\nMore of it.",
    ],
    [
      "the last line is, where there are no paragraphs",
      "Long text here.\nMore of it.\nSummarise it.",
      "Summarise it.",
      "Long text here.\nMore of it.",
    ],
    [
      "a short paragraph alone is a request without source",
      "What is the capital of France?",
      "What is the capital of France?",
      "",
    ],
    ["a long paragraph alone is source without request", "word ".repeat(200), "", "word ".repeat(200).trim()],
    [
      "a request may stand before a text whose last paragraph is long",
      `Summarise:\n\n${"word ".repeat(200)}`,
      "Summarise:",
      "word ".repeat(200).trim(),
    ],
  ])("%s", (_, content, request, text) => {
    const task = readTask([user(content)]);
    expect(task.request).toBe(request);
    expect(task.documents.map((document) => document.text).join()).toBe(text);
  });
});

describe("a conversation", () => {
  it("is asked by its last user message, over the documents of all", () => {
    const task = readTask([
      { role: "system", content: "Be exact." },
      user("<document title='a'>one</document> Summarise."),
      { role: "assistant", content: "One." },
      user("And in one sentence?"),
    ]);
    expect(task).toEqual({ request: "And in one sentence?", documents: [{ title: "a", text: "one" }] });
  });

  it("takes its request from the system message when nobody else says anything", () => {
    expect(readTask([{ role: "system", content: "Summarise." }, user("<document>one</document>")]).request).toBe(
      "Summarise.",
    );
  });
});
