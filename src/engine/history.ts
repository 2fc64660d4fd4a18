import type { Json } from "../base/json.ts";
import type { Structure } from "../graph/structure.ts";
import type { Region, Topology } from "../graph/topology.ts";
import type { NodeName } from "./conflicts.ts";
import type { Stamp } from "./order.ts";
import { NO_TURNS, Traces } from "./traces.ts";
import type { View, Write } from "./types.ts";
import { ChannelVersions, type Entry, type Version } from "./versions.ts";
import { CurrentView, FixedView, type Readable } from "./views.ts";

/** What a frame runs. */
export interface Graph {
  readonly structure: Structure;
  readonly topology: Topology;
  readonly nameOf: NodeName;
  /** Whether the fold of a part of what was committed will be asked for. */
  readonly keepsParts?: boolean;
}

/** What was committed in a frame, and the views on it (R4, R7, R8). The only part that counts commits. */
export class History {
  /** The fold of everything committed so far. */
  readonly state: View;
  readonly #readable: Readable;
  readonly #traces: Traces;
  /** The version of everything, by channel; dropped when the channel is written. */
  readonly #current: (Version | undefined)[] = [];
  #lastOutside: Stamp | undefined;
  #commits = 0;
  #committedLevel = -1;
  readonly #keepsParts: boolean;

