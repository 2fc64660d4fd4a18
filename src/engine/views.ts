import type { Json } from "../base/json.ts";
import type { Topology } from "../graph/topology.ts";
import { conflictingWrite, type NodeName, unknownChannel, winner } from "./conflicts.ts";
import type { View } from "./types.ts";
import type { ChannelVersions, Version } from "./versions.ts";

/** What reading takes, shared by all views of a frame. */
export interface Readable {
  readonly topology: Topology;
  readonly indexByName: ReadonlyMap<string, number>;
  readonly channels: readonly ChannelVersions[];
  readonly nameOf: NodeName;
}

/** R4: one version per channel, fixed when a batch was made ready and shared by all its tasks. */
export class FixedView implements View {
  readonly versions: readonly Version[];
  readonly #from: Readable;
  readonly #reader: number;
  readonly #values = new Map<number, Json | undefined>();

  constructor(from: Readable, reader: number, versions: readonly Version[]) {
    this.#from = from;
    this.#reader = reader;
    this.versions = versions;
  }

  read(channel: string): Json | undefined {
    const index = indexOf(this.#from, channel);
    if (this.#values.has(index)) return this.#values.get(index);
    const value = valueOf(this.#from, index, this.versions[index], this.#reader);
    this.#values.set(index, value);
    return value;
  }
}

/** Everything committed so far; a channel is folded again only after something was written to it. */
export class CurrentView implements View {
  readonly #from: Readable;
  readonly #current: (channel: number) => Version;
  readonly #values: ({ readonly version: Version; readonly value: Json | undefined } | undefined)[] = [];

  constructor(from: Readable, current: (channel: number) => Version) {
    this.#from = from;
    this.#current = current;
  }

  read(channel: string): Json | undefined {
    const index = indexOf(this.#from, channel);
    const version = this.#current(index);
    const known = this.#values[index];
    if (known?.version === version) return known.value;
    const value = valueOf(this.#from, index, version, undefined);
    this.#values[index] = { version, value };
    return value;
  }
}

function indexOf(from: Readable, channel: string): number {
  const index = from.indexByName.get(channel);
  if (index === undefined) throw unknownChannel(channel);
  return index;
}

function valueOf(from: Readable, index: number, version: Version | undefined, reader: number | undefined) {
  const versions = from.channels[index];
  if (version === undefined || versions === undefined) throw new TypeError(`There is no channel ${index}.`);
  const { channel } = versions;
  if (channel.reducer !== "last" || version === versions.root) return versions.foldOf(version).value();
  const { top, loser, value } = winner(version.writes, channel.conflict, from.topology);
  if (top === undefined || loser === undefined) return value;
  throw conflictingWrite(channel.name, [loser.stamp, top.stamp], reader, from.nameOf);
}
