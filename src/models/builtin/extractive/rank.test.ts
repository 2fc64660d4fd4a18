import { describe, expect, it } from "vitest";
import { quality } from "./quality.ts";
import { pick, rank } from "./rank.ts";
import { readSentences, type Sentence } from "./sentences.ts";

function sentencesOf(...texts: readonly string[]): readonly Sentence[] {
  return readSentences(texts.map((text, index) => ({ title: `d${index}`, text })));
}

function order(sentences: readonly Sentence[], topic: readonly string[] = []): readonly string[] {
  return rank(sentences, topic, 0.85).map(({ sentence }) => sentence.text);
}

describe("ranking", () => {
  it("puts the sentence with the rarer word of the topic first", () => {
    const sentences = sentencesOf(
      "Graphs keep the state of work. Graphs keep the names of nodes. Graphs keep the colour of edges.",
    );
    expect(order(sentences, ["graph", "colour"])[0]).toBe("Graphs keep the colour of edges.");
  });

  it("puts what nothing else in the document speaks of last, without a topic", () => {
    const sentences = sentencesOf(
      "Nodes of graphs run after other nodes finish. Yesterday somebody painted green walls outside. Graphs consist of named nodes and edges. Nodes and edges of graphs are plain data.",
    );
    expect(order(sentences).slice(-1)).toEqual(["Yesterday somebody painted green walls outside."]);
  });

  it("gives the sentence a document opens with an advance over one just as central", () => {
    const [first, second] = ["Kite keeps graphs of nodes.", "Nodes of graphs lead to other nodes."];
    const rest = "Nodes lead to nodes. Graphs have nodes. Every node has a name and a place.";
    const placeOf = (text: string) =>
      rank(sentencesOf(text), [], 0).find(({ sentence }) => sentence.text === first)?.score ?? 0;
    expect(placeOf(`${first} ${second} ${rest}`)).toBeGreaterThan(1.5 * placeOf(`${second} ${first} ${rest}`));
  });

  it("is the same for the same input, ties in the order of the text", () => {
    const sentences = sentencesOf("Alpha beta gamma delta one.", "Alpha beta gamma delta one.");
    expect(rank(sentences, [], 0).map(({ index }) => index)).toEqual([0, 1]);
  });
});

describe("picking", () => {
  const sentences = sentencesOf(
    "Timers wake every sleeping object for overdue runs. Timers wake some sleeping object for overdue jobs. Snapshots bound what reading costs.",
  );
  const ranked = rank(sentences, [], 0).map((entry) => ({ ...entry, score: [1, 0.95, 0.6][entry.index] ?? 0 }));

  it("prefers something new of less weight to a repetition", () => {
    const byScore = ranked.toSorted((one, other) => other.score - one.score);
    expect(pick(byScore, 2, false).map(({ index }) => index)).toEqual([0, 2]);
  });

  it("forgets no document while there is room", () => {
    const several = sentencesOf(
      "Logs keep commits of runs. Logs keep names of runs. Logs keep ends of runs.",
      "Something else entirely stands here.",
    );
    const documents = pick(rank(several, [], 0), 2, true).map(({ sentence }) => sentence.document);
    expect(new Set(documents)).toEqual(new Set([0, 1]));
  });
});

describe("quality", () => {
  const sentence = (text: string, more: Partial<Sentence> = {}): Sentence => ({
    ...(sentencesOf(text)[0] ?? missing()),
    depth: 0.5,
    ...more,
  });
  const missing = (): never => {
    throw new Error("The text has no sentence.");
  };
  const plain = sentence("The store keeps graphs in its log.");

  it.each<[string, Sentence]>([
    ["leans on the one before it", sentence("It also keeps graphs in its log.")],
    ["is a command", sentence("Run `npm i --a=1 -b=2 @c/d@3.4.5 && ./e.sh --f` first.")],
    ["goes on and on", sentence(`The store keeps ${"graphs nodes edges ".repeat(12)}in its log.`)],
    ["says little", sentence("The log is here.")],
    ["stands under License", sentence(plain.text, { source: "README § License" })],
  ])("is lower for a sentence that %s", (_, worse) => {
    expect(quality(worse)).toBeLessThan(quality(plain));
  });

  it("is higher for the sentence a document opens with", () => {
    expect(quality({ ...plain, depth: 0 })).toBeGreaterThan(quality(plain));
  });
});
