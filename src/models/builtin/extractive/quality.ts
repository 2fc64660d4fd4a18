import type { Sentence } from "./sentences.ts";

/** How well a sentence stands alone on a page of quotations: 1 at best. Nothing of this is about its topic. */
export function quality(sentence: Sentence): number {
  return length(sentence.terms.length) * independence(sentence.text) * plainness(sentence.text) * place(sentence);
}

/** Counted in topic words: very short says little, very long is not read. */
function length(termCount: number): number {
  if (termCount < 4) return 0.4;
  return termCount <= 16 ? 1 : Math.max(0.15, (16 / termCount) ** 1.5);
}

const LEANING =
  /^\W*(?:this|that|these|those|it|its|he|she|they|so|then|such|but|and|or|also|otherwise|however|there)\b/i;

/** A sentence that leans on the one before it is half a thought. */
function independence(text: string): number {
  return LEANING.test(text) ? 0.7 : 1;
}

/** Commands, paths and formulas are for their own page. */
function plainness(text: string): number {
  const plain = text.match(/[\p{L}\s]/gu)?.length ?? 0;
  return plain / text.length < 0.82 ? 0.6 : 1;
}

/** Sections that most projects have and that say little about the one at hand. */
const MARGINAL_SECTION = /§ .*\b(?:licen[cs]e|contribut|acknowledg|changelog|sponsor|table of contents)/i;

/** Authors say first what a text is about, above all in its first sentence. */
function place({ depth, source }: Sentence): number {
  const early = depth === 0 ? 1 : 0.6 + 0.2 * Math.exp(-6 * depth);
  return MARGINAL_SECTION.test(source) ? 0.3 * early : early;
}
