import { type Bits, emptyBits, hasBit, setBit, word } from "../graph/bits.ts";
import type { Region } from "../graph/topology.ts";
import type { Entry } from "./versions.ts";

/** What has been committed in one region since its loop's turn began, and before it (R4). */
export class RegionTrace {
  readonly region: Region;
  readonly parent: RegionTrace | undefined;
  /** Units of which something was committed in this turn. */
  readonly settled: Bits;
  /** Per unit: the highest level committed in it. */
  readonly highest: Int32Array;
  /** The highest level of earlier turns. */
  earlierHighest = -1;
  turnBeganAt = 0;
  #highestSoFar = -1;
  /** Units whose tasks have seen all that is upstream of them: not those of an each node (R11). */
  readonly covers: (unit: number) => boolean;
  /** The units that are loops: their place here and their region. */
  readonly #loops: readonly (readonly [unit: number, region: number])[];
  /** By channel; made when the region first writes it. */
  readonly channels: (ChannelTrace | undefined)[] = [];

  constructor(region: Region, parent: RegionTrace | undefined, each: ReadonlySet<number>) {
    this.region = region;
    this.parent = parent;
    this.settled = emptyBits(region.units.length);
    this.highest = new Int32Array(region.units.length).fill(-1);
    this.covers = (at) => {
      const unit = region.units[at];
      return unit?.kind === "loop" || (unit !== undefined && (unit.head || !each.has(unit.node)));
    };
    this.#loops = [...region.units.entries()].flatMap(([at, unit]) =>
      unit.kind === "loop" ? [[at, unit.region]] : [],
    );
  }

  /** Channels written in this turn. */
  readonly dirty = new Set<number>();

  settle(unit: number, level: number): void {
    setBit(this.settled, unit);
    if (level > (this.highest[unit] ?? -1)) this.highest[unit] = level;
    if (level > this.#highestSoFar) this.#highestSoFar = level;
  }

  /** Something in the unit wrote the channel. */
  mark(channel: number, unit: number): void {
    setBit(this.channel(channel).marked, unit);
    this.dirty.add(channel);
  }

  /** What a unit that is a node wrote. */
  add(channel: number, unit: number, entry: Entry): void {
    const { entries } = this.channel(channel);
    const known = entries.get(unit);
    if (known === undefined) entries.set(unit, [entry]);
    else known.push(entry);
  }

  /** Drops a channel's writes, earlier ones too; answers with the nested loops that wrote it. */
  forget(channel: number): number[] {
    const trace = this.channel(channel);
    const nested = this.#loops.filter(([unit]) => hasBit(trace.marked, unit)).map(([, region]) => region);
    trace.marked.fill(0);
    trace.entries.clear();
    trace.earlier = NO_ENTRIES;
    return nested;
  }

  beginTurn(commits: number): void {
    this.earlierHighest = this.#highestSoFar;
    this.settled.fill(0);
    this.dirty.clear();
    this.turnBeganAt = commits;
  }

  channel(index: number): ChannelTrace {
    let trace = this.channels[index];
    if (trace === undefined) {
      trace = { marked: emptyBits(this.region.units.length), entries: new Map(), earlier: NO_ENTRIES };
      this.channels[index] = trace;
    }
    return trace;
  }
}

/** The writes to one channel in one region. */
export interface ChannelTrace {
  /** Units that wrote it in this turn. */
  readonly marked: Bits;
  /** By unit that is a node, in order of commit. What a nested loop wrote stands in its own trace. */
  readonly entries: Map<number, Entry[]>;
  /** What earlier turns wrote, as far as nothing of it was overwritten by what follows in this list. */
  earlier: readonly Entry[];
}

export const NO_ENTRIES: readonly Entry[] = [];

/** Whose marked units are asked for: all of a region, those upstream of a unit, or these and the unit itself. */
export type Beholder =
  | { readonly sees: "everything" }
  | { readonly sees: "upstream"; readonly unit: number }
  | { readonly sees: "upstream-and-itself"; readonly unit: number };

/**
 * The marked units that the beholder sees. Units upstream of a visited one that covers what it has seen are passed
 * over: a chain shows its last unit, a join the last of each branch.
 */
export function visitLatest(
  region: Region,
  marked: Bits,
  beholder: Beholder,
  covers: (unit: number) => boolean,
  visit: (unit: number) => void,
): void {
  const passedOver: Bits[] = [];
  // Units stand in topological order: from the last to the first, whoever saw a unit is met before it.
  for (let at = marked.length - 1; at >= 0; at -= 1) {
    let rest = word(marked, at) & seenWord(region, beholder, at);
    for (let row = 0; rest !== 0 && row < passedOver.length; row += 1) rest &= ~(passedOver[row]?.[at] ?? 0);
    while (rest !== 0) {
      const bit = 31 - Math.clz32(rest);
      rest &= ~(1 << bit);
      const found = at * 32 + bit;
      visit(found);
      const behind = covers(found) ? region.upstream[found] : undefined;
      if (behind === undefined) continue;
      rest &= ~word(behind, at);
      passedOver.push(behind);
    }
  }
}

function seenWord(region: Region, beholder: Beholder, at: number): number {
  if (beholder.sees === "everything") return -1;
  const { unit } = beholder;
  const upstream = region.upstream[unit]?.[at] ?? 0;
  const isItsWord = beholder.sees === "upstream-and-itself" && unit >>> 5 === at;
  return isItsWord ? upstream | (1 << (unit & 31)) : upstream;
}
