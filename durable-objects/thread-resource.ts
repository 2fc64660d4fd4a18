import type { Json, JsonObject } from "../src/base/json.ts";

/** A thread as a resource: what is said of it, and what it is made of. Part of the RPC surface in thread-api.ts. */

export type ThreadStatus = "idle" | "busy" | "interrupted" | "error";

export interface Address {
  readonly tenant: string;
  readonly threadId: string;
}

/** A graph version, whole: the object keeps it, so that the run stays on it whatever is published later. */
export interface GraphVersion {
  readonly graphId: string;
  readonly version: number;
  /** The plan's hash: equal for equal documents (src/graph/identity.ts). */
  readonly hash: string;
  /** The document as JSON, its nodes and channels in their order. */
  readonly document: string;
}

export interface ThreadView {
  readonly thread_id: string;
  readonly created_at: string;
  readonly updated_at: string;
  readonly metadata: JsonObject;
  readonly status: ThreadStatus;
  readonly config: JsonObject;
  readonly values: JsonObject | null;
  readonly interrupts: JsonObject;
  readonly state_updated_at: string;
  /** Why its newest run failed; null where it did not. */
  readonly error: Json;
  /** In minutes, and when it is over; absent where it stays for good. */
  readonly ttl?: JsonObject;
}

/** How long a thread is kept after what happened to it last. */
export interface TimeToLive {
  readonly ms: number;
  readonly strategy: "delete";
}

export interface CreateThread extends Address {
  readonly metadata: JsonObject;
  readonly ifExists: "raise" | "do_nothing";
  readonly ttl?: TimeToLive;
  /** A history to begin with, all or nothing; an existing thread is left as it is. */
  readonly supersteps?: {
    readonly steps: readonly Superstep[];
    readonly graph: GraphVersion;
    readonly assistantId: string;
  };
}

/** What one step wrote: the outcomes of its nodes, or, `__input__` and `__start__`, the input. */
export type Superstep = readonly {
  readonly values: readonly (readonly [channel: string, value: Json])[];
  readonly asNode: string;
  /** In place of the node's own edges. */
  readonly goto?: readonly { readonly node: string; readonly input?: Json }[];
}[];

export interface PatchThread extends Address {
  /** Merged. */
  readonly metadata: JsonObject;
  /** null: it stays for good. */
  readonly ttl?: TimeToLive | null;
}

/** A thread that is to be a copy of another of its tenant's. */
export interface CopyThread extends Address {
  readonly source: string;
}

/** Asks for a page of a thread's rows: the first, or the one at `place` of what `cut` names. */
export interface CopyQuery extends Address {
  readonly cut?: string;
  readonly place?: { readonly table: string; readonly after: readonly SqlStorageValue[] };
}

export interface CopyPage {
  /** What the pages are of; they all are of the same. */
  readonly cut: string;
  readonly page?: {
    readonly table: string;
    readonly columns: readonly string[];
    readonly rows: readonly (readonly SqlStorageValue[])[];
    readonly next?: NonNullable<CopyQuery["place"]>;
  };
  /** Of the first page alone. */
  readonly begin?: {
    readonly statements: readonly string[];
    /** Its own row, by column. */
    readonly thread: Readonly<Record<string, SqlStorageValue>>;
    readonly metadata: JsonObject;
    readonly facts: { readonly copied: { readonly runs: number }; readonly pruned?: { readonly before: number } };
  };
}

export interface UpdateState extends Address {
  /** Channel values, as one writes them. */
  readonly values: readonly (readonly [channel: string, value: Json])[];
  /** A node: the write is its outcome if it waits or has failed, and its edges are taken. */
  readonly asNode?: string;
  /** Fork from there; absent: the thread's newest. */
  readonly checkpointId?: string;
  /** Of a frame that is open, by its name (`checkpoint_ns`): it is written to what that composite does inside. */
  readonly namespace?: string;
  /** For a thread that has never run. */
  readonly graph?: GraphVersion;
  readonly assistantId?: string;
  readonly metadata?: JsonObject;
}
