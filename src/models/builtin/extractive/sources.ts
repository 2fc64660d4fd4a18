import type { ChatMessage } from "../../contract.ts";
import { countWords } from "../../words.ts";

/** What a call asks, and the text it may be answered from. */
export interface Task {
  readonly request: string;
  readonly documents: readonly SourceDocument[];
}
export interface SourceDocument {
  readonly title: string;
  readonly text: string;
}

/** A paragraph this short may be the request that goes with a longer text. */
const LONGEST_REQUEST_WORDS = 80;

/**
 * Source text is what stands in `<document title="…">…</document>`; what remains of the last user message is the
 * request. Without such elements everything but the last paragraph is source, and the last is the request.
 */
export function readTask(messages: readonly ChatMessage[]): Task {
  const parts = messages.map((message) => ({ role: message.role, ...splitDocuments(message.content) }));
  const documents = parts.flatMap((part) => part.documents);
  const lastUser = parts.findLast((part) => part.role === "user") ?? parts.at(-1);
  const rest = lastUser?.rest.trim() ?? "";
  const system = parts
    .filter((part) => part.role === "system")
    .map((part) => part.rest.trim())
    .join("\n");
  if (documents.length > 0) return { request: rest || system, documents: withTitles(documents) };
  const toolTexts = parts.filter((part) => part.role === "tool").map((part) => ({ title: "", text: part.rest }));
  const { request, text } = splitRequest(rest);
  const found = text ? [...toolTexts, { title: "", text }] : toolTexts;
  return { request: request || system, documents: withTitles(found) };
}

function withTitles(documents: readonly SourceDocument[]): readonly SourceDocument[] {
  const single = documents.length === 1;
  return documents
    .map(({ title, text }, index) => ({ title: title || (single ? "text" : `text ${index + 1}`), text }))
    .filter(({ text }) => text.trim() !== "");
}

function splitRequest(text: string): { readonly request: string; readonly text: string } {
  const hasParagraphs = /\n[ \t]*\n/.test(text);
  const blocks = text.split(hasParagraphs ? /\n[ \t]*\n/ : "\n").filter((block) => block.trim() !== "");
  const separator = hasParagraphs ? "\n\n" : "\n";
  const [first, last] = [blocks[0] ?? "", blocks.at(-1) ?? ""];
  if (blocks.length < 2) return isShort(first) ? { request: first, text: "" } : { request: "", text: first };
  if (isShort(last)) return { request: last, text: blocks.slice(0, -1).join(separator) };
  if (isShort(first)) return { request: first, text: blocks.slice(1).join(separator) };
  return { request: "", text };
}

function isShort(block: string): boolean {
  return block.length < 20 * LONGEST_REQUEST_WORDS && countWords(block) <= LONGEST_REQUEST_WORDS;
}

const OPENING = /<document\b([^<>]*)>/g;
const CLOSING = "</document>";
/** More than anybody joins by hand; it bounds the search for the ends of elements that are nested or never closed. */
const MOST_DOCUMENTS = 500;

/** Finds `<document>` elements; one that quotes another keeps it, one that is never closed runs to the end. */
export function splitDocuments(content: string): {
  readonly documents: readonly SourceDocument[];
  readonly rest: string;
} {
  const documents: SourceDocument[] = [];
  const rest: string[] = [];
  const openings = [...content.matchAll(OPENING)];
  const closings = indexesOf(content, CLOSING);
  let position = 0;
  let nextOpening = 0;
  while (nextOpening < openings.length && documents.length < MOST_DOCUMENTS) {
    const opening = openings[nextOpening];
    if (opening === undefined) break;
    rest.push(content.slice(position, opening.index));
    const start = opening.index + opening[0].length;
    const end = closingOf(start, nextOpening, openings, closings) ?? content.length;
    documents.push({ title: titleOf(opening[1] ?? ""), text: content.slice(start, end) });
    position = Math.min(end + CLOSING.length, content.length);
    while ((openings[nextOpening]?.index ?? Number.POSITIVE_INFINITY) < position) nextOpening += 1;
  }
  rest.push(content.slice(position));
  return { documents, rest: rest.join("\n") };
}

/** Where the element opened before `start` ends, inner pairs counted; undefined when it is never closed. */
function closingOf(
  start: number,
  openingIndex: number,
  openings: readonly RegExpExecArray[],
  closings: readonly number[],
): number | undefined {
  let inner = openingIndex + 1;
  let depth = 1;
  let firstClosing: number | undefined;
  for (const closing of closings) {
    if (closing < start) continue;
    firstClosing ??= closing;
    for (; (openings[inner]?.index ?? Number.POSITIVE_INFINITY) < closing; inner += 1) depth += 1;
    depth -= 1;
    if (depth === 0) return closing;
  }
  // A document that merely mentions an opening tag unbalances the count; then the first closing tag is the end.
  return firstClosing;
}

function indexesOf(text: string, needle: string): readonly number[] {
  const found: number[] = [];
  for (let at = text.indexOf(needle); at !== -1; at = text.indexOf(needle, at + needle.length)) found.push(at);
  return found;
}

function titleOf(attributes: string): string {
  const match = /\btitle\s*=\s*(?:"([^"]*)"|'([^']*)')/.exec(attributes);
  return (match?.[1] ?? match?.[2] ?? "").trim().slice(0, 120);
}
