import { EdgewiseError } from "../../../src/base/errors.ts";
import type { Json } from "../../../src/base/json.ts";
import type { Scope } from "../../../src/graph/plan.ts";
import { prototypeChanges } from "../prototypes.ts";

/** What an attempt came to; `reached` says how the host was, if it was. */
export interface Attempt {
  readonly came: "refused" | "failed" | "data";
  readonly ms: number;
  readonly reached?: string;
}

/** The state behind a wire: only declared channels may be asked for. */
export function guarded(data: Readonly<Record<string, Json>>, asked: string[]): Scope {
  return {
    read(channel) {
      if (Object.hasOwn(data, channel)) return data[channel];
      asked.push(channel);
      return undefined;
    },
    payload: { item: 1 },
  };
}

/** Runs one evaluation with tripwires on what objects inherit, and looks at all that comes back. */
export function attempt(run: () => Json, asked: readonly string[]): Attempt {
  const wires = layWires();
  const startedAt = performance.now();
  let outcome: { value: Json } | { thrown: unknown };
  try {
    outcome = { value: run() };
  } catch (thrown) {
    outcome = { thrown };
  }
  const ms = performance.now() - startedAt;
  const tripped = wires.lift();
  const reached = [
    ...tripped.map((wire) => `touched ${wire}`),
    ...asked.map((channel) => `asked for the channel ${channel}`),
    ...prototypeChanges().map((change) => `changed ${change}`),
    ...("value" in outcome ? foreign(outcome.value, 0) : leaked(outcome.thrown)),
  ];
  return {
    came: "value" in outcome ? "data" : "failed",
    ms,
    ...(reached.length > 0 && { reached: reached.join(", ") }),
  };
}

/** Accessors in the place of what every object inherits; nothing of the language's own work touches them. */
function layWires(): { lift(): string[] } {
  const tripped: string[] = [];
  const laid: (() => void)[] = [];
  const lay = (name: string, owner: object, key: string) => {
    const real = Object.getOwnPropertyDescriptor(owner, key);
    const trip = (): unknown => {
      tripped.push(`${name}.${key}`);
      return real?.value;
    };
    Object.defineProperty(owner, key, { configurable: true, get: trip, set: trip });
    laid.push(() => {
      if (real === undefined) Reflect.deleteProperty(owner, key);
      else Object.defineProperty(owner, key, real);
    });
  };
  for (const key of ["__proto__", "__defineGetter__", "__lookupGetter__", "isPrototypeOf", "polluted", "plain"])
    lay("Object.prototype", Object.prototype, key);
  for (const key of ["constructor", "anchor", "normalize"]) lay("String.prototype", String.prototype, key);
  lay("Number.prototype", Number.prototype, "constructor");
  lay("Boolean.prototype", Boolean.prototype, "constructor");
  for (const key of ["apply", "caller", "arguments"]) lay("Function.prototype", Function.prototype, key);
  lay("Array.prototype", Array.prototype, "copyWithin");
  return {
    lift() {
      for (const undo of laid) undo();
      return tripped;
    },
  };
}

/** A value must be plain JSON through and through: own data of plain objects and lists. */
function foreign(value: unknown, depth: number): string[] {
  if (value === null || typeof value === "string" || typeof value === "boolean") return [];
  if (typeof value === "number") return Number.isFinite(value) ? [] : [`a number ${value}`];
  if (typeof value !== "object") return [`a ${typeof value}`];
  if (depth > 200) return ["a value without end"];
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype !== Object.prototype && prototype !== Array.prototype) return ["an object of the host"];
  return Reflect.ownKeys(value).flatMap((key) => {
    if (Array.isArray(value) && key === "length") return [];
    const own = Object.getOwnPropertyDescriptor(value, key);
    const isData = typeof key === "string" && own !== undefined && "value" in own;
    return isData ? foreign(own.value, depth + 1) : [`the key ${String(key)}`];
  });
}

/** A failure is one of ours, and tells nothing of the inside. */
function leaked(thrown: unknown): string[] {
  if (!(thrown instanceof EdgewiseError)) return [`threw ${String(thrown).slice(0, 100)}`];
  return /node_modules|file:\/\/|\.ts:\d|\n\s+at |cel-js|\[native code\]/.test(thrown.message)
    ? [`told ${thrown.message.slice(0, 100)}`]
    : [];
}
