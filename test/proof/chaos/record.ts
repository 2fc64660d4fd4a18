import type { StreamEvent } from "../../../scripts/local/client.ts";
import type { Program } from "./programs/program.ts";

/** What the clients know: the server is judged by this, by the provider's ledger and by its own log. */

export interface Frame {
  readonly id: number;
  readonly event: string;
  readonly data: unknown;
}

/** A start that was answered with 2xx. */
export interface Acknowledged {
  readonly threadId: string;
  readonly runId: string;
  readonly program: Program;
  readonly mark: string;
  /** Its place among the thread's runs: 0, 1 … */
  readonly n: number;
  readonly at: number;
  /** How it can be sent again; absent when it was sent without a key. */
  readonly request?: { readonly path: string; readonly headers: Record<string, string>; readonly body: object };
  /** Everything a follower has seen, in the order of seeing, over all its connections. */
  readonly seen?: Frame[];
  /** Runs that went on from it when its questions were answered. */
  chain?: readonly string[];
  /** When the answer to a cancel had come. */
  cancelledAt?: number;
}

export class Ledger {
  readonly runs: Acknowledged[] = [];
  /** Threads on which a start without a key was sent and never answered: it may have made a run, and no more than one. */
  readonly unknown = new Set<string>();
  /** Two answers to one Idempotency-Key that name different runs or signals. */
  readonly doubled: string[] = [];
  /** Replies that were thrown away, on purpose or by a kill. */
  lostReplies = 0;
  connections = 0;
  /** Starts, signals, cancels and joins: begun, and brought to an answer. */
  operations = { begun: 0, done: 0 };
}

export function toFrame({ id, event, data }: StreamEvent): Frame {
  return { id: Number(id), event, data };
}
