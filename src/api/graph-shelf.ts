import { cacheKey } from "../security/tenant.ts";
import type { GraphVersionRow } from "../storage/graphs.ts";

/** How long another isolate may still start runs on the version that was current before. */
const REMEMBER_MS = 1_000;
const MAX_REMEMBERED = 64;
/** A larger document is looked up each time: what is remembered must stay small beside the isolate. */
const MAX_CHARACTERS = 65_536;

/**
 * The current version of the graphs that runs are being started on, so that a busy graph costs D1 one look-up a second and not
 * one a run. A version published here counts at once, elsewhere within a second; a run is pinned to what it started with.
 */
export class GraphShelf {
  readonly #rows = new Map<string, { readonly row: GraphVersionRow; readonly untilMs: number }>();
  #publications = 0;

  /** @param name a graph's id, or its assistant's, with or without a version */
  async find(
    tenant: string,
    name: string,
    find: () => Promise<GraphVersionRow | undefined>,
    nowMs: number,
  ): Promise<GraphVersionRow | undefined> {
    const place = cacheKey(tenant, "graph", name);
    const remembered = this.#rows.get(place);
    if (remembered !== undefined && nowMs < remembered.untilMs) return remembered.row;
    const before = this.#publications;
    const row = await find();
    // What was read while something was published may be what was current before.
    if (before !== this.#publications) return row;
    this.#rows.delete(place);
    if (row !== undefined && row.document.length <= MAX_CHARACTERS) this.#remember(place, row, nowMs);
    return row;
  }

  /** To be called after a publication. */
  forget(tenant: string, names: readonly string[]): void {
    this.#publications += 1;
    for (const name of names) this.#rows.delete(cacheKey(tenant, "graph", name));
  }

  #remember(place: string, row: GraphVersionRow, nowMs: number): void {
    // A Map keeps the order of insertion: the first entry is the oldest.
    const oldest = this.#rows.size >= MAX_REMEMBERED ? this.#rows.keys().next().value : undefined;
    if (oldest !== undefined) this.#rows.delete(oldest);
    this.#rows.set(place, { row, untilMs: nowMs + REMEMBER_MS });
  }
}
