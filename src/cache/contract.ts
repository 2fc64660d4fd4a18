import type { Json } from "../base/json.ts";

/** A tenant's results of nodes that may be used again. What it forgets is made again; it never fails a run. */
export interface ResultCache {
  /** Undefined when there is none, when it is too old, and when it could not be asked. */
  get(key: string): Promise<Json | undefined>;
  /** @param ttlMs for how long it may be used */
  put(key: string, value: Json, ttlMs: number): Promise<void>;
}
