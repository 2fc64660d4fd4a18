import type { Json, JsonObject } from "../base/json.ts";

export const REDUCERS = ["last", "append", "merge", "sum", "min", "max", "union", "messages"] as const;
export type ReducerName = (typeof REDUCERS)[number];

/** A named part of a run's state. A channel without a default is absent until it is written. */
export interface Channel {
  readonly name: string;
  readonly reducer: ReducerName;
  /** Only for `last`: what two writes do that have not seen each other (R6). */
  readonly conflict: "error" | "last";
  readonly default?: Json;
  /** JSON Schema of the value, as written in the document. */
  readonly schema?: JsonObject;
}
