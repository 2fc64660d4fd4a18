import { z } from "zod";
import { failure } from "../base/errors.ts";
import type { Json } from "../base/json.ts";
import { parseDateTime } from "../graph/expression/rfc3339.ts";
import type { Expression, Scope } from "../graph/plan.ts";
import { durationMs } from "../graph/schema.ts";
import type { NodeKind } from "./contract.ts";

const LONGEST_DAYS = 366;
const LONGEST_MS = LONGEST_DAYS * 24 * 3_600_000;
const TOO_LONG = `A wait is at most ${LONGEST_DAYS} days.`;

const duration = z
  .union([z.number().int().min(0), z.string()])
  .refine((value) => !Number.isNaN(durationMs(value)), "Write a duration such as 250ms, 30s, 5m, 2h or 7d.")
  .refine((value) => !(durationMs(value) > LONGEST_MS), TOO_LONG)
  .meta({ title: "duration" });

export const schema = z
  .strictObject({
    for: duration.optional().describe("How long: 30s, 5m, 2h, 7d, or a number of milliseconds; at most 366 days"),
    until: z
      .string()
      .optional()
      .describe("CEL expression of a time: RFC 3339 text such as 2027-01-31T09:00:00Z, or Unix milliseconds"),
  })
  .refine((config) => (config.for === undefined) !== (config.until === undefined), {
    message: "A wait has either for or until: exactly one of them.",
  });

type Config = z.infer<typeof schema>;

/** When a wait that begins `now` is over, both in Unix milliseconds. */
type End = (scope: Scope, now: number) => number;

/** Holds its branch until a time has come. Meanwhile nothing runs and nothing is paid for (R8). */
export const wait: NodeKind<Config, End> = {
  kind: "wait",
  summary: "Waits for a while, or until a time",
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
  compile({ for: length, until }, compiler) {
    if (until === undefined) {
      const delayMs = durationMs(length ?? 0);
      return (_, now) => now + delayMs;
    }
    const expression = compiler.expression(until, ["until"]);
    return (scope) => timeOf(expression.evaluate(scope), expression);
  },
  run(end, { scope, now, resumed }) {
    if (resumed !== undefined) return { writes: [] };
    const waitUntil = end(scope, now);
    if (waitUntil <= now) return { writes: [] };
    if (waitUntil - now <= LONGEST_MS) return { waitUntil };
    throw failure(
      "expression_failed",
      `${TOO_LONG} This one would end ${Math.ceil((waitUntil - now) / 86_400_000)} days from now.`,
    );
  },
};

/** Unix milliseconds, rounded up: a wait never ends before its time. */
function timeOf(value: Json, { source }: Expression): number {
  const time = typeof value === "string" ? parseDateTime(value) : value;
  if (typeof time === "number" && Number.isFinite(time)) return Math.ceil(time);
  const given = JSON.stringify(value).slice(0, 100);
  const message = `until, "${source.slice(0, 200)}", gave ${given}; it must be a time such as "2027-01-31T09:00:00Z", or Unix milliseconds.`;
  throw failure("expression_failed", message);
}
