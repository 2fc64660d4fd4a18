import type { ChatMessage } from "../../contract.ts";
import { countWords, firstWords } from "../../words.ts";
import { LABEL, writeAnswer } from "./own-answer.ts";
import { coverage, pick, rank } from "./rank.ts";
import { readWish, type Wish } from "./request.ts";
import { readSentences, type Sentence } from "./sentences.ts";
import { readTask } from "./sources.ts";

export interface Answer {
  readonly text: string;
  readonly isCut: boolean;
}

const USUAL_SENTENCES = 5;
const MOST_SENTENCES = 8;
const SENTENCES_OF_AN_ANSWER = 3;
/** Below this share of a question's words the text does not speak of it ("Who won the cup?" is not about "won"). */
const LEAST_COVERAGE = 0.5;

/** The answer of `builtin/extractive`: the same for the same input, every sentence a quotation. */
export function answer(messages: readonly ChatMessage[], maxWords: number): Answer {
  const { request, documents } = readTask(messages);
  if (documents.length === 0) return plainly(NO_SOURCE, maxWords);
  const sentences = readSentences(documents);
  if (sentences.length === 0) return plainly(NO_SENTENCE, maxWords);
  const wish = readWish(request);
  const isAbout = coverage(sentences, wish.topic) >= LEAST_COVERAGE;
  // Whoever asks for a list of several wants the nearest there is; whoever asks one thing wants to know that it is not there.
  const isOneThing = wish.isQuestion && wish.topic.length > 0 && (wish.sentences ?? 1) === 1;
  if (isOneThing && !isAbout) return plainly(NO_MATCH, maxWords);
  return fit(select(sentences, wish, documents.length, isAbout), wish, maxWords);
}

const NO_SOURCE =
  "This model only selects sentences from text it is given, and this call has none. Put the text into <document> elements, or choose a model that writes.";
const NO_SENTENCE = "The given text has no sentence that could be quoted whole.";
const NO_MATCH = "No sentence of the given text speaks of what is asked.";

function select(
  sentences: readonly Sentence[],
  wish: Wish,
  documentCount: number,
  isAbout: boolean,
): readonly Sentence[] {
  const isLookup = wish.isQuestion && isAbout;
  const count = wish.sentences ?? (isLookup ? SENTENCES_OF_AN_ANSWER : usualCount(documentCount));
  const ranked = rank(sentences, wish.topic, wish.isQuestion ? 0.85 : 0.4);
  // An answer to a question consists of sentences that speak of it; a summary has something of every document.
  const candidates =
    isLookup && wish.sentences === null
      ? ranked.filter(({ score }) => score >= 0.35 * (ranked[0]?.score ?? 0))
      : ranked;
  const picked = pick(candidates, count, !isLookup && documentCount > 1);
  // An answer begins with what answers best; a summary follows its text.
  const ordered = isLookup ? picked : picked.toSorted((one, other) => one.index - other.index);
  return ordered.map(({ sentence }) => sentence);
}

function usualCount(documentCount: number): number {
  return Math.min(MOST_SENTENCES, Math.max(USUAL_SENTENCES, documentCount));
}

/** Leaves sentences out, the last first, until the words allowed suffice; only one too long by itself is cut. */
function fit(sentences: readonly Sentence[], wish: Wish, maxWords: number): Answer {
  const wished = wish.words ?? Number.POSITIVE_INFINITY;
  for (let count = sentences.length; count > 0; count -= 1) {
    const chosen = sentences.slice(0, count);
    const quotedWords = chosen.reduce((sum, { text }) => sum + countWords(text), 0);
    const text = writeAnswer(chosen, wish.shape);
    const isLast = count === 1;
    if ((quotedWords <= wished || isLast) && (countWords(text) <= maxWords || isLast)) return cut(text, maxWords);
  }
  return plainly(NO_SENTENCE, maxWords);
}

function plainly(text: string, maxWords: number): Answer {
  return cut(`${LABEL}\n\n${text}`, maxWords);
}

function cut(text: string, maxWords: number): Answer {
  const shortened = firstWords(text, maxWords);
  return { text: shortened, isCut: shortened.length < text.length };
}
