import type { Place, Region, Topology } from "../graph/topology.ts";
import { type Beholder, NO_ENTRIES, RegionTrace, visitLatest } from "./trace.ts";
import type { Entry } from "./versions.ts";

/**
 * What was committed where, in the regions of a frame, and which of it a node would see now (R4).
 *
 * When a task was made ready everything upstream of it was at rest, so what it wrote has *seen* all that its region and
 * the regions around held before: to see the last writers among the units upstream is to see the rest. Two things
 * weaken that: a task of an each node saw only what its cause saw (R11), and a write from outside may set units going
 * that were at rest (R7). Then more is answered than the last writers; what was overwritten shows when it is read.
 */
export class Traces {
  readonly #places: readonly Place[];
  readonly #traces: RegionTrace[] = [];
  /** What was written from outside, by channel: upstream of everything made ready later (R7). */
  readonly #outside = new Map<number, Entry[]>();
  /** Commits there were when that came last; turns that began later are not disturbed by it. */
  #disturbedAt = -1;

  constructor({ regions, places }: Topology, each: ReadonlySet<number>) {
    this.#places = places;
    for (const region of regions) {
      const parent = region.parent === undefined ? undefined : this.#traces[region.parent.index];
      this.#traces.push(new RegionTrace(region, parent, each));
    }
  }

  /** A task of the node was committed, and wrote these channels. */
  settle(node: number, level: number, wrote: ReadonlyMap<number, Entry>): void {
    const { region, unit } = this.#place(node);
    const home = this.#trace(region.index);
    for (const [channel, entry] of wrote) home.add(channel, unit, entry);
    let inner = unit;
    for (let trace: RegionTrace | undefined = home; trace !== undefined; trace = trace.parent) {
      trace.settle(inner, level);
      for (const channel of wrote.keys()) trace.mark(channel, inner);
      inner = trace.region.unitInParent;
    }
  }

  /** R7: a write from outside was committed. */
  disturb(commits: number, wrote: ReadonlyMap<number, Entry>): void {
    this.#disturbedAt = commits;
    for (const [channel, entry] of wrote) this.#outside.set(channel, [...this.outside(channel), entry]);
  }

  outside(channel: number): readonly Entry[] {
    return this.#outside.get(channel) ?? NO_ENTRIES;
  }

  /** R3: a turn of a loop begins. All that was committed in the loop becomes an earlier turn's. */
  beginTurn(region: Region, commits: number): void {
    const trace = this.#trace(region.index);
    const wasRegular = this.#isRegular(trace);
    for (const channel of trace.dirty) {
      const left = wasRegular ? [] : [...trace.channel(channel).earlier];
      this.#takeUnits(trace, channel, EVERYTHING, left);
      this.#forget(trace, channel);
      trace.channel(channel).earlier = left;
    }
    trace.beginTurn(commits);
  }

  /** R3: per loop around the node, outermost first, how many commits there were when its turn began. */
  turnsBeganAt(node: number): readonly number[] {
    let trace = this.#trace(this.#place(node).region.index);
    if (trace.parent === undefined) return NO_TURNS;
    const turns: number[] = [];
    for (; trace.parent !== undefined; trace = trace.parent) turns.push(trace.turnBeganAt);
    return turns.reverse();
  }

  /** R5: the highest level among the tasks that a task of the node would see now; -1 if there is none. */
  highestLevel(node: number): number {
    let highest = -1;
    const { region, unit } = this.#place(node);
    let beholder: Beholder = { sees: "upstream-and-itself", unit };
    for (let trace: RegionTrace | undefined = this.#trace(region.index); trace !== undefined; trace = trace.parent) {
      const { highest: levels } = trace;
      highest = Math.max(highest, trace.earlierHighest);
      visitLatest(trace.region, trace.settled, beholder, this.#covers(trace), (seen) => {
        highest = Math.max(highest, levels[seen] ?? -1);
      });
      beholder = { sees: "upstream", unit: trace.region.unitInParent };
    }
    return highest;
  }

  /** Everything that was written to a channel, as far as it is not known to be overwritten. */
  lastWrites(channel: number): Entry[] {
    const writes: Entry[] = [];
    this.#takeUnits(this.#trace(0), channel, EVERYTHING, writes);
    return writes.concat(this.outside(channel));
  }

  /** What of it a task of the node would see: from its own region outwards, as far as there is something new. */
  lastWritesSeenBy(node: number, channel: number): Entry[] {
    const writes: Entry[] = [];
    const { region, unit } = this.#place(node);
    let beholder: Beholder = { sees: "upstream-and-itself", unit };
    for (let trace: RegionTrace | undefined = this.#trace(region.index); trace !== undefined; trace = trace.parent) {
      this.#takeUnits(trace, channel, beholder, writes);
      // What was written in this turn has seen the earlier ones and all that was upstream of the loop.
      if (writes.length > 0 && this.#isRegular(trace)) return writes;
      for (const entry of trace.channels[channel]?.earlier ?? NO_ENTRIES) writes.push(entry);
      if (writes.length > 0 && trace.parent !== undefined && this.#isRegular(trace.parent)) return writes;
      beholder = { sees: "upstream", unit: trace.region.unitInParent };
    }
    return writes.concat(this.outside(channel));
  }

  /** What the units in sight wrote in this turn. */
  #takeUnits(trace: RegionTrace, channel: number, beholder: Beholder, into: Entry[]): void {
    const written = trace.channels[channel];
    if (written === undefined) return;
    visitLatest(trace.region, written.marked, beholder, this.#covers(trace), (found) => {
      const unit = trace.region.units[found];
      if (unit?.kind === "loop") this.#takeLoop(this.#trace(unit.region), channel, into);
      else for (const entry of written.entries.get(found) ?? NO_ENTRIES) into.push(entry);
    });
  }

  /** Everything a nested loop left so far in the current turn of the loop around it. */
  #takeLoop(trace: RegionTrace, channel: number, into: Entry[]): void {
    const before = into.length;
    this.#takeUnits(trace, channel, EVERYTHING, into);
    if (into.length > before && this.#isRegular(trace)) return;
    for (const entry of trace.channels[channel]?.earlier ?? NO_ENTRIES) into.push(entry);
  }

  /** Drops what a turn wrote, nested loops' share included: the loop around holds it as `earlier` now. */
  #forget(trace: RegionTrace, channel: number): void {
    for (const nested of trace.forget(channel)) this.#forget(this.#trace(nested), channel);
  }

  /** Nothing came from outside since the turn began. */
  #isRegular(trace: RegionTrace): boolean {
    return this.#disturbedAt < trace.turnBeganAt;
  }

  /** Which units' last writes have seen all that is upstream of them. */
  #covers(trace: RegionTrace): (unit: number) => boolean {
    return this.#isRegular(trace) ? trace.covers : NEVER;
  }

  #trace(region: number): RegionTrace {
    const trace = this.#traces[region];
    if (trace === undefined) throw new TypeError(`There is no region ${region}.`);
    return trace;
  }

  #place(node: number): Place {
    const place = this.#places[node];
    if (place === undefined) throw new TypeError(`There is no node ${node}.`);
    return place;
  }
}

export const NO_TURNS: readonly number[] = [];
const EVERYTHING: Beholder = { sees: "everything" };
const NEVER = (): boolean => false;
