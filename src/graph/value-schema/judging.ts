import type { Json } from "../../base/json.ts";
import type { Matcher, Pattern } from "../expression/pattern.ts";

/** Steps that judging one value may take: a schema applied to a value is one, and sizes count as steps too. */
export const FUEL = 1_000_000;
/** Schemas applied within one another, and parts of a value within one another where it is compared. */
export const DEEPEST = 200;

/** Where in the value: a list from the inside out, made into a path only for the fault that is told. */
export interface Place {
  readonly around: Place | undefined;
  readonly key: string | number;
}

/** One way in which a value breaks its schema. */
export interface Fault {
  readonly place: Place | undefined;
  readonly message: string;
}

/** A part of the schema document that has an `$id` of its own (or is the whole), with its anchors. */
export interface Resource {
  readonly uri: string;
  readonly root: Json;
  readonly anchors: Map<string, Json>;
  /** Those of `$dynamicAnchor`, with what they compiled to. */
  readonly dynamic: Map<string, Judge>;
}

/** Resources that were entered on the way here, for `$dynamicRef`. */
export interface Entered {
  readonly resource: Resource;
  readonly before: Entered | undefined;
}

/** What is left, and where we are, while one value is judged. */
export interface Judging {
  fuel: number;
  depth: number;
  entered: Entered;
  /** Of the patterns met, see pattern.ts. */
  readonly matchers: Map<Pattern, Matcher>;
}

/** What the keywords beside and within a schema have looked at: `unevaluatedProperties` and `unevaluatedItems` judge the rest. */
export interface Seen {
  everyProperty: boolean;
  readonly properties: Set<string>;
  /** Items before this one. */
  itemsUpTo: number;
  readonly items: Set<number>;
}

/** One keyword, ready to judge. `seen` is there only where somebody will ask. */
export type Check = (
  judging: Judging,
  value: Json,
  place: Place | undefined,
  seen: Seen | undefined,
) => Fault | undefined;

/** One compiled schema. Its checks are filled in after it was made, because schemas refer to one another. */
export interface Judge {
  readonly resource: Resource;
  readonly checks: Check[];
}

/** Ends a judgement that has gone on for too long; caught where it began. */
export class Exhausted extends Error {}

export function spend(judging: Judging, steps: number): void {
  judging.fuel -= steps;
  if (judging.fuel < 0) throw new Exhausted(`judging it takes more than ${FUEL} steps`);
}

/** What passing over a text costs. */
export function spendText(judging: Judging, text: string): void {
  spend(judging, 1 + (text.length >> 5));
}

export function apply(
  judging: Judging,
  judge: Judge,
  value: Json,
  place: Place | undefined,
  seen: Seen | undefined,
): Fault | undefined {
  spend(judging, 1);
  judging.depth += 1;
  if (judging.depth > DEEPEST) throw new Exhausted(`more than ${DEEPEST} schemas apply within one another`);
  const before = judging.entered;
  if (before.resource !== judge.resource) judging.entered = { resource: judge.resource, before };
  let fault: Fault | undefined;
  for (const check of judge.checks) {
    fault = check(judging, value, place, seen);
    if (fault !== undefined) break;
  }
  judging.entered = before;
  judging.depth -= 1;
  return fault;
}

export function nothingSeen(): Seen {
  return { everyProperty: false, properties: new Set(), itemsUpTo: 0, items: new Set() };
}

export function addSeen(judging: Judging, to: Seen, more: Seen): void {
  spend(judging, 1 + ((more.properties.size + more.items.size) >> 1));
  to.everyProperty ||= more.everyProperty;
  to.itemsUpTo = Math.max(to.itemsUpTo, more.itemsUpTo);
  for (const key of more.properties) to.properties.add(key);
  for (const index of more.items) to.items.add(index);
}

export function pathOf(place: Place | undefined): readonly (string | number)[] {
  const path: (string | number)[] = [];
  for (let at = place; at !== undefined; at = at.around) path.push(at.key);
  return path.reverse();
}

export interface Judgement {
  readonly fault: { readonly path: readonly (string | number)[]; readonly message: string } | undefined;
  /** Of {@link FUEL}. */
  readonly steps: number;
}

/** Judges one value. Never throws: one that takes too much is faulted as a whole. */
export function judge(root: Judge, value: Json): Judgement {
  const judging: Judging = {
    fuel: FUEL,
    depth: 0,
    entered: { resource: root.resource, before: undefined },
    matchers: new Map(),
  };
  try {
    const fault = apply(judging, root, value, undefined, undefined);
    const told = fault && { path: pathOf(fault.place), message: fault.message };
    return { fault: told, steps: FUEL - judging.fuel };
  } catch (thrown) {
    if (!(thrown instanceof Exhausted)) throw thrown;
    const fault = { path: [], message: `it is too much to be judged: ${thrown.message}` };
    return { fault, steps: FUEL - Math.max(judging.fuel, 0) };
  }
}
