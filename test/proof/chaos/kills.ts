import { Random } from "../../../src/engine/testing/random.ts";
import { type CrashPoint, POINTS, type Trigger } from "./points.ts";

export interface PointKill {
  readonly at: "point";
  readonly point: CrashPoint;
  /** Of a point in the thread: the place. */
  readonly trigger?: Trigger;
  /** Passed so often before. */
  readonly skip: number;
  /** Until it is armed. */
  readonly delayMs: number;
}

/** One kill: at a crash point, or at a moment that the seed chose. */
export type Kill =
  | PointKill
  /** After work that began in this life is over, and a while later. */
  | { readonly at: "rest"; readonly delayMs: number }
  /** `start`: so long after the process was made, listening or not. */
  | { readonly at: "ready" | "start"; readonly delayMs: number };

/**
 * In one case of ten a server is to live until work gets done, and this much longer: what is stuck shows then, and what was cut off
 * again and again comes to its end before the twentieth time (`attempt_lost`), however slow the machine is.
 */
const REST_MS = 2_000;

/**
 * Seven in ten at the points, in turn; the others at random moments (F1, F2).
 * @param pace how much longer than on an idle machine a life has to be for the same work
 */
export function planKills(seed: number, count: number, parts: ReadonlySet<string>, pace: number): readonly Kill[] {
  const random = new Random("kills", seed);
  const points = POINTS.filter((point) => isThere(point, parts));
  let next = random.below(points.length);
  return Array.from({ length: count }, (_, index): Kill => {
    if (index % 10 === 9) return { at: "rest", delayMs: REST_MS * pace };
    if (index % 10 === 4) return { at: "start", delayMs: random.below(250) };
    if (index % 10 === 0 || index % 10 === 7) return { at: "ready", delayMs: random.below(600) * pace };
    const point = points[next % points.length] ?? POINTS[0];
    next += 1;
    if (point === undefined) throw new Error("there is no crash point");
    const delayMs = random.below(300) * pace;
    if (point.by.who !== "thread") return { at: "point", point, skip: random.below(3), delayMs };
    const trigger = random.pick(point.by.triggers);
    return { at: "point", point, skip: random.below(point.by.most + 1), delayMs, ...(trigger && { trigger }) };
  });
}

/** @param parts places that the Worker says can be reached, beside those that always can */
export function isThere({ by }: CrashPoint, parts: ReadonlySet<string>): boolean {
  return by.who === "thread" ? by.triggers.every(({ at }) => !OPTIONAL.has(at) || parts.has(at)) : by.who !== "nobody";
}
const OPTIONAL = new Set(["consumed", "marking audit"]);
