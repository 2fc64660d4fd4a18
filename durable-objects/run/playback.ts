import { EdgewiseError } from "../../src/base/errors.ts";
import { isJsonObject, type Json, type JsonObject } from "../../src/base/json.ts";
import { createEngine } from "../../src/engine/engine.ts";
import type { Engine, Interior, Step, View } from "../../src/engine/types.ts";
import type { Plan } from "../../src/graph/plan.ts";
import { isInFrame } from "../log/places.ts";
import { type Commit, type LogEntry, toEngineEvent } from "../log/entry.ts";
import type { RunRow } from "../log/rows.ts";
import { BEFORE_INPUT, type ShowingRow, type ShownStep, Steps } from "./steps.ts";

/** Channel values of a thread. */
export type Values = ReadonlyMap<string, Json>;

/**
 * A run as its log tells it: entries in, state out. The live run, a restore, a follower and the history all read
 * the log through one of these, so they cannot disagree.
 */
export class Playback {
  readonly plan: Plan;
  readonly engine: Engine;
  readonly steps: Steps;
  /** What is in flight and pending; after a cancel what it dropped, which is what could go on. */
  left: Pick<Engine, "inFlight" | "pending">;
  readonly #base: Values;

  /**
   * @param base the thread's values when the run began
   * @param keepsParts values of steps will be asked for, beside those of everything
   */
  constructor(plan: Plan, row: RunRow, base: Values, keepsParts = false) {
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
      keepsParts,
    };
    this.engine = createEngine(plan.structure, plan.topology, options, known);
    this.steps = new Steps(this.engine);
    this.left = this.engine;
  }

  /** Undefined for an entry that the rules are not concerned with. What is read back is to be handed to {@link replay}. */
  apply(entry: LogEntry): Step | undefined {
    const event = toEngineEvent(entry);
    if (event === undefined) {
      this.steps.untouched();
      return undefined;
    }
    const level = this.#levelOf(entry);
    if (event.type === "cancelled") {
      const [flights, pending] = [this.engine.inFlight(), this.engine.pending()];
      this.left = { inFlight: () => flights, pending: () => pending };
    }
    const step = this.engine.apply(event);
    if (entry.type === "run-started") this.steps.begun();
    else if (SHOWS_EVERYTHING.has(entry.type)) this.steps.everything();
    else this.steps.progressed(level);
    return step;
  }

  /** A commit that is read back. */
  replay(commit: Pick<Commit, "entry" | "step" | "shows">): Step | undefined {
    const step = this.apply(commit.entry);
    this.steps.shown(commit);
    return step;
  }

  /** The steps that the commit shows whose entry was applied last: to be asked once, before the next. */
  shown(commit: ShowingRow): readonly ShownStep[] {
    return this.steps.shown(commit);
  }

  /** Of the run's own task whose outcome the entry is. */
  #levelOf(entry: LogEntry): number | undefined {
    if (entry.type !== "task-succeeded" && entry.type !== "task-failed") return undefined;
    if (entry.outcome === undefined || isInFrame(entry.task)) return undefined;
    return this.engine.task(entry.task)?.level;
  }

  /**
   * The channels' values now; absent ones are left out, one in conflict keeps what it had before the run.
   * @param upTo of a step that the last commit shows: its {@link ShownStep.upTo}; the playback must keep parts
   */
  values(channels: Iterable<string>, upTo?: number): JsonObject {
    const state = this.#stateUpTo(upTo);
    const values: Record<string, Json> = {};
    for (const name of channels) {
      const value = this.#read(state, name);
      if (value !== undefined) values[name] = value;
    }
    return values;
  }

  /** Everything the thread holds now, channels of other graphs included. @param upTo as in {@link values} */
  threadValues(upTo?: number): Values {
    const values = new Map(this.#base);
    for (const [name, value] of Object.entries(this.values(this.channelNames(), upTo))) values.set(name, value);
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

  #stateUpTo(level: number | undefined): View {
    if (level === undefined) return this.engine.state;
    if (level !== BEFORE_INPUT) return this.engine.stateUpTo(level);
    return { read: (name) => this.#base.get(name) ?? this.#default(name) };
  }

  #default(name: string): Json | undefined {
    return this.plan.channels.find((channel) => channel.name === name)?.default;
  }

  #read(state: View, name: string): Json | undefined {
    try {
      return state.read(name);
    } catch (thrown) {
      if (thrown instanceof EdgewiseError && thrown.code === "conflicting_write") return this.#base.get(name);
      throw thrown;
    }
  }
}

/** What is shown at once, whatever is in flight. */
const SHOWS_EVERYTHING: ReadonlySet<LogEntry["type"]> = new Set(["state-updated", "run-migrated"]);

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
