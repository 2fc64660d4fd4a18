import type { Models } from "../src/models/contract.ts";

/** What a thread reaches outside itself. */
export interface World {
  readonly models: Models;
  readonly fetch: typeof fetch;
  readonly index: D1Database;
  now(): number;
}
