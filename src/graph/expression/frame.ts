import type { Json } from "../../base/json.ts";
import type { Scope } from "../plan.ts";
import type { Matcher, Pattern } from "./pattern.ts";

/** Steps one evaluation may take; a step is a node of the expression, and sizes count as steps too. */
export const FUEL = 100_000;

/** One evaluation: what it reads, what it has left, and the variables that macros have bound. */
export interface Frame {
  readonly scope: Scope;
  readonly locals: Json[];
  fuel: number;
  /** Of the patterns that `matches` has used in this evaluation. */
  matchers?: Map<Pattern, Matcher>;
  /** Time zones it has opened. */
  zones?: Map<string, Intl.DateTimeFormat>;
  /** Whether it has put values into lists or maps: only then need the size of its result be looked at. */
  composes?: boolean;
  /** Whether it has made a time: only then need what leaves it be looked through. */
  holdsTimes?: boolean;
}

/** A compiled piece of an expression. */
export type Run = (frame: Frame) => Json;

/** Why an evaluation failed. */
export class Fault extends Error {
  /** `a || b` is true when one is true, whatever became of the other; running out of fuel is no such matter. */
  readonly absorbable: boolean;
  constructor(message: string, absorbable = true) {
    super(message);
    this.absorbable = absorbable;
  }
}

export function burn(frame: Frame, steps: number): void {
  frame.fuel -= steps;
  if (frame.fuel < 0) throw new Fault(`it takes more than ${FUEL} steps`, false);
}

/** What handling a text costs: native code passes over it, hence little. */
export function burnText(frame: Frame, length: number): void {
  burn(frame, 1 + (length >> 6));
}

/** What searching costs in the worst case, which native search does reach on hostile text. */
export function burnSearch(frame: Frame, text: string, part: string): void {
  burn(frame, 1 + Math.ceil((text.length * Math.max(part.length, 16)) / 1024));
}
