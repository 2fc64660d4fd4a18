import type { Json } from "../base/json.ts";
import { toPointer } from "../base/pointer.ts";
import type { Located, Span } from "./text/located.ts";
import { lineStarts, placeOf, spanAt, spanWithin } from "./text/located.ts";

/** A hint is advice: the document is good as it is. */
export type Severity = "error" | "warning" | "hint";
export type Path = readonly (string | number)[];

/** A change that mends a problem and does nothing else; an edit without a value removes what stands at its path. */
export type Fix = {
  readonly says: string;
  readonly edits: readonly { readonly path: Path; readonly value?: Json }[];
};

/** One mistake in a document, with where it is and the way out. */
export interface Problem {
  readonly severity: Severity;
  /** Stable; docs/reference.md lists them. */
  readonly code: string;
  readonly message: string;
  /** JSON Pointer (RFC 6901) into the document. */
  readonly path: string;
  /** From 1; present when the document came as text. */
  readonly line?: number;
  readonly column?: number;
  readonly endLine?: number;
  readonly endColumn?: number;
  readonly hint?: string;
  readonly fix?: Fix;
}

export interface Found {
  readonly code: string;
  readonly message: string;
  readonly path: Path;
  readonly severity?: Severity;
  readonly hint?: string;
  readonly fix?: Fix;
  /** Points at the key instead of the value. */
  readonly atKey?: boolean;
  /** A part of the string at `path`, as offsets into it. */
  readonly within?: Span;
  /** A place in the text where the document has none (a syntax mistake). */
  readonly span?: Span;
}

/** More are not reported: nobody reads them, and a hostile document must not cost a list of a million. */
const MOST_PROBLEMS = 200;
/** Characters of all pointers together: below one key of half a megabyte each problem would repeat it. */
const MOST_POINTED = 200_000;
/** A message may quote what somebody wrote; more of it than this says nothing new. */
const LONGEST_MESSAGE = 500;

/** Collects the problems of one document, and places them in its text. */
export class Problems {
  readonly #found: Found[] = [];
  readonly #known = new Set<string>();
  #failed = false;
  #pointed = 0;

  /** A graph that is used in several ways is compiled for each; what is wrong with it is said once. */
  add(found: Found): void {
    if ((found.severity ?? "error") === "error") this.#failed = true;
    if (this.full) return;
    const key = JSON.stringify([found.code, found.path, found.within, found.span, found.message]);
    if (this.#known.has(key)) return;
    this.#known.add(key);
    this.#found.push(found);
    for (const part of found.path) this.#pointed += typeof part === "string" ? part.length : 1;
  }

  /** Of a part of the document: takes paths relative to it, and has failed when the part has. */
  below(path: Path): Problems {
    return new ProblemsBelow(this, path);
  }

  /** No more will be shown, so no more need be looked for. */
  get full(): boolean {
    return this.#found.length >= MOST_PROBLEMS || this.#pointed >= MOST_POINTED;
  }

  /** Whether an error (not only warnings) was found. */
  get failed(): boolean {
    return this.#failed;
  }

  /** In the order of the text where there is one, otherwise as found. */
  list(text: string | undefined, root: Located | undefined): Problem[] {
    const starts = text === undefined ? [] : lineStarts(text);
    const placed = this.#found.map((found) => ({ found, span: spanOf(found, text, root) }));
    if (text !== undefined) placed.sort((one, other) => (one.span?.start ?? 0) - (other.span?.start ?? 0));
    const problems = placed.map(({ found, span }) => toProblem(found, span, starts));
    if (this.full) {
      const message = `The list ends after ${this.#found.length}; there may be more problems.`;
      const severity = this.#failed ? "error" : "warning";
      // it is about the document, so it stands where that begins
      const span = text === undefined ? undefined : { start: 0, end: 0 };
      problems.push(toProblem({ severity, code: "more_problems", message, path: [] }, span, starts));
    }
    return problems;
  }
}

class ProblemsBelow extends Problems {
  readonly #around: Problems;
  readonly #at: Path;
  #broken = false;

  constructor(around: Problems, at: Path) {
    super();
    this.#around = around;
    this.#at = at;
  }

  override add(found: Found): void {
    if ((found.severity ?? "error") === "error") this.#broken = true;
    const { fix } = found;
    const edits = fix?.edits.map((edit) => ({ ...edit, path: [...this.#at, ...edit.path] }));
    this.#around.add({
      ...found,
      path: [...this.#at, ...found.path],
      ...(fix === undefined || edits === undefined ? {} : { fix: { ...fix, edits } }),
    });
  }

  override get full(): boolean {
    return this.#around.full;
  }

  override get failed(): boolean {
    return this.#broken;
  }
}

function spanOf(found: Found, text: string | undefined, root: Located | undefined): Span | undefined {
  if (found.span !== undefined) return found.span;
  if (text === undefined) return undefined;
  // a text that could not be read has no places but its beginning
  if (root === undefined) return { start: 0, end: 0 };
  if (found.within !== undefined) return spanWithin(text, root, found.path, found.within);
  return spanAt(root, found.path, found.atKey ?? false);
}

function toProblem(found: Found, span: Span | undefined, starts: readonly number[]): Problem {
  const start = span === undefined ? undefined : placeOf(starts, span.start);
  const end = span === undefined ? undefined : placeOf(starts, span.end);
  return {
    severity: found.severity ?? "error",
    code: found.code,
    message: found.message.length > LONGEST_MESSAGE ? `${found.message.slice(0, LONGEST_MESSAGE)}…` : found.message,
    path: toPointer(found.path),
    ...(start === undefined ? {} : { line: start.line, column: start.column }),
    ...(end === undefined ? {} : { endLine: end.line, endColumn: end.column }),
    ...(found.hint === undefined ? {} : { hint: found.hint }),
    ...(found.fix === undefined ? {} : { fix: found.fix }),
  };
}

/** Names compared at most, so that a hostile document cannot make hints dear. */
const MOST_COMPARED = 300;

/** The nearest of the known names, for "did you mean"; undefined when none is near. */
export function nearest(name: string, known: Iterable<string>): string | undefined {
  if (name.length > 64) return undefined;
  let best: string | undefined;
  let bestDistance = Math.min(3, Math.ceil(name.length / 2));
  let compared = 0;
  for (const candidate of known) {
    if (compared > MOST_COMPARED) break;
    if (Math.abs(candidate.length - name.length) >= bestDistance) continue;
    compared += 1;
    const distance = editDistance(name.toLowerCase(), candidate.toLowerCase(), bestDistance);
    if (distance < bestDistance) [best, bestDistance] = [candidate, distance];
  }
  return best;
}

/** Levenshtein's, two letters swapped counting as one change; exact below `bound`: cells farther from the diagonal cannot matter. */
function editDistance(one: string, other: string, bound: number): number {
  let row = Array.from({ length: other.length + 1 }, (_, index) => index);
  let [before, next] = [[...row], [...row]];
  for (let i = 1; i <= one.length; i += 1) {
    next.fill(bound);
    next[0] = i;
    for (let j = Math.max(1, i - bound); j <= Math.min(other.length, i + bound); j += 1) {
      const replaced = (row[j - 1] ?? 0) + (one[i - 1] === other[j - 1] ? 0 : 1);
      const isSwapped = i > 1 && j > 1 && one[i - 1] === other[j - 2] && one[i - 2] === other[j - 1];
      const swapped = isSwapped ? (before[j - 2] ?? 0) + 1 : bound;
      next[j] = Math.min(replaced, swapped, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1);
    }
    [before, row, next] = [row, next, before];
  }
  return row[other.length] ?? 0;
}
