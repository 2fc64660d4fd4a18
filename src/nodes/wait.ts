import { z } from "zod";
import { type EdgewiseError, failure } from "../base/errors.ts";
import type { Json } from "../base/json.ts";
import { parseDateTime } from "../graph/expression/rfc3339.ts";
import type { Write } from "../engine/types.ts";
import type { NodeCompiler } from "../graph/kinds.ts";
import type { Expression, Scope, Template } from "../graph/plan.ts";
import { durationMs, ID, ID_HINT } from "../graph/schema.ts";
import type { NodeKind } from "./contract.ts";
import { durationOrTemplate, isTemplate, LONGEST_MS, TOO_LONG } from "./long-duration.ts";

export const schema = z
  .strictObject({
    for: durationOrTemplate
      .optional()
      .describe(
        "How long: 30s, 5m, 2h, 7d, or a number of milliseconds; or a template of one of these; at most 366 days",
      ),
    until: z
      .string()
      .optional()
      .describe("CEL expression of a time: RFC 3339 text such as 2027-01-31T09:00:00Z, or Unix milliseconds"),
    signal: z
      .string()
      .regex(ID, ID_HINT)
      .optional()
      .describe("Name of a signal to wait for; for and until are then its deadline (wait_expired)"),
    key: z.string().optional().describe("Template: which one of several signals of that name"),
    write: z.string().optional().describe("Channel for what the signal brings"),
  })
  .refine((config) => config.for === undefined || config.until === undefined, {
    path: ["until"],
    message: "A wait has either for or until.",
  })
  .refine((config) => [config.for, config.until, config.signal].some((end) => end !== undefined), {
    message: "Say what to wait for: for, until or signal.",
  })
  .refine((config) => config.signal !== undefined || (config.key === undefined && config.write === undefined), {
    message: "key and write are for a wait with signal.",
  });

type Config = z.infer<typeof schema>;

interface Compiled {
  /** When a wait that begins `now` is over, both in Unix milliseconds; undefined where only a signal ends it. */
  readonly end: ((scope: Scope, now: number) => number) | undefined;
  readonly signal: { readonly name: string; readonly key: Template | undefined } | undefined;
  readonly write: string | undefined;
}

/** Holds its branch until a time has come, or a signal. Meanwhile nothing runs and nothing is paid for (R8). */
export const wait: NodeKind<Config, Compiled> = {
  kind: "wait",
  summary: "Waits for a while, until a time, or for a signal",
  schema,
  effect: "pure",
  example: `edgewise: 1
id: reminder
channels:
  told: { default: false, schema: { type: boolean } }
nodes:
  pause: { kind: wait, for: 250ms }
  tell: { kind: transform, set: { told: "true" } }
edges:
  - { from: start, to: pause }
  - { from: pause, to: tell }
`,
  compile({ for: length, until, signal, key, write }, compiler) {
    if (write !== undefined) compiler.channel(write, ["write"]);
    const template = key === undefined ? undefined : compiler.template(key, ["key"]);
    const wanted = signal === undefined ? undefined : { name: signal, key: template };
    return { end: endOf(length, until, compiler), signal: wanted, write };
  },
  run({ end, signal, write }, { scope, now, resumed }) {
    if (resumed !== undefined) return { writes: broughtBy(resumed.payload, signal?.name, write) };
    const waitUntil = end?.(scope, now) ?? null;
    if (waitUntil !== null && waitUntil - now > LONGEST_MS) throw tooLong(waitUntil - now);
    if (signal !== undefined)
      return { waitUntil, signal: { name: signal.name, key: signal.key?.render(scope) ?? null } };
    return waitUntil === null || waitUntil <= now ? { writes: [] } : { waitUntil };
  },
};

/** @throws EdgewiseError `wait_expired` where a signal was waited for, and its deadline came first */
function broughtBy(payload: Json | undefined, signal: string | undefined, write: string | undefined): Write[] {
  if (signal !== undefined && payload === undefined)
    throw failure("wait_expired", `The signal "${signal}" did not come in time.`);
  return write === undefined || payload === undefined ? [] : [{ channel: write, value: payload }];
}

function endOf(length: Config["for"], until: string | undefined, compiler: NodeCompiler): Compiled["end"] {
  if (length !== undefined && isTemplate(length)) {
    const template = compiler.value(length, ["for"]);
    return (scope, now) => now + lengthOf(template.evaluate(scope), length);
  }
  if (length !== undefined) {
    const delayMs = durationMs(length);
    return (_, now) => now + delayMs;
  }
  if (until === undefined) return undefined;
  const expression = compiler.expression(until, ["until"]);
  return (scope) => timeOf(expression.evaluate(scope), expression);
}

/** Milliseconds of what a hole gave: a count of them, or a duration's text. */
function lengthOf(value: Json, source: string): number {
  const length = typeof value === "string" && /^\d{1,15}$/.test(value) ? Number(value) : value;
  const ms = typeof length === "number" || typeof length === "string" ? durationMs(length) : Number.NaN;
  if (Number.isFinite(ms)) return Math.max(0, Math.ceil(ms));
  const given = JSON.stringify(value).slice(0, 100);
  const message = `for, "${source.slice(0, 200)}", gave ${given}; it must be a duration such as 30s, or a number of milliseconds.`;
  throw failure("expression_failed", message);
}

function tooLong(ms: number): EdgewiseError {
  const message = `${TOO_LONG} This one would end ${Math.ceil(ms / 86_400_000)} days from now.`;
  return failure("expression_failed", message);
}

/** Unix milliseconds, rounded up: a wait never ends before its time. */
function timeOf(value: Json, { source }: Expression): number {
  const time = typeof value === "string" ? parseDateTime(value) : value;
  if (typeof time === "number" && Number.isFinite(time)) return Math.ceil(time);
  const given = JSON.stringify(value).slice(0, 100);
  const message = `until, "${source.slice(0, 200)}", gave ${given}; it must be a time such as "2027-01-31T09:00:00Z", or Unix milliseconds.`;
  throw failure("expression_failed", message);
}
