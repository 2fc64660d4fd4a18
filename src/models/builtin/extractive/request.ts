import { stem, termsOf } from "./terms.ts";

/** What the wording of a request asks for. */
export interface Wish {
  /** The topic words of the request: empty for "summarise this". */
  readonly topic: readonly string[];
  readonly isQuestion: boolean;
  /** How many sentences, when it says so. */
  readonly sentences: number | null;
  /** How many words at most, when it says so. */
  readonly words: number | null;
  readonly shape: "bullets" | "prose";
}

/** Words about the task, which say nothing about the topic. */
const TASK_WORDS = new Set(
  `summarise summarize summary summaries summarising brief briefing briefly write writing text document documents file
  page pages following please sentence sentences bullet bullets point points main key short concise list give explain
  describe description tell answer answers question questions note notes say says said read reader readers source sources
  quote cite citation citations word words paragraph paragraphs line lines least first second third make overview gist
  essential important fact facts content contents extract highlight highlights provide based given above below part
  parts join combine merge draft reply respond response need know want reading newcomer plain language english simple
  clear one two three four five six seven eight nine ten need each every title name detail details topic topics
  common compare difference somebody someone anybody understand happen mean max maximum exactly`
    .split(/\s+/)
    .map(stem),
);
const NUMBERS = ["one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve"];
const NUMBER = `(\\d{1,3}|${NUMBERS.join("|")}|an?|a single)`;
const COUNT = new RegExp(
  `\\b${NUMBER} (?:\\w+ ){0,2}?(bullet(?: point)?s?|sentences?|points?|lines?|items?|notes?|facts?|takeaways?)\\b`,
);
const WORDS = new RegExp(`\\b${NUMBER} words\\b`);
const QUESTION_WORD = /^(?:who|what|when|where|why|which|how|is|are|does|do|did|can|could|will|was|were|should)\b/;

export function readWish(request: string): Wish {
  const text = request.slice(0, 4_000).toLowerCase().replace(/\s+/g, " ").trim();
  const count = COUNT.exec(text);
  const topicText = text.replace(COUNT, " ").replace(WORDS, " ");
  const isProse = /\b(?:paragraph|prose)\b/.test(text) || count?.[2]?.startsWith("sentence") === true;
  return {
    topic: [...new Set(termsOf(topicText))].filter((term) => !TASK_WORDS.has(term)),
    isQuestion: /[?？]/.test(text) || QUESTION_WORD.test(text),
    sentences: count ? clamp(toNumber(count[1] ?? ""), 1, 20) : null,
    words: wordsOf(text),
    shape: isProse ? "prose" : "bullets",
  };
}

function wordsOf(text: string): number | null {
  const match = WORDS.exec(text);
  return match ? Math.max(1, toNumber(match[1] ?? "")) : null;
}

function toNumber(word: string): number {
  if (/^\d/.test(word)) return Number(word);
  return Math.max(1, NUMBERS.indexOf(word) + 1);
}

function clamp(value: number, low: number, high: number): number {
  return Math.min(high, Math.max(low, value));
}
