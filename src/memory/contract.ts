import type { JsonObject } from "../base/json.ts";

/** What lies in the store: LangGraph's item, without its search score. */
export interface StoreItem {
  /** Each part is 1 to 200 characters long and has no dot; at most 10 parts. */
  readonly namespace: readonly string[];
  readonly key: string;
  readonly value: JsonObject;
  /** Unix milliseconds. */
  readonly createdAt: number;
  readonly updatedAt: number;
}

/** A tenant's long-term memory, across threads: items by namespace and key. Putting the same twice changes nothing. */
export interface MemoryStore {
  get(namespace: readonly string[], key: string): Promise<StoreItem | undefined>;
  /** @throws EdgewiseError `invalid_request`, `value_too_large`. */
  put(namespace: readonly string[], key: string, value: JsonObject): Promise<void>;
  delete(namespace: readonly string[], key: string): Promise<void>;
}
