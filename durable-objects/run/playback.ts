import { EdgewiseError } from "../../src/base/errors.ts";
import { isJsonObject, type Json, type JsonObject } from "../../src/base/json.ts";
import { createEngine } from "../../src/engine/engine.ts";
import type { Engine, Interior, Step } from "../../src/engine/types.ts";
import type { Plan } from "../../src/graph/plan.ts";
import { type LogEntry, toEngineEvent } from "../log/entry.ts";
import type { RunRow } from "../log/rows.ts";

/** Channel values of a thread. */
export type Values = ReadonlyMap<string, Json>;

/**
 * A run as its log tells it: entries in, state out. The live run, a restore, a follower and the history all read
 * the log through one of these, so they cannot disagree.
 */
export class Playback {
  readonly plan: Plan;
  readonly engine: Engine;
  readonly #base: Values;

  /** @param base the thread's values when the run began */
  constructor(plan: Plan, row: RunRow, base: Values) {
    this.plan = plan;
    this.#base = base;
    const known = new Map<string, Json>();
    for (const { name } of plan.channels) {
      const value = base.get(name);
      if (value !== undefined) known.set(name, value);
    }
    const options = {
      ...graphOptions(plan),
      steps: stepLimit(plan, row.kwargs),
      concurrency: plan.limits.concurrency,
    };
    this.engine = createEngine(plan.structure, plan.topology, options, known);
  }

  /** Undefined for an entry that the rules are not concerned with. */
  apply(entry: LogEntry): Step | undefined {
    const event = toEngineEvent(entry);
    return event && this.engine.apply(event);
  }

  /** The channels' values now; absent ones are left out, one in conflict keeps what it had before the run. */
  values(channels: Iterable<string>): JsonObject {
    const values: Record<string, Json> = {};
    for (const name of channels) {
      const value = this.#read(name);
      if (value !== undefined) values[name] = value;
    }
    return values;
  }

  /** Everything the thread holds now, channels of other graphs included. */
  threadValues(): Values {
    const values = new Map(this.#base);
    for (const [name, value] of Object.entries(this.values(this.channelNames()))) values.set(name, value);
    return values;
  }

  channelNames(): string[] {
    return this.plan.channels.map((channel) => channel.name);
  }

  /** The result's own conflict, if it has one (R6). */
  conflict(): EdgewiseError | undefined {
    for (const name of this.plan.output) {
      try {
        this.engine.state.read(name);
      } catch (thrown) {
        if (thrown instanceof EdgewiseError && thrown.code === "conflicting_write") return thrown;
        throw thrown;
      }
    }
    return undefined;
  }

  #read(name: string): Json | undefined {
    try {
      return this.engine.state.read(name);
    } catch (thrown) {
      if (thrown instanceof EdgewiseError && thrown.code === "conflicting_write") return this.#base.get(name);
      throw thrown;
    }
  }
}

type GraphOptions = Omit<Interior, "structure" | "topology" | "many" | "shares">;

/** Made once for each graph: those inside of one may be run by many nodes, on each of several levels. */
const OPTIONS = new WeakMap<Plan, GraphOptions>();

function graphOptions(plan: Plan): GraphOptions {
  const known = OPTIONS.get(plan) ?? optionsOf(plan);
  OPTIONS.set(plan, known);
  return known;
}

/** What the engine needs of a graph beside its structure: names, limit, and the graphs its composites run (R10). */
function optionsOf(plan: Plan): GraphOptions {
  const interiors = new Map<number, Interior>();
  for (const { index, inside, shares, many = false, carries = false } of plan.nodes) {
    if (inside === undefined) continue;
    const { structure, topology } = inside;
    interiors.set(index, { ...graphOptions(inside), structure, topology, many, carries, shares: shares?.begin ?? [] });
  }
  const nodeName = (node: number): string => plan.nodes[node]?.id ?? `#${node}`;
  return { nodeName, steps: plan.limits.steps, ...(interiors.size === 0 ? {} : { interiors }) };
}

/** A run's `config.recursion_limit` may lower or raise its graph's limit, within the language's own bounds. */
function stepLimit(plan: Plan, kwargs: JsonObject): number {
  const config = kwargs["config"];
  return (isJsonObject(config) ? askedSteps(config) : undefined) ?? plan.limits.steps;
}

/** The step limit that a run's `config` asks for, if it does. */
export function askedSteps(config: JsonObject): number | undefined {
  const limit = config["recursion_limit"];
  return typeof limit === "number" && Number.isInteger(limit) && limit > 0 ? Math.min(limit, 100_000) : undefined;
}
