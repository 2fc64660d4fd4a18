import { EdgewiseError } from "../../base/errors.ts";
import type { JsonObject } from "../../base/json.ts";
import { compileGraph } from "../compile.ts";
import type { CompileResult } from "../compile.ts";
import type { NodeKindSpecs } from "../kinds.ts";
import type { Fix, Path, Problem } from "../problems.ts";
import { applyEdits } from "../text/edit.ts";
import type { TextType } from "../text/edit.ts";

/**
 * A removal may uncover another: what an unused graph alone has read, for one. And what cannot be mended together is tried
 * one by one. Each time is a compilation, and a document may be large.
 */
const MOST_TRIES = 12;

export interface Fixed {
  readonly code: string;
  readonly says: string;
  /** JSON Pointer into the text as it was when this was mended. */
  readonly path: string;
}

export interface FixedGraph {
  readonly text: string;
  readonly fixed: readonly Fixed[];
  /** What is left: errors, warnings and hints. */
  readonly remaining: readonly Problem[];
}

/**
 * Mends what may be mended without asking; everything else keeps its bytes. Each change is compiled before it is kept: none
 * adds an error. Never throws.
 * @param link as in `compileGraph`: gives the document graphs that it does not hold itself
 */
export function fixGraph(text: string, type: TextType, kinds: NodeKindSpecs, link?: Link): FixedGraph {
  const judge = (each: string): Judged =>
    judged(each, compileGraph({ text: each, type }, kinds, link === undefined ? {} : { link }));
  let current = judge(text);
  const fixed: Fixed[] = [];
  const refused = new Set<string>();
  let alone = false;
  for (let tries = 0; tries < MOST_TRIES; tries += 1) {
    const open = current.problems.filter(isFixable).filter((problem) => !refused.has(keyOf(problem)));
    const chosen = alone ? open.slice(0, 1) : open;
    if (chosen.length === 0) break;
    const after = attempt(current, chosen, type, judge);
    if (after !== undefined) {
      current = after;
      fixed.push(...chosen.map(fixedOf));
    } else if (chosen.length === 1) refused.add(chosen.map(keyOf).join());
    alone ||= after === undefined;
  }
  return { text: current.text, fixed, remaining: current.problems };
}

type Link = (document: JsonObject) => JsonObject;

interface Judged {
  readonly text: string;
  readonly problems: readonly Problem[];
  readonly errors: number;
}

type Fixable = Problem & { readonly fix: Fix };

function isFixable(problem: Problem): problem is Fixable {
  return problem.fix !== undefined;
}

function judged(text: string, result: CompileResult): Judged {
  const problems = result.ok ? [...result.warnings, ...result.hints] : result.problems;
  return { text, problems, errors: problems.filter(({ severity }) => severity === "error").length };
}

/** Undefined where the changes cannot be made, change nothing, or make an error. */
function attempt(
  before: Judged,
  problems: readonly Fixable[],
  type: TextType,
  judge: (text: string) => Judged,
): Judged | undefined {
  const edits = problems.flatMap(({ fix }) => fix.edits).sort((one, other) => backwards(one.path, other.path));
  let text: string;
  try {
    text = applyEdits(before.text, type, edits);
  } catch (thrown) {
    if (!(thrown instanceof EdgewiseError)) throw thrown;
    return undefined;
  }
  if (text === before.text) return undefined;
  const after = judge(text);
  return after.errors <= before.errors ? after : undefined;
}

/** The last item of a list first, and what is inside before what is around it: no edit moves the place of another. */
function backwards(one: Path, other: Path): number {
  for (const [depth, part] of one.entries()) {
    const against = other[depth];
    if (against === undefined) return -1;
    if (part === against) continue;
    return typeof part === "number" && typeof against === "number"
      ? against - part
      : String(part) < String(against)
        ? 1
        : -1;
  }
  return one.length === other.length ? 0 : 1;
}

function fixedOf({ code, fix, path }: Fixable): Fixed {
  return { code, says: fix.says, path };
}

function keyOf({ code, path }: Problem): string {
  return `${code} ${path}`;
}
