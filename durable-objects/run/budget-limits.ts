import type { ErrorRecord } from "../../src/base/errors.ts";
import { isJsonObject, type JsonObject } from "../../src/base/json.ts";
import type { Plan } from "../../src/graph/plan.ts";
import type { LogEntry, Spent } from "../log/entry.ts";
import type { RunRow } from "../log/rows.ts";

/** What a whole run may use; absent: without limit. */
export interface RunLimits {
  readonly tokens?: number;
  readonly costUsd?: number;
  readonly timeMs?: number;
}

/** The graph's limits, overlaid by the `budget` that the newest run of a chain was started with. */
export function runLimits({ limits }: Plan, kwargs: JsonObject): RunLimits {
  const budget = kwargs["budget"];
  const given = isJsonObject(budget) ? budget : {};
  return {
    ...limitOf("tokens", given, limits),
    ...limitOf("costUsd", given, limits),
    ...limitOf("timeMs", given, limits),
  };
}

function limitOf(name: keyof RunLimits, given: JsonObject, graph: RunLimits): RunLimits {
  const own = given[name];
  const limit = typeof own === "number" ? own : graph[name];
  return limit === undefined ? {} : { [name]: limit };
}

/** Where a run's kwargs keep what of its limits it had used when it began. */
const USED = "used";

/**
 * What of its limits a run had used when it began, where its log does not tell: of one that nobody started the time of those
 * before it, and of one that was moved to another version of its graph all that it had spent.
 */
export function usedBefore(kwargs: JsonObject): Required<RunLimits> {
  const used = kwargs[USED];
  const of = (name: keyof RunLimits): number => {
    const amount = isJsonObject(used) ? used[name] : undefined;
    return typeof amount === "number" ? amount : 0;
  };
  return { tokens: of("tokens"), costUsd: of("costUsd"), timeMs: of("timeMs") };
}

/**
 * For the kwargs of a run that nobody started: the time that runs have taken since the last one that somebody did. What lies
 * between them, at rest, is not counted.
 * @param spent where the run's own log does not tell it
 */
export function carriedFrom(before: Pick<RunRow, "kwargs" | "createdAt" | "updatedAt">, spent?: Spent): JsonObject {
  const { createdAt, updatedAt, kwargs } = before;
  return { [USED]: { ...spent, timeMs: usedBefore(kwargs).timeMs + updatedAt - createdAt } };
}

/** Unix milliseconds: when the run that began at `startedAt` is stopped; undefined where its time has no limit. */
export function timeIsUpAt({ timeMs }: RunLimits, startedAt: number): number | undefined {
  return timeMs === undefined ? undefined : startedAt + timeMs;
}

/** The entry that stops a run whose time is up, undefined while it is not. A run by which somebody goes on has its time anew. */
export function timeUp(limits: RunLimits, startedAt: number, now: number): LogEntry | undefined {
  const end = timeIsUpAt(limits, startedAt);
  if (end === undefined || now < end) return undefined;
  const allowed = limits.timeMs ?? 0;
  const message =
    `The run has taken the ${allowed} ms that it may take. ` +
    "Go on with it, in a run that has its time anew; a higher budget gives that more.";
  const details = { limit: "time", allowed_ms: allowed, taken_ms: now - startedAt };
  return { type: "run-stopped", error: { code: "budget_exceeded", message, retryable: false, details } };
}

/** A limit that `needed` does not keep, as the failure it comes to. Amounts in the limit's own unit. */
export function overBudget(
  node: string,
  limit: "tokens" | "cost_usd",
  amounts: { readonly allowed: number; readonly spent: number; readonly reserved: number; readonly needed: number },
): ErrorRecord {
  const { allowed, spent, needed } = amounts;
  const [said, way] =
    limit === "tokens"
      ? [(amount: number) => `${amount} tokens`, "allow shorter answers (`max_tokens`)"]
      : [(amount: number) => `${amount} US dollars`, "use a cheaper model"];
  const message =
    `Node "${node}" may use up to ${said(needed)}, and of the ${said(allowed)} of this run ${spent} are spent. ` +
    `Go on with a higher \`budget\`, or ${way}.`;
  return { code: "budget_exceeded", message, retryable: false, node, details: { limit, ...amounts } };
}
