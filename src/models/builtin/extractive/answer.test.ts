import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { countWords } from "../../words.ts";
import { answer } from "./answer.ts";
import { LABEL, readOwnAnswer } from "./own-answer.ts";

const ask = (content: string, maxWords = Number.POSITIVE_INFINITY) => answer([{ role: "user", content }], maxWords);
const quotes = (text: string) => readOwnAnswer(text) ?? [];

const STORE = `# Store

The store keeps graphs in an append-only log. Each commit of the log is one transaction of the database.
Large values are stored once, by the hash of their content, in chunks. A snapshot bounds the work of reading the log.

## License

Everything here is published under the terms of the MIT license by its authors.`;
const CLOCK = `# Clock

An alarm wakes the object when a timer is due. A lost alarm delays a run but never strands it.
The sweep looks once a minute for runs that should have moved. Time comes to the engine with its events.`;
const document = (title: string, text: string) => `<document title="${title}">\n${text}\n</document>\n`;

describe("an answer", () => {
  it("says what it is before anything else", () => {
    for (const content of [
      "Hello?",
      document("a", STORE),
      document("a", "x"),
      `${document("a", STORE)}Who won the football cup?`,
    ])
      expect(ask(content).text.startsWith(LABEL)).toBe(true);
  });

  it.each([
    ["Sheep eat grass.", "What do sheep eat?", "Sheep eat grass."],
    ["The sky is blue. Grass is green.", "What colour is grass?", "Grass is green."],
  ])("is found even in %j", (text, question, expected) => {
    expect(quotes(ask(`${document("text", text)}${question}`).text).map((quote) => quote.text)).toEqual([expected]);
  });

  it("to a question quotes the sentence that speaks of it, with its section", () => {
    const found = quotes(
      ask(`${document("store.md", STORE)}${document("clock.md", CLOCK)}How are large values stored?`).text,
    );
    expect(found[0]).toEqual({
      text: "Large values are stored once, by the hash of their content, in chunks.",
      source: "store.md § Store",
    });
  });

  it("to a question nobody spoke of says so, and quotes nothing", () => {
    const { text } = ask(`${document("store.md", STORE)}Who won the football world cup?`);
    expect(text).toBe(`${LABEL}\n\nNo sentence of the given text speaks of what is asked.`);
  });

  it("without any text says what is missing", () => {
    expect(ask("What is the capital of France?").text).toContain("this call has none");
  });

  it("summarises every document, and the license last", () => {
    const found = quotes(
      ask(`${document("store.md", STORE)}${document("clock.md", CLOCK)}Summarise in four bullets.`).text,
    );
    expect(found).toHaveLength(4);
    expect(new Set(found.map(({ source }) => source))).toEqual(new Set(["store.md § Store", "clock.md § Clock"]));
  });

  it("in one sentence is the one that says what the text is about, where its author began with it", () => {
    const text = `# Kite

Kite keeps graphs of work running at the edge. A graph of work is a document that names nodes of work and edges of the graph.
Nodes of a graph of work run when the nodes of the graph before them have run. Edges of a graph lead from node to node.`;
    expect(quotes(ask(`${document("kite", text)}Summarise in one sentence.`).text).map((quote) => quote.text)).toEqual([
      "Kite keeps graphs of work running at the edge.",
    ]);
  });

  it("prefers something new to the same thing in other words", () => {
    const text = `Timers wake the object when a run is due. Timers wake the object when the run is overdue.
Timers wake objects when some run is due again. Snapshots bound what has to be read from the log.`;
    const texts = quotes(ask(`${document("a", text)}Summarise in two bullets.`).text).map((quote) => quote.text);
    expect(texts).toContain("Snapshots bound what has to be read from the log.");
  });

  it("does not say the same thing twice", () => {
    const twice = `${document("a", STORE)}${document("b", STORE)}Summarise in eight bullets.`;
    const texts = quotes(ask(twice).text).map(({ text }) => text);
    expect(new Set(texts).size).toBe(texts.length);
  });

  it("joined from answers quotes the sentences in them, and cites where those came from", () => {
    const notes = [
      ask(`${document("store.md", STORE)}Summarise in two sentences.`).text,
      ask(`${document("clock.md", CLOCK)}Summarise in two bullets.`).text,
      ask(`${document("store.md", STORE)}Who won the football world cup?`).text,
    ];
    const joined = ask(
      `${notes.map((note, index) => document(`note ${index}`, note)).join("")}Write a brief in four bullets.`,
    ).text;
    expect(quotes(joined).map(({ source }) => source)).toEqual([
      "store.md § Store",
      "store.md § Store",
      "clock.md § Clock",
      "clock.md § Clock",
    ]);
    expect(joined.split(LABEL)).toHaveLength(2);
  });

  it("keeps to the words a request allows, and to the words a call allows", () => {
    const texts = `${document("store.md", STORE)}Summarise in at most 30 words.`;
    expect(quotes(ask(texts).text).reduce((sum, { text }) => sum + countWords(text), 0)).toBeLessThanOrEqual(30);
    const limited = ask(`${document("store.md", STORE)}Summarise.`, 40);
    expect(limited.isCut).toBe(false);
    expect(countWords(limited.text)).toBeLessThanOrEqual(40);
    const cut = ask(`${document("store.md", STORE)}Summarise.`, 10);
    expect(cut.isCut).toBe(true);
    expect(countWords(cut.text)).toBe(10);
  });

  it("consists of sentences of its sources, whatever those are, and is the same each time", () => {
    const sentence = fc
      .array(fc.constantFrom("graph", "runs", "log", "the", "Value", "`x`", "alarm", "commits", "[1]", "§", "(so)"), {
        minLength: 4,
        maxLength: 12,
      })
      .map((words) => `The ${words.join(" ")}.`);
    const text = fc.array(sentence, { minLength: 1, maxLength: 30 }).map((sentences) => sentences.join(" "));
    fc.assert(
      fc.property(
        fc.array(text, { minLength: 1, maxLength: 4 }),
        fc.constantFrom("Summarise.", "What of the log?", "Two sentences."),
        (texts, request) => {
          const content = texts.map((source, index) => document(`d${index}`, source)).join("") + request;
          const { text: given } = ask(content);
          for (const quote of quotes(given)) expect(texts.some((source) => source.includes(quote.text))).toBe(true);
          expect(ask(content).text).toBe(given);
        },
      ),
      { numRuns: 60 },
    );
  });
});

