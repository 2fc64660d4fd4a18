import type { Means } from "../world.ts";
import type { Verdict } from "./verdict.ts";

/** What the object hands to every attempt. */
export interface Reach {
  readonly means: Means;
  readonly now: () => number;
  /** Something was streamed: followers may look. */
  readonly streamed: () => void;
  /** What came to be without being asked for: a late end, a step that was made. */
  readonly happened: (verdict: Verdict) => void;
}
