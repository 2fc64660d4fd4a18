import { canonicalJson, isJsonObject, type Json, type JsonObject } from "../base/json.ts";
import type { ErrorRecord } from "../base/errors.ts";
import type { Channel, ReducerName } from "../graph/channels.ts";
import type { Fold } from "./fold.ts";
import { ListFold } from "./lists.ts";
import { MessagesFold, messageProblem } from "./messages.ts";

/** The fold of a channel that starts as `base`, or as its default. */
export function openFold(channel: Channel, base: Json | undefined): Fold {
  // Not `??`: null is a value that was written, no absence.
  const start = base === undefined ? channel.default : base;
  return FOLDS[channel.reducer](start);
}

const FOLDS: Record<ReducerName, (start: Json | undefined) => Fold> = {
  last: (start) => new LastFold(start),
  append: (start) => ListFold.open(start, "append"),
  union: (start) => ListFold.open(start, "union"),
  messages: (start) => MessagesFold.open(start),
  merge: (start) => new MergeFold(isJsonObject(start) ? start : undefined),
  sum: (start) => new NumberFold(start, (one, other) => one + other),
  min: (start) => new NumberFold(start, Math.min),
  max: (start) => new NumberFold(start, Math.max),
};

/** Why a channel cannot take this value: `invalid_write`, final; undefined when it can. */
export function checkWrite(channel: Channel, value: Json): ErrorRecord | undefined {
  const problem = PROBLEMS[channel.reducer](value);
  if (problem === undefined) return undefined;
  const message = `Channel "${channel.name}" (reducer ${channel.reducer}) ${problem}; got ${describe(value)}.`;
  return { code: "invalid_write", message, retryable: false };
}

const accepts = (): undefined => undefined;
const wantsNumber = (value: Json): string | undefined =>
  typeof value === "number" && Number.isFinite(value) ? undefined : "takes a number";

const PROBLEMS: Record<ReducerName, (value: Json) => string | undefined> = {
  last: accepts,
  append: accepts,
  union: accepts,
  messages: messageProblem,
  merge: (value) => (isJsonObject(value) ? undefined : "takes an object"),
  sum: wantsNumber,
  min: wantsNumber,
  max: wantsNumber,
};

function describe(value: Json): string {
  if (value === null) return "null";
  if (Array.isArray(value)) return "an array";
  if (typeof value === "object") return "an object";
  const text = canonicalJson(value);
  return text.length > 40 ? `${text.slice(0, 40)}…` : text;
}

class LastFold implements Fold {
  readonly #value: Json | undefined;
  constructor(value: Json | undefined) {
    this.#value = value;
  }
  with(writes: readonly Json[]): Fold {
    return writes.length === 0 ? this : new LastFold(writes.at(-1));
  }
  value(): Json | undefined {
    return this.#value;
  }
}

class NumberFold implements Fold {
  readonly #value: number | undefined;
  readonly #combine: (one: number, other: number) => number;
  constructor(value: Json | undefined, combine: (one: number, other: number) => number) {
    this.#value = typeof value === "number" ? value : undefined;
    this.#combine = combine;
  }
  with(writes: readonly Json[]): Fold {
    let value = this.#value;
    for (const write of writes) {
      if (typeof write === "number") value = value === undefined ? write : this.#combine(value, write);
    }
    return new NumberFold(value, this.#combine);
  }
  value(): Json | undefined {
    return this.#value;
  }
}

class MergeFold implements Fold {
  readonly #value: JsonObject | undefined;
  constructor(value: JsonObject | undefined) {
    this.#value = value;
  }
  with(writes: readonly Json[]): Fold {
    const merged: Record<string, Json> = {};
    for (const source of [this.#value, ...writes]) if (isJsonObject(source)) setOwn(merged, source);
    return new MergeFold(this.#value === undefined && !writes.some(isJsonObject) ? undefined : merged);
  }
  value(): Json | undefined {
    return this.#value;
  }
}

/** Keys are users' data: `__proto__` becomes a key like any other, and reaches no prototype. */
function setOwn(target: Record<string, Json>, source: JsonObject): void {
  for (const [key, value] of Object.entries(source)) {
    if (key !== "__proto__") target[key] = value;
    else Object.defineProperty(target, key, { value, enumerable: true, configurable: true, writable: true });
  }
}
