import { describe, expect, it } from "vitest";
import { type ErrorCode, failure } from "../../src/base/errors.ts";
import type { PlanNode, Scope } from "../../src/graph/plan.ts";
import { withNodeKinds } from "../../src/nodes/registry.ts";
import { chargeOf, estimateOf } from "./budget-charge.ts";

const estimate = { tokens: 500, costUsd: 0.01 };
const usage = { inputTokens: 30, outputTokens: 12, unit: "tokens", costUsd: null } as const;
const errorOf = (code: ErrorCode, details?: object) =>
  failure(code, "no", details && { details: { ...details } }).record;

describe("[F26] what an attempt without a usage of its own is charged", () => {
  it("is its estimate where nobody says what it used", () => {
    for (const code of ["model_timeout", "model_bad_reply", "egress_failed", "internal"] as const) {
      expect(chargeOf({ estimate, error: errorOf(code), streamed: false })).toEqual(estimate);
    }
    expect(chargeOf({ estimate, streamed: false })).toEqual(estimate);
  });

  it("is nothing for a call that was turned away, unless something of its answer had come", () => {
    for (const code of ["model_rate_limited", "model_overloaded", "model_auth", "context_too_long"] as const) {
      expect(chargeOf({ estimate, error: errorOf(code), streamed: false })).toBeUndefined();
      expect(chargeOf({ estimate, error: errorOf(code), streamed: true })).toEqual(estimate);
    }
  });

  it("is what it has used all the same, by its result or by its failure", () => {
    const error = errorOf("model_bad_reply", { calls: 3, usage: { ...usage, costUsd: 0.002 } });
    expect(chargeOf({ estimate, error, streamed: true })).toEqual({ tokens: 42, costUsd: 0.002 });
    expect(chargeOf({ usage, estimate, error: errorOf("condition_failed"), streamed: true })).toEqual({
      tokens: 42,
      costUsd: 0,
    });
  });

  it.each([{ usage: 1 }, { usage: { inputTokens: "1", outputTokens: 2 } }, { status: 500 }])(
    "is no use that %j does not tell",
    (details) =>
      expect(chargeOf({ estimate, error: errorOf("node_failed", details), streamed: false })).toEqual(estimate),
  );

  it("is nothing for a kind that uses nothing", () => {
    expect(chargeOf({ estimate: undefined, error: errorOf("http_failed"), streamed: false })).toBeUndefined();
  });
});

describe("[F26] the estimate of a task", () => {
  const spending = {
    kind: "spend",
    summary: "Spends",
    schema: {} as never,
    effect: "pure",
    compile: () => null,
    run: () => ({ writes: [] }),
  } as const;
  const context = { scope: { read: () => undefined } satisfies Scope, models: { resolve: () => failed() } };
  const nodeOf = (kind: string): PlanNode => ({ kind, compiled: null }) as unknown as PlanNode;
  const failed = (): never => {
    throw failure("unknown_model", "no");
  };

  it("is its kind's; none where the kind has none, runs graphs, is unknown, or cannot say", () => {
    const kinds = withNodeKinds({ ...spending, estimate: () => estimate });
    expect(estimateOf(nodeOf("spend"), kinds, context)).toEqual(estimate);
    for (const kind of ["transform", "map", "nothing"])
      expect(estimateOf(nodeOf(kind), kinds, context)).toBeUndefined();
    const failing = withNodeKinds({ ...spending, estimate: failed });
    expect(estimateOf(nodeOf("spend"), failing, context)).toBeUndefined();
  });
});
