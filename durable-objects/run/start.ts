import type { JsonObject } from "../../src/base/json.ts";
import type { LogEntry } from "../log/entry.ts";
import type { Address } from "../thread-api.ts";
import type { LiveRun } from "./live-run.ts";

/** How a run begins: whose it is, and what of it the thread does not have yet. */
export interface Start extends Address {
  /** Metadata that the thread gets. */
  readonly belongsTo: JsonObject;
  /** Of its graph. */
  readonly document?: string;
  /** Number of the checkpoint it stands on, where that is not the thread's newest. */
  readonly step?: number;
}

/** A run's first entries, each asked for when the one before it is committed. */
export type Opening = (live: LiveRun) => Iterable<LogEntry>;
