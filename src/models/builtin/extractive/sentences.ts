import { readBlocks } from "./markdown.ts";
import { readOwnAnswer } from "./own-answer.ts";
import type { SourceDocument } from "./sources.ts";
import { termsOf } from "./terms.ts";

export interface Sentence {
  readonly text: string;
  /** Where it stands, as it is cited: "README § What it is". */
  readonly source: string;
  /** Index of its document. */
  readonly document: number;
  /** 0 for the first sentence of the document, towards 1 for the last. */
  readonly depth: number;
  readonly terms: readonly string[];
}

/** Bounds on hostile input: what is longer is not a sentence, what comes after is not read. */
const LONGEST_SENTENCE = 600;
const SHORTEST_WORDS = 4;
/** With its full stop even "Sheep eat grass." is one; without it, three words are a heading or a list's item. */
const SHORTEST_ENDED_WORDS = 3;
const MOST_SENTENCES = 20_000;

/** All sentences of the documents that can be quoted whole. */
export function readSentences(documents: readonly SourceDocument[]): readonly Sentence[] {
  const perDocument = Math.ceil(MOST_SENTENCES / Math.max(1, documents.length));
  return documents.flatMap((document, index) => sentencesOf(document, index, perDocument));
}

function sentencesOf(document: SourceDocument, index: number, limit: number): readonly Sentence[] {
  const quotes = (readOwnAnswer(document.text) ?? readQuotes(document)).slice(0, limit);
  return quotes.map(({ text, source }, position) => ({
    text,
    source,
    document: index,
    depth: position / quotes.length,
    terms: termsOf(text),
  }));
}

function readQuotes(document: SourceDocument): readonly { readonly text: string; readonly source: string }[] {
  return readBlocks(document.text).flatMap((block) => {
    const source =
      block.section && block.section !== document.title ? `${document.title} § ${block.section}` : document.title;
    return splitSentences(block.text)
      .filter((text) => isQuotable(text))
      .map((text) => ({ text, source }));
  });
}

function isQuotable(text: string): boolean {
  // A lead-in ("There are three:") says nothing without what follows it.
  if (text.length > LONGEST_SENTENCE || text.endsWith(":")) return false;
  if (/[\u3040-\u30ff\u3400-\u9fff]/.test(text)) return text.length >= 6;
  const shortest = /[.!?…]["'”’»)\]*_`]*$/.test(text) ? SHORTEST_ENDED_WORDS : SHORTEST_WORDS;
  return text.split(" ", shortest).length >= shortest;
}

const ENDINGS = /[.!?…]+["'”’»)\]*_`]*(?=\s)|[。！？]+[」』”）]*/gu;
const ABBREVIATION =
  /(?:^|[\s(])(?:e\.g|i\.e|etc|vs|cf|ca|approx|Dr|Mr|Mrs|Ms|Prof|St|No|Fig|Sec|Eq|Vol|al|[A-Za-z])\.$/;

/** Sentences of one block, in order; together they are the block. */
export function splitSentences(block: string): readonly string[] {
  const sentences: string[] = [];
  let start = 0;
  for (const match of block.matchAll(ENDINGS)) {
    const end = match.index + match[0].length;
    // A lower-case word goes on with the sentence ("… vs. the"), and so does what follows an abbreviation.
    if (/^\s+\p{Ll}/u.test(block.slice(end, end + 8))) continue;
    if (ABBREVIATION.test(block.slice(Math.max(start, end - 12), end))) continue;
    sentences.push(block.slice(start, end).trim());
    start = end;
  }
  const tail = block.slice(start).trim();
  return tail ? [...sentences, tail] : sentences;
}
