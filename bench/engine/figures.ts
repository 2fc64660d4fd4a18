import type { Goal } from "../../scripts/goal.ts";
import { milliseconds } from "../measure.ts";
import type { NotRun } from "./field.ts";

/** Ours beside another engine, both in the same unit. */
export interface Ratio {
  readonly ours: number;
  readonly other: number;
  readonly atMost: number;
  /** How a value is written; milliseconds if left out. */
  readonly show?: (value: number) => string;
}

/** @param goal the goal's number and what it compares; the bound is added to it */
export function ratioGoal(goal: string, beside: string, { ours, other, atMost, show = milliseconds }: Ratio): Goal {
  const ratio = ours / other;
  return {
    goal: `${goal}: R(${beside}) at most ${shownBound(atMost)}`,
    figure: `${ratio.toPrecision(3)} (${show(ours)} beside ${show(other)})`,
    met: ratio <= atMost,
  };
}

export function boundGoal(
  goal: string,
  { value, atMost, figure }: { value: number; atMost: number; figure: string },
): Goal {
  return { goal, figure, met: value <= atMost };
}

export function notRunGoal(goal: string, beside: string, { notRun }: NotRun): Goal {
  return { goal: `${goal}: R(${beside})`, figure: notRun, met: "not run" };
}

export const perStep =
  (steps: number) =>
  (value: number): string =>
    `${((value / steps) * 1000).toFixed(0)} µs`;

export const kilobytes = (value: number): string => `${(value / 1000).toFixed(value < 10_000 ? 1 : 0)} KB`;

/** As the goals write it: 0.25, but 1/300. */
function shownBound(bound: number): string {
  return String(bound).length > 5 || bound < 0.05 ? `1/${Math.round(1 / bound)}` : String(bound);
}
