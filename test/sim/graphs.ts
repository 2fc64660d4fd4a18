import type { JsonObject } from "../../src/base/json.ts";
import { type Composition, type Nested, randomNested } from "../../src/engine/testing/nested.ts";
import { Random } from "../../src/engine/testing/random.ts";
import type { ActConfig } from "./kind.ts";

/** What a graph's run depends on besides its nodes. */
export interface SimGraph {
  readonly document: JsonObject;
  /** Names of signals that its nodes may wait for. */
  readonly signals: readonly string[];
  /** Two schedules may differ in who wins a race, and so in all that follows. */
  readonly races: boolean;
}

const CHANNELS: JsonObject = {
  plain: {},
  other: { default: 0 },
  latest: { conflict: "last" },
  log: { reducer: "append", default: [] },
  object: { reducer: "merge" },
};
const NAMES = Object.keys(CHANNELS);
const SHORT_LOG = "size(default(state.log, [])) < 12";

/** A random graph of the engine's own tests as a document, its nodes being the simulator's. */
export function randomGraph(seed: number): SimGraph {
  const random = new Random("document", seed);
  const races = random.chance(0.3);
  const nested = randomNested(seed, races, random.chance(0.5) ? 1 : 0);
  const signals = new Set<string>();
  const graph = graphOf(nested, random, signals, "n");
  const budget = random.chance(0.12) ? { tokens: 20 + random.below(80) } : {};
  const limits = { steps: random.chance(0.2) ? 5 : 30, concurrency: 1 + random.below(5), ...budget };
  return { document: { edgewise: 1, id: `g${seed}`, ...graph, limits }, signals: [...signals], races };
}

function graphOf(nested: Nested, random: Random, signals: Set<string>, prefix: string): JsonObject {
  const { structure } = nested.scenario;
  const name = (node: number): string => `${prefix}${node}`;
  const nodes: Record<string, JsonObject> = {};
  const edges: JsonObject[] = structure.starts.map((to) => ({ from: "start", to: name(to) }));
  for (let node = 0; node < structure.nodes; node += 1) {
    const composition = nested.composites.get(node);
    const goto: string[] = [];
    for (const to of structure.edges[node] ?? []) {
      if (composition === undefined && random.chance(0.6)) goto.push(name(to));
      else if (to > node && random.chance(0.6)) edges.push({ from: name(node), to: name(to) });
      else edges.push({ from: name(node), to: name(to), when: SHORT_LOG });
    }
    const join = structure.each.has(node) ? { join: "each" } : {};
    const asks = composition === undefined && goto.length === 0 && random.chance(0.3);
    const body = asks
      ? gateOf(random)
      : composition === undefined
        ? actOf(random, goto, signals, nested, node)
        : compositeOf(composition, random, signals, `${name(node)}_`);
    nodes[name(node)] = { ...body, ...join };
  }
  return { channels: CHANNELS, nodes, edges };
}

function actOf(random: Random, to: string[], signals: Set<string>, { scenario }: Nested, node: number): JsonObject {
  const { waits, failures } = scenario.features;
  const config: { -readonly [Key in keyof ActConfig]: ActConfig[Key] } = {
    seed: random.below(1e9),
    to,
    sees: NAMES.filter((name) => name === "log" || random.chance(0.6)),
    writes: NAMES.filter((name) => name === "log" || random.chance(0.5)),
    latencyMs: 1 + random.below(40),
  };
  if (random.chance(0.2)) config.pure = true;
  if (random.chance(0.25)) config.pieces = 1 + random.below(6);
  if (random.chance(0.2)) config.steps = 1 + random.below(2);
  if (random.chance(0.1)) config.unsafe = true;
  const more: Record<string, JsonObject | string | number> = {};
  if (random.chance(0.3)) {
    config.answers = (["retryable", "patience", "hangs", "retryable"] as const).filter(() => random.chance(0.5));
    more["retry"] = { attempts: 3 + random.below(4), delay: "200ms", max_delay: "2s" };
    more["timeout"] = random.chance(0.5) ? "3s" : { total: "10s", first: "2s", idle: "3s" };
  }
  if (failures && random.chance(0.15)) config.answers = [...(config.answers ?? []).slice(0, 1), "final"];
  if (random.chance(0.2)) more["on_error"] = { write: "object", to: random.chance(0.5) ? (to[0] ?? "end") : "end" };
  if (waits && random.chance(0.25)) config.waitMs = random.pick([1, 40, 700, 9_000, 70_000]) ?? 1;
  else if (waits && random.chance(0.2)) {
    config.signal = `s${random.below(3)}`;
    signals.add(config.signal);
    if (random.chance(0.5)) config.deadlineMs = 20_000;
  }
  return { kind: "act", ...(config as unknown as JsonObject), ...more, description: `node ${node}` };
}

function gateOf(random: Random): JsonObject {
  const deadline = random.chance(0.4) ? { deadline: "30s", on_error: { write: "object", to: "end" } } : {};
  return { kind: "gate", ask: "Go on?", write: "latest", ...deadline };
}

function compositeOf(inner: Composition, random: Random, signals: Set<string>, prefix: string): JsonObject {
  const graph = { ...graphOf(inner, random, signals, prefix), limits: { steps: 8 + random.below(8) } };
  const passage = {
    ...(random.chance(0.4) ? { input: { log: inner.many ? "[string(index)]" : "['in']" } } : {}),
    ...(random.chance(0.4) ? { output: { log: "state.log", latest: "size(state.log)" } } : {}),
    graph,
  };
  if (inner.carries) return { kind: "loop", max: 3, until: "size(state.log) > 4", ...passage };
  const over = JSON.stringify(Array.from({ length: (inner.winners ?? 0) + random.below(4) }, (_, index) => index));
  if (inner.winners !== undefined) return { kind: "race", over, first: inner.winners, ...passage };
  if (!inner.many) return { kind: "subgraph", ...passage };
  const concurrency = 1 + random.below(3);
  return { kind: "map", over, concurrency, ...(inner.tolerant ? { on_failure: "skip" } : {}), ...passage };
}
