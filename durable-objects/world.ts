import type { ResultCache } from "../src/cache/contract.ts";
import type { MemoryStore } from "../src/memory/contract.ts";
import type { Models } from "../src/models/contract.ts";
import type { NodeKinds } from "../src/nodes/registry.ts";
import type { Outside } from "./outbox.ts";

/** What a thread reaches outside itself. */
export interface World {
  readonly kinds: NodeKinds;
  readonly index: D1Database;
  /** For what is due far ahead; without it alarms and the sweep are enough. */
  readonly wakes?: Queue | undefined;
  /** As the outbox hands webhooks on. */
  readonly deliver: Outside["deliver"];
  meansOf(tenant: string): Means;
  now(): number;
}

/** What nodes reach. */
export interface Means {
  readonly models: Models;
  /** To declared origins. */
  readonly fetch: typeof fetch;
  /** To public addresses only. */
  readonly publicFetch: typeof fetch;
  readonly store: MemoryStore;
  readonly cache: ResultCache;
}