  constructor({ structure, topology, nameOf, keepsParts = false }: Graph, base: ReadonlyMap<string, Json>) {
    this.#traces = new Traces(topology, structure.each);
    const channels = structure.channels.map(
      (channel) => new ChannelVersions(channel, base.get(channel.name), keepsParts),
    );
    const indexByName = new Map(structure.channels.map((channel, index) => [channel.name, index]));
    this.#readable = { topology, indexByName, channels, nameOf };
    this.#keepsParts = keepsParts;
    this.state = new CurrentView(this.#readable, (channel) => this.#currentVersion(channel));
  }

  /** Highest level of what was committed, from outside too; -1 before that. */
  get committedLevel(): number {
    return this.#committedLevel;
  }

  /** The fold of what was committed up to a level, none below what was {@link trim}med. @throws as reading it does */
  stateUpTo(level: number): View {
    if (level >= this.#committedLevel) return this.state;
    if (!this.#keepsParts) throw new TypeError(`What was committed up to level ${level} was not kept apart.`);
    return new CurrentView(this.#readable, (channel) => {
      const version = this.#currentVersion(channel);
      return this.#readable.channels[channel]?.upTo(version, level) ?? version;
    });
  }

  /** Nobody will ask for the fold of less than all that is below this level. */
  trim(level: number): void {
    if (this.#keepsParts) for (const versions of this.#readable.channels) versions.trim(level);
  }

  /** R7: a run starts from what the thread committed before it, and its input. */
  begin(input: readonly Write[]): void {
    for (const { channel, value } of input) {
      const index = this.#readable.indexByName.get(channel) ?? -1;
      this.#readable.channels[index]?.begin(value);
      this.#current[index] = undefined;
    }
  }

  /** R3: heads of a loop are about to be made ready. */
  beginTurn(region: Region): void {
    this.#traces.beginTurn(region, this.#commits);
  }

  /** R5: where a task of the node stands that is made ready now; it sees every write from outside so far (R7). */
  placeOf(node: number): Stamp {
    const highest = Math.max(this.#traces.highestLevel(node), this.#lastOutside?.level ?? -1);
    return {
      kind: "ordinary",
      node,
      level: highest + 1,
      ordinal: 0,
      cause: undefined,
      readyAt: this.#commits,
      turnsBeganAt: this.#traces.turnsBeganAt(node),
      outsideSeen: this.#outsideWrites,
      committedAt: -1,
    };
  }

  /** R4: what a task of the node sees that is made ready now. */
  viewOf(node: number): FixedView {
    return this.#view(node, (versions, channel) => versions.of(this.#traces.lastWritesSeenBy(node, channel)));
  }

  /** R11: what the cause saw, and what it wrote. */
  viewAfter(node: number, cause: FixedView, wrote: ReadonlyMap<number, Entry>): FixedView {
    return this.#view(node, (versions, channel) => {
      const entry = wrote.get(channel);
      return entry === undefined ? (cause.versions[channel] ?? versions.root) : versions.of([entry]);
    });
  }

  /** R8: the view of a task that goes on, and its place: joined by, and above, what came from outside meanwhile. */
  refresh(task: Stamp, view: FixedView): FixedView {
    const seen = task.outsideSeen;
    if (this.#lastOutside === undefined || seen === this.#outsideWrites) return view;
    task.outsideSeen = this.#outsideWrites;
    task.level = Math.max(task.level, this.#lastOutside.level + 1);
    return this.#view(task.node, (versions, channel) => {
      const before = view.versions[channel] ?? versions.root;
      const missed = this.#traces.outside(channel).filter(({ stamp }) => stamp.outsideSeen >= seen);
      return missed.length === 0 ? before : versions.of([...before.writes, ...missed]);
    });
  }

  /** A task's outcome; answers with what it wrote, by channel. */
  commit(task: Stamp, view: FixedView, writes: readonly Write[]): ReadonlyMap<number, Entry> {
    task.committedAt = this.#commits;
    this.#commits += 1;
    this.#committedLevel = Math.max(this.#committedLevel, task.level);
    const wrote = this.#entries(task, writes, (channel) => view.versions[channel]);
    this.#traces.settle(task.node, task.level, wrote);
    return wrote;
  }

  /** R7: a write from outside. What it stands on differs from view to view, so its entries stand on nothing. */
  commitOutside(level: number, writes: readonly Write[]): Stamp {
    const stamp: Stamp = {
      kind: "outside",
      node: -1,
      level,
      ordinal: 0,
      cause: undefined,
      readyAt: this.#commits,
      turnsBeganAt: NO_TURNS,
      outsideSeen: this.#outsideWrites,
      committedAt: this.#commits,
    };
    this.#traces.disturb(
      this.#commits,
      this.#entries(stamp, writes, () => undefined),
    );
    this.#lastOutside = stamp;
    this.#commits += 1;
    this.#committedLevel = Math.max(this.#committedLevel, level);
    return stamp;
  }

  /** R5, R10: what leaves a frame. */
  writesTo(channel: string): readonly Json[] {
    const index = this.#readable.indexByName.get(channel) ?? -1;
    const version = this.#currentVersion(index);
    const versions = this.#readable.channels[index];
    if (versions === undefined || version === versions.root) return [];
    if (versions.channel.reducer !== "last") return versions.writesOf(version);
    const value = this.state.read(channel);
    return value === undefined ? [] : [value];
  }

  /** How many writes from outside there were: the last one saw all the others. */
  get #outsideWrites(): number {
    return this.#lastOutside === undefined ? 0 : this.#lastOutside.outsideSeen + 1;
  }

  #view(node: number, versionOf: (versions: ChannelVersions, channel: number) => Version): FixedView {
    return new FixedView(this.#readable, node, this.#readable.channels.map(versionOf));
  }

  #entries(
    stamp: Stamp,
    writes: readonly Write[],
    under: (channel: number) => Version | undefined,
  ): ReadonlyMap<number, Entry> {
    const values = new Map<number, Json[]>();
    for (const { channel, value } of writes) {
      const index = this.#readable.indexByName.get(channel) ?? -1;
      const known = values.get(index);
      if (known === undefined) values.set(index, [value]);
      else known.push(value);
    }
    const entries = new Map<number, Entry>();
    for (const [channel, written] of values) {
      const versions = this.#readable.channels[channel];
      if (versions === undefined) throw new TypeError(`${JSON.stringify(writes)} names what is no channel.`);
      this.#current[channel] = undefined;
      entries.set(channel, versions.entry(stamp, written, under(channel) ?? versions.root));
    }
    return entries;
  }

  #currentVersion(channel: number): Version {
    const versions = this.#readable.channels[channel];
    if (versions === undefined) throw new TypeError(`There is no channel ${channel}.`);
    return (this.#current[channel] ??= versions.of(this.#traces.lastWrites(channel)));
  }
}
