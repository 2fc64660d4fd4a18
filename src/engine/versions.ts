import type { Json } from "../base/json.ts";
import type { Channel } from "../graph/channels.ts";
import type { Fold } from "./fold.ts";
import { compareStamps, type Stamp } from "./order.ts";
import { openFold } from "./reducers.ts";

/** What one commit wrote to one channel. */
export interface Entry {
  readonly stamp: Stamp;
  /** In the order written. For a `last` channel only the last one. */
  readonly values: readonly Json[];
  /** What the writing task saw of the channel: this entry stands on it. */
  under: Version;
  /** The version in which this entry is the latest write; the usual case, made once. */
  alone?: Version;
}

/**
 * One channel as some view sees it: these writes and everything they stand on. The list holds at least the writes that
 * no other write of the view has seen.
 */
export class Version {
  readonly writes: readonly Entry[];
  /** Highest level among the writes; what a version stands on is always lower. */
  readonly height: number;
  fold: Fold | undefined;

  constructor(writes: readonly Entry[], fold?: Fold) {
    this.writes = writes;
    this.height = writes.reduce((highest, entry) => Math.max(highest, entry.stamp.level), -2);
    this.fold = fold;
  }
}

/** Folds kept per channel. Older ones are folded again when asked: memory does not grow with the number of turns. */
const FOLDS_KEPT = 64;

/** The versions of one channel within a frame. */
export class ChannelVersions {
  readonly channel: Channel;
  /** What the run started from (R7): the thread's value, and the input. */
  root: Version;
  #rootFold: Fold;
  /** Least recently used first. */
  readonly #kept = new Set<Version>();
  /** Entries of a `last` channel that still stand on what they overwrote, by level; left out where nobody asks for a part. */
  readonly #overwriting: Map<number, Entry[]> | undefined;
  #latest: Version;

  /** @param keepsParts {@link upTo} will be asked of levels above those of the last {@link trim} */
  constructor(channel: Channel, base: Json | undefined, keepsParts: boolean) {
    this.channel = channel;
    this.#overwriting = keepsParts && channel.reducer === "last" ? new Map() : undefined;
    this.#rootFold = openFold(channel, base);
    this.root = new Version([], this.#rootFold);
    this.#latest = this.root;
  }

  /** The run's input, before anything else is written. */
  begin(input: Json): void {
    this.#rootFold = this.#rootFold.with([input]);
    this.root = new Version([], this.#rootFold);
  }

  /** An entry, trimmed to what can matter: on a `last` channel nothing that was overwritten is kept alive. */
  entry(stamp: Stamp, values: readonly Json[], under: Version): Entry {
    if (this.channel.reducer !== "last") return { stamp, values, under };
    if (this.#overwriting === undefined) return { stamp, values: values.slice(-1), under: this.root };
    const entry: Entry = { stamp, values: values.slice(-1), under };
    const known = this.#overwriting.get(stamp.level);
    if (known === undefined) this.#overwriting.set(stamp.level, [entry]);
    else known.push(entry);
    return entry;
  }

  /** Nobody will ask for less than everything below this level any more: what was overwritten there may go. */
  trim(level: number): void {
    for (const [at, entries] of this.#overwriting ?? []) {
      // in the order of levels, but for few that were written while others went on
      if (at >= level) break;
      for (const entry of entries) entry.under = this.root;
      this.#overwriting?.delete(at);
    }
  }

  /** R5: what was written up to this level, which comes before all the rest in canonical order. */
  upTo(version: Version, level: number): Version {
    if (version.height <= level) return version;
    const found = new Set<Entry>();
    const open = new OpenVersions(version);
    for (let top = open.takeHighest(); top !== undefined; top = open.takeHighest()) {
      for (const entry of top.writes) {
        if (entry.stamp.level <= level) found.add(entry);
        else open.add(entry.under);
      }
    }
    return found.size === 0 ? this.root : this.of([...found]);
  }

  /** The version with these writes; the latest one again if it is that, so that equal views share one fold. */
  of(writes: readonly Entry[]): Version {
    const [first] = writes;
    if (first === undefined) return this.root;
    if (writes.length === 1) return (first.alone ??= new Version(writes));
    if (!sameEntries(writes, this.#latest.writes)) this.#latest = new Version(writes);
    return this.#latest;
  }

  /**
   * R5: the fold of everything in the version, in canonical order. Goes straight down as long as one write stands on
   * another, which is the usual case and one step when the version below has just been folded.
   */
  foldOf(version: Version): Fold {
    const above: Entry[] = [];
    let below = version;
    while (below.fold === undefined && below.writes.length === 1) {
      const [entry] = below.writes;
      if (entry === undefined) break;
      above.push(entry);
      below = entry.under;
    }
    const base = below.fold ?? this.#foldBranches(below);
    if (below !== this.root) this.#keep(below, base);
    if (above.length === 0) return base;
    const fold = base.with(above.reverse().flatMap((entry) => entry.values));
    this.#keep(version, fold);
    return fold;
  }

  /** All that was written since the root, in canonical order (R5). */
  writesOf(version: Version): readonly Json[] {
    const found = new Set<Entry>();
    const open = new OpenVersions(version);
    for (let top = open.takeHighest(); top !== undefined; top = open.takeHighest()) {
      for (const entry of top.writes) {
        if (found.has(entry)) continue;
        found.add(entry);
        open.add(entry.under);
      }
    }
    return [...found].sort((one, other) => compareStamps(one.stamp, other.stamp)).flatMap((entry) => entry.values);
  }

  /**
   * Walks down from the highest writes until a single version is left on which all the rest stands and whose fold is
   * known; what was passed on the way comes after it in canonical order, because levels grow with what was seen.
   */
  #foldBranches(version: Version): Fold {
    const passed = new Set<Entry>();
    const open = new OpenVersions(version);
    let base = this.#rootFold;
    for (let top = open.takeHighest(); top !== undefined; top = open.takeHighest()) {
      if (top.fold !== undefined && open.isEmpty()) {
        if (top !== this.root) this.#keep(top, top.fold);
        base = top.fold;
        break;
      }
      for (const entry of top.writes) {
        passed.add(entry);
        open.add(entry.under);
      }
    }
    const sorted = [...passed].sort((one, other) => compareStamps(one.stamp, other.stamp));
    return base.with(sorted.flatMap((entry) => entry.values));
  }

  #keep(version: Version, fold: Fold): void {
    version.fold = fold;
    this.#kept.delete(version);
    this.#kept.add(version);
    if (this.#kept.size <= FOLDS_KEPT) return;
    for (const oldest of this.#kept) {
      oldest.fold = undefined;
      this.#kept.delete(oldest);
      return;
    }
  }
}

/** The versions still to be walked through, highest first. Few at a time: as many as there are branches. */
class OpenVersions {
  readonly #versions: Version[];

  constructor(first: Version) {
    this.#versions = [first];
  }

  isEmpty(): boolean {
    return this.#versions.length === 0;
  }

  /** Ordered by height, the highest at the end. */
  add(version: Version): void {
    const versions = this.#versions;
    let place = versions.length;
    for (; place > 0; place -= 1) {
      const before = versions[place - 1];
      if (before === version) return;
      if (before === undefined || before.height < version.height) break;
    }
    versions.splice(place, 0, version);
  }

  takeHighest(): Version | undefined {
    return this.#versions.pop();
  }
}

function sameEntries(one: readonly Entry[], other: readonly Entry[]): boolean {
  if (one.length !== other.length) return false;
  for (const [place, entry] of one.entries()) if (entry !== other[place]) return false;
  return true;
}