describe("hostile text ends soon and quotes nothing that is not a sentence", () => {
  const MANY = 200_000;
  it.each([
    ["a word of a megabyte", "a".repeat(1_000_000)],
    ["words without an end", "b ".repeat(MANY)],
    ["brackets", "([".repeat(MANY)],
    ["images that never close", "x ![".repeat(MANY)],
    ["comments that never close", "x <!--".repeat(MANY)],
    ["full stops", ". ".repeat(MANY)],
    ["list marks", "- ".repeat(MANY)],
    ["quotation marks", "> ".repeat(MANY)],
    ["spaces", `x${" ".repeat(1_000_000)}y`],
    ["empty lines", "\n \n".repeat(MANY)],
    ["citations", `${LABEL}\n${" [1]".repeat(MANY)}\nSources:\n[1] a`],
    ["opened documents", "<document>".repeat(MANY)],
    ["documents in pairs", "<document><document></document>".repeat(MANY / 10)],
    ["empty documents", "<document></document>".repeat(MANY / 10)],
    ["attributes", `<document ${"title=".repeat(MANY)}`],
  ])("%s", (_, text) => {
    expect(quotes(ask(document("hostile", text)).text)).toEqual([]);
    expect(ask(`${text}\n\nSummarise.`).text.startsWith(LABEL)).toBe(true);
  });
});
