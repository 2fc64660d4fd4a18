import type { Channel } from "../../graph/channels.ts";
import type { Structure } from "../../graph/structure.ts";
import { Random } from "./random.ts";

/** What a random graph may contain besides nodes and edges. */
export interface Features {
  readonly waits: boolean;
  readonly failures: boolean;
  readonly each: boolean;
  readonly outside: boolean;
  readonly limit: boolean;
}

/** A graph and how its nodes will behave; everything follows from the seed. */
export interface Scenario {
  readonly seed: number;
  readonly structure: Structure;
  readonly features: Features;
  readonly steps: number;
}

const CHANNELS: readonly Channel[] = [
  { name: "plain", reducer: "last", conflict: "error" },
  { name: "other", reducer: "last", conflict: "error", default: 0 },
  { name: "latest", reducer: "last", conflict: "last" },
  { name: "log", reducer: "append", conflict: "error" },
  { name: "object", reducer: "merge", conflict: "error" },
];

type Edges = Set<number>[];

/** The shapes in which the rules were found to matter. */
const FAMILIES: readonly ((random: Random, size: number, edges: Edges) => void)[] = [
  anything,
  forward,
  nestedCycles,
  sharedNode,
  gotoAnywhere,
];

export function randomScenario(seed: number): Scenario {
  const random = new Random("graph", seed);
  const size = 3 + random.below(9);
  const edges: Edges = Array.from({ length: size }, () => new Set<number>());
  FAMILIES[seed % FAMILIES.length]?.(random, size, edges);
  for (let extra = random.below(3); extra > 0; extra -= 1) edges[random.below(size)]?.add(random.below(size));
  const features = {
    waits: random.chance(0.5),
    failures: random.chance(0.4),
    each: random.chance(0.35),
    outside: random.chance(0.4),
    limit: random.chance(0.3),
  };
  const each = new Set<number>();
  if (features.each) for (let node = 0; node < size; node += 1) if (random.chance(0.3)) each.add(node);
  const starts = [...new Set([0, ...(random.chance(0.4) ? [random.below(size)] : [])])];
  const sorted = edges.map((targets) => [...targets].sort((one, other) => one - other));
  const structure = { nodes: size, edges: sorted, starts, each, channels: CHANNELS };
  return { seed, structure, features, steps: features.limit ? 4 + random.below(6) : 18 };
}

function anything(random: Random, size: number, edges: Edges): void {
  for (let count = size + random.below(size); count > 0; count -= 1) edges[random.below(size)]?.add(random.below(size));
  edges[0]?.add(1 + random.below(size - 1));
}

function forward(random: Random, size: number, edges: Edges): void {
  for (let node = 1; node < size; node += 1) edges[random.below(node)]?.add(node);
  for (let count = size; count > 0; count -= 1) {
    const from = random.below(size - 1);
    edges[from]?.add(from + 1 + random.below(size - from - 1));
  }
}

function nestedCycles(random: Random, size: number, edges: Edges): void {
  for (let node = 1; node < size; node += 1) edges[node - 1]?.add(node);
  for (let count = 1 + random.below(3); count > 0; count -= 1) {
    const from = random.below(size);
    edges[from]?.add(random.below(from + 1));
  }
  if (random.chance(0.6)) edges[random.below(size)]?.add(random.below(size));
}

/** Two cycles through one node, entered at different times. */
function sharedNode(random: Random, size: number, edges: Edges): void {
  const shared = 1 + random.below(size - 1);
  for (let node = 0; node < size; node += 1) {
    if (random.chance(0.6)) edges[node]?.add(shared);
    if (node !== shared && random.chance(0.6)) edges[shared]?.add(node);
    if (random.chance(0.3)) edges[node]?.add(random.below(size));
  }
  edges[0]?.add(shared);
}

/** A group in which every node may go to every other, with something before and after. */
function gotoAnywhere(random: Random, size: number, edges: Edges): void {
  const first = random.below(2);
  const group = Math.min(size, first + 2 + random.below(3));
  for (let node = first; node < group; node += 1) {
    for (let to = first; to < group; to += 1) if (node !== to || random.chance(0.3)) edges[node]?.add(to);
  }
  for (let node = Math.max(1, group); node < size; node += 1) edges[random.below(node)]?.add(node);
  edges[0]?.add(Math.min(size - 1, first + 1));
}
