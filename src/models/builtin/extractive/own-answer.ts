/**
 * The form of an answer, written and read. It is read because a graph joins answers: the brief made of three notes must
 * quote the sentences in them, and cite where those came from, not the notes' own labels.
 */

export const LABEL = "builtin/extractive: sentences selected, not written.";
const SOURCES = "Sources:";

export interface Quote {
  readonly text: string;
  readonly source: string;
}

export function writeAnswer(quotes: readonly Quote[], shape: "bullets" | "prose"): string {
  const sources = [...new Set(quotes.map((quote) => quote.source))];
  const cited = quotes.map((quote) => `${quote.text} [${sources.indexOf(quote.source) + 1}]`);
  const body = shape === "bullets" ? cited.map((line) => `- ${line}`).join("\n") : cited.join(" ");
  const list = sources.map((source, index) => `[${index + 1}] ${source}`).join("\n");
  return `${LABEL}\n\n${body}\n\n${SOURCES}\n${list}`;
}

/** The quotes of an answer of this model (none, if it found nothing), or undefined if the text is not one. */
export function readOwnAnswer(text: string): readonly Quote[] | undefined {
  const start = text.indexOf(LABEL);
  if (start === -1 || text.slice(0, start).trim() !== "") return undefined;
  const listAt = text.lastIndexOf(`\n${SOURCES}\n`);
  if (listAt === -1) return [];
  const sources = new Map(
    [...text.slice(listAt).matchAll(/^\[(\d{1,3})\] (.+)$/gm)].map(
      (match) => [match[1] ?? "", match[2] ?? ""] as const,
    ),
  );
  const body = text.slice(start + LABEL.length, listAt);
  return body.split(/(?<=\s\[\d{1,3}\])\s+/).flatMap((piece) => readCited(piece, sources));
}

function readCited(piece: string, sources: ReadonlyMap<string, string>): readonly Quote[] {
  const match = /^\s*(?:- )?(.*?)\s\[(\d{1,3})\]\s*$/s.exec(piece.slice(0, 2_000));
  const source = sources.get(match?.[2] ?? "");
  return match?.[1] && source ? [{ text: match[1], source }] : [];
}
