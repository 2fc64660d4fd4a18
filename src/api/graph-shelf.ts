import { cacheKey } from "../security/tenant.ts";
import type { RunnableGraph } from "../storage/graphs.ts";

/** How long another isolate may still start runs on the version that was current before. */
const REMEMBER_MS = 1_000;
const MAX_REMEMBERED = 64;
/** What is larger is looked up each time: what is remembered must stay small beside the isolate. */
const MAX_CHARACTERS = 65_536;

/**
 * The current version of the graphs that runs are being started on, so that a busy graph costs D1 one look-up a second and not
 * one a run. A version published here counts at once, elsewhere within a second; a run is pinned to what it started with.
 */
export class GraphShelf {
  readonly #rows = new Map<string, Remembered>();
  #publications = 0;

  /** @param name a graph's id, or an assistant's, with or without a version */
  async find(
    tenant: string,
    name: string,
    find: () => Promise<RunnableGraph | undefined>,
    nowMs: number,
  ): Promise<RunnableGraph | undefined> {
    const place = cacheKey(tenant, "graph", name);
    const remembered = this.#rows.get(place);
    if (remembered !== undefined && nowMs < remembered.untilMs) return remembered.row;
    const before = this.#publications;
    const row = await find();
    // What was read while something was published may be what was current before.
    if (before !== this.#publications) return row;
    this.#rows.delete(place);
    if (row !== undefined && sizeOf(row) <= MAX_CHARACTERS) this.#remember(place, { tenant, row }, nowMs);
    return row;
  }

  /** To be called when a version of the graph was published, or an assistant of it was changed. */
  forget(tenant: string, graphId: string): void {
    this.#forget((remembered) => remembered.tenant === tenant && remembered.row.graphId === graphId);
  }

  /** To be called when much of what a tenant has was taken away. */
  forgetAll(tenant: string): void {
    this.#forget((remembered) => remembered.tenant === tenant);
  }

  #forget(isMeant: (remembered: Remembered) => boolean): void {
    this.#publications += 1;
    for (const [place, remembered] of this.#rows) if (isMeant(remembered)) this.#rows.delete(place);
  }

  #remember(place: string, what: Omit<Remembered, "untilMs">, nowMs: number): void {
    // A Map keeps the order of insertion: the first entry is the oldest.
    const oldest = this.#rows.size >= MAX_REMEMBERED ? this.#rows.keys().next().value : undefined;
    if (oldest !== undefined) this.#rows.delete(oldest);
    this.#rows.set(place, { ...what, untilMs: nowMs + REMEMBER_MS });
  }
}

function sizeOf({ document, assistant }: RunnableGraph): number {
  return document.length + (assistant === null ? 0 : JSON.stringify(assistant).length);
}

interface Remembered {
  readonly tenant: string;
  readonly row: RunnableGraph;
  readonly untilMs: number;
}
