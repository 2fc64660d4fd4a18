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

export interface PutOptions {
  /** How long it is kept from now, or from its last read where that renews it; for good where it is left out. */
  readonly ttlMs?: number;
  /** It counts as updated although its value is the same. */
  readonly evenIfSame?: boolean;
}

export interface ItemQuery {
  /** The first parts of the namespaces to look in; none: in all. */
  readonly prefix: readonly string[];
  /** By key of the item's value: what that must equal, or operators (`$eq $ne $gt $gte $lt $lte`) with what to compare it with. */
  readonly filter?: JsonObject;
  readonly limit: number;
  readonly offset: number;
  /** Items with a time to live are kept that long again. */
  readonly renew?: boolean;
}

export interface NamespaceQuery {
  /** How it begins and ends; the part `*` stands for any one. */
  readonly prefix: readonly string[];
  readonly suffix: readonly string[];
  /** Longer ones are cut to so many parts. */
  readonly maxDepth?: number;
  readonly limit: number;
  readonly offset: number;
}

/** A tenant's long-term memory, across threads: items by namespace and key. Putting the same twice changes nothing. */
export interface MemoryStore {
  get(
    namespace: readonly string[],
    key: string,
    options?: { readonly renew?: boolean },
  ): Promise<StoreItem | undefined>;
  /** @throws EdgewiseError `invalid_request`, `value_too_large`. */
  put(namespace: readonly string[], key: string, value: JsonObject, options?: PutOptions): Promise<void>;
  delete(namespace: readonly string[], key: string): Promise<void>;
  /** By namespace, then by key. @throws EdgewiseError `invalid_request` for a filter it cannot follow, `value_too_large` for a page too large. */
  search(query: ItemQuery): Promise<readonly StoreItem[]>;
  /** Those that hold something, each once, sorted. */
  namespaces(query: NamespaceQuery): Promise<readonly (readonly string[])[]>;
}
