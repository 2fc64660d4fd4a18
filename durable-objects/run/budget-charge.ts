import type { ErrorCode, ErrorRecord } from "../../src/base/errors.ts";
import { isJsonObject, type Json } from "../../src/base/json.ts";
import type { PlanNode } from "../../src/graph/plan.ts";
import type { Usage } from "../../src/models/contract.ts";
import type { NodeContext } from "../../src/nodes/contract.ts";
import type { NodeKinds } from "../../src/nodes/registry.ts";
import type { Spent } from "../log/entry.ts";
import { spentBy } from "./budget.ts";

/** Codes by which a provider says that it has not done what was asked: nobody bills that. */
const UNBILLED: ReadonlySet<ErrorCode> = new Set([
  "unknown_model",
  "model_unavailable",
  "model_auth",
  "model_rate_limited",
  "model_overloaded",
  "model_refused",
  "context_too_long",
  "egress_denied",
]);

/** What an attempt at a node may use at most. Undefined for a kind that uses nothing, and where it cannot be said: the attempt will fail by the same. */
export function estimateOf(
  node: PlanNode,
  kinds: NodeKinds,
  context: Pick<NodeContext, "scope" | "models">,
): Spent | undefined {
  const kind = kinds.get(node.kind);
  if (kind === undefined || "open" in kind || kind.estimate === undefined) return undefined;
  try {
    // what `compile` of this very kind has made
    return kind.estimate(node.compiled as never, context);
  } catch {
    return undefined;
  }
}

/**
 * The `spent` of an entry that ends an attempt without a usage of its own: what it reported all the same, nothing for a call
 * that was turned away before anything came back, and else what was estimated (F26).
 */
export function chargeOf(attempt: {
  /** Of a result that could not be committed. */
  readonly usage?: Usage | undefined;
  readonly estimate: Spent | undefined;
  readonly error?: ErrorRecord;
  /** Something of its answer has come. */
  readonly streamed: boolean;
}): Spent | undefined {
  const { usage, estimate, error, streamed } = attempt;
  const reported = usage ?? reportedIn(error?.details);
  if (reported !== undefined) return spentBy(reported);
  if (error !== undefined && !streamed && UNBILLED.has(error.code)) return undefined;
  return estimate;
}

/** A failure's `details.usage`, where its node could say what the calls before it have used. */
function reportedIn(
  details: Json | undefined,
): Pick<Usage, "inputTokens" | "outputTokens" | "costUsd" | "unit"> | undefined {
  const usage = isJsonObject(details) ? details["usage"] : undefined;
  if (!isJsonObject(usage)) return undefined;
  const { inputTokens, outputTokens, costUsd } = usage;
  if (typeof inputTokens !== "number" || typeof outputTokens !== "number") return undefined;
  return { inputTokens, outputTokens, unit: "tokens", costUsd: typeof costUsd === "number" ? costUsd : null };
}
