/** What the built-in models count instead of tokens: runs of letters and digits, with inner apostrophes and hyphens. */
const WORD = /[\p{L}\p{N}]+(?:['’-][\p{L}\p{N}]+)*/gu;

export function countWords(text: string): number {
  let count = 0;
  for (const _ of text.matchAll(WORD)) count += 1;
  return count;
}

/** The longest prefix of `text` with at most `limit` words, cut after a word. */
export function firstWords(text: string, limit: number): string {
  let count = 0;
  let end = 0;
  for (const match of text.matchAll(WORD)) {
    if (count === limit) return text.slice(0, end);
    count += 1;
    end = match.index + match[0].length;
  }
  return text;
}
