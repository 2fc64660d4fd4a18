import { isJsonObject } from "../base/json.ts";
import type { Json } from "../base/json.ts";
import { parsePart } from "./parse-part.ts";
import type { Limits } from "./plan.ts";
import type { Problems } from "./problems.ts";
import { durationMs, limitsSchema, RUN_LIMITS } from "./schema.ts";

/** Whose graph it is: the document's own, one under `graphs`, or one in place. */
export type Standing = "outermost" | "named" | "placed";

/** A graph's limits with their defaults. Those of a whole run hold in the outermost graph alone, and are left out elsewhere. */
export function compileLimits(raw: Json | undefined, standing: Standing, problems: Problems): Limits | undefined {
  const parsed = parsePart(limitsSchema, raw ?? {}, ["limits"], problems);
  if (standing !== "outermost") addUseless(raw, standing, problems);
  if (parsed === undefined) return undefined;
  const { steps, concurrency, depth, tokens, cost_usd: costUsd, time, state } = parsed;
  const own: Limits = { steps, concurrency, ...(depth === undefined ? {} : { depth }) };
  if (standing !== "outermost") return own;
  return {
    ...own,
    ...(tokens === undefined ? {} : { tokens }),
    ...(costUsd === undefined ? {} : { costUsd }),
    ...(time === undefined ? {} : { timeMs: durationMs(time) }),
    ...(state === undefined ? {} : { state }),
  };
}

/**
 * A run has one budget, whatever graphs its frames run. A graph under `graphs` may be a whole document, published to be run
 * by itself as well: it is warned of. One in place is run nowhere else: there the limit is a mistake.
 */
function addUseless(raw: Json | undefined, standing: "named" | "placed", problems: Problems): void {
  if (!isJsonObject(raw)) return;
  for (const name of RUN_LIMITS) {
    if (!Object.hasOwn(raw, name)) continue;
    problems.add({
      severity: standing === "named" ? "warning" : "error",
      code: "useless_limit",
      message: `\`${name}\` limits a whole run; in a graph that a node runs it has no effect.`,
      path: ["limits", name],
      atKey: true,
      hint: "Put it into the limits of the outermost graph.",
    });
  }
}

/** `chain`: ids of the nodes that run graphs within each other, outermost first. */
export function checkDepth({ depth }: Limits, chain: readonly string[], problems: Problems): void {
  if (depth === undefined || chain.length <= depth) return;
  const message = `Graphs are nested ${chain.length} deep ("${chain.join("/")}"); \`depth\` allows ${depth}.`;
  problems.add({
    code: "too_deep",
    message,
    path: ["limits", "depth"],
    hint: "Raise it, or run fewer graphs in graphs.",
  });
}
