import { EdgewiseError, type ErrorRecord } from "../../src/base/errors.ts";
import type { Json, JsonObject } from "../../src/base/json.ts";
import { openFold } from "../../src/engine/reducers.ts";
import type { Write } from "../../src/engine/types.ts";
import type { Plan } from "../../src/graph/plan.ts";
import type { LogEntry } from "../log/entry.ts";
import { isInFrame } from "../log/places.ts";
import type { Playback } from "./playback.ts";

/** What a write may add beside its own text: its channel's name and quotes, a comma, and the digits that a sum grows by. */
const AROUND_WRITE = 32;

/**
 * Keeps the state of a run within the graph's `limits.state`: UTF-16 units of all channels as one JSON object. The state is
 * measured only when the last measure and all that was written since would be too much together, so that a run of small
 * writes costs nothing, and one near its limit a measure for each commit.
 */
export class StateSize {
  readonly #limit: number;
  /** Never less than the size; infinite before the first measure. */
  #atMost = Number.POSITIVE_INFINITY;

  constructor(limit: number | undefined) {
    this.#limit = limit ?? Number.POSITIVE_INFINITY;
  }

  /** Takes a committed entry in, whether just written or read back. */
  apply(entry: LogEntry): void {
    if (!("outcome" in entry) || entry.outcome === undefined) return;
    // What is written in a frame is not in the run's state yet (R10).
    if (this.#limit === Number.POSITIVE_INFINITY || "frame" in entry) return;
    if ("task" in entry && isInFrame(entry.task)) return;
    this.#atMost += weightOf(entry.outcome.writes);
  }

  /**
   * Why these writes cannot be committed (`state_too_large`, final); undefined when they can.
   * @param values the state as it is, asked for only when it has to be measured
   */
  check(plan: Plan, node: string, writes: readonly Write[], values: () => JsonObject): ErrorRecord | undefined {
    const size = this.#beyond(plan, writes, values);
    return size === undefined ? undefined : { ...tooLarge(`what node "${node}" wrote`, this.#limit, size), node };
  }

  /** The same for writes from outside. @throws EdgewiseError `state_too_large` */
  refuse(plan: Plan, pointer: string, writes: readonly Write[], values: () => JsonObject): void {
    const size = this.#beyond(plan, writes, values);
    if (size !== undefined) throw new EdgewiseError({ ...tooLarge(`\`${pointer}\``, this.#limit, size), pointer });
  }

  /** The size that the writes would bring the state to, where that is too large. */
  #beyond(plan: Plan, writes: readonly Write[], values: () => JsonObject): number | undefined {
    if (this.#limit === Number.POSITIVE_INFINITY || writes.length === 0) return undefined;
    if (this.#atMost + weightOf(writes) <= this.#limit) return undefined;
    const before = values();
    this.#atMost = lengthOf(before);
    const size = lengthOf(folded(plan, before, writes));
    // Clearing must be possible in a state that is too large already, such as one that a run began with.
    return size <= this.#limit || size < this.#atMost ? undefined : size;
  }
}

/** Writes from outside, before anything is written. @throws EdgewiseError `state_too_large`, at that pointer */
export function refuseTooMuch(playback: Playback, writes: readonly Write[], pointer: string): void {
  const { plan } = playback;
  new StateSize(plan.limits.state).refuse(plan, pointer, writes, () => playback.values(playback.channelNames()));
}

function tooLarge(what: string, limit: number, size: number): ErrorRecord {
  const message =
    `With ${what} the state would have ${size} characters of JSON; ${limit} are allowed (\`limits.state\`). ` +
    "Keep less in it, or raise the limit.";
  return { code: "state_too_large", message, retryable: false, details: { limit, size } };
}

function weightOf(writes: readonly Write[]): number {
  return writes.reduce((sum, { channel, value }) => sum + lengthOf(value) + channel.length + AROUND_WRITE, 0);
}

/** The state with the writes as its newest; a write that lands before others in canonical order (R5) may come to less. */
function folded(plan: Plan, values: JsonObject, writes: readonly Write[]): JsonObject {
  const byChannel = Map.groupBy(writes, ({ channel }) => channel);
  const written = [...byChannel].flatMap(([name, own]): [string, Json][] => {
    const channel = plan.channels.find((candidate) => candidate.name === name);
    if (channel === undefined) return [];
    const value = openFold(channel, values[name])
      .with(own.map(({ value: each }) => each))
      .value();
    return value === undefined ? [] : [[name, value]];
  });
  return { ...values, ...Object.fromEntries(written) };
}

function lengthOf(value: Json): number {
  return JSON.stringify(value).length;
}
