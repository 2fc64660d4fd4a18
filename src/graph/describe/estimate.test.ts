import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { nodeKinds } from "../../nodes/registry.ts";
import { longPlan, planOf, randomPlan } from "../draw/testing/plans.ts";
import { estimate } from "./estimate.ts";
import type { Estimate, RecordedCall } from "./estimate.ts";

const model = (more: object = {}) => ({ kind: "model", prompt: "x", write: "text", ...more });
const edge = (from: string, to: string, more: object = {}) => ({ from, to, ...more });

/** Drafts, counts, drafts again up to the limit, and perhaps checks. */
const PLAN = planOf({
  nodes: {
    draft: model({ max_tokens: 100, retry: 2, timeout: "10s" }),
    count: { kind: "transform", set: { rounds: "1" } },
    check: model({ timeout: "1m", retry: 1 }),
  },
  edges: [
    edge("start", "draft"),
    edge("draft", "count"),
    edge("count", "draft", { when: "state.rounds < 3" }),
    edge("count", "check", { when: "state.rounds > 5" }),
  ],
  limits: { steps: 10 },
});

const call = (node: string, tokens: number, costUsd: number | null, ms: number): RecordedCall => {
  return { node, inputTokens: tokens, outputTokens: tokens / 10, costUsd, ms };
};
const HISTORY = [call("draft", 100, 0.01, 1000), call("draft", 300, 0.03, 4000), call("check", 50, 0.02, 500)];

const values = ({ calls, inputTokens, outputTokens, costUsd, durationMs }: Estimate) =>
  [calls, inputTokens, outputTokens, costUsd, durationMs].map(({ low, high }) => [low.value, high.value]);

describe("from the structure alone", () => {
  const found = estimate(PLAN, nodeKinds);

  it("calls are bounded by branches and loops, and each bound says why", () => {
    expect(found.nodes.map(({ calls }) => [calls.low.value, calls.high.value])).toEqual([
      [1, 5],
      [1, 5],
      [0, 1],
    ]);
    expect(found.nodes[0]?.calls.high.reason).toBe("5 turns of its loop end the 10 steps");
    expect(found.nodes[2]?.calls.low.reason).toBe("a condition decides whether it runs");
  });

  it("what nobody can know is null, with the node that it is unknown for", () => {
    expect(found.costUsd.high).toEqual({
      value: null,
      reason: 'unknown for "draft", "check": nothing is recorded of it',
    });
    expect(found.outputTokens.high.reason).toBe(
      'unknown for "check": it has no max_tokens, and nothing is recorded of it',
    );
    expect(found.inputTokens.low.value).toBe(0);
  });

  it("max_tokens bounds an answer, attempts and timeouts the time", () => {
    expect(found.nodes[0]?.outputTokens.high.value).toBe(5 * 2 * 100);
    expect(found.nodes[0]?.callMs.high.value).toBe(2 * 10_000 + 500);
    expect(found.durationMs.high.value).toBe(5 * 20_500 + 60_000);
  });
});

describe("from recorded calls", () => {
  it("between the least and the most that was seen, as often as the structure allows", () => {
    expect(values(estimate(PLAN, nodeKinds, HISTORY))).toEqual([
      [2, 11],
      [100, 5 * 300 + 50],
      [10, 5 * 30 + 5],
      [0.01, 0.17],
      [1000, 5 * 4000 + 500],
    ]);
  });

  it("a call without a price leaves the price open", () => {
    const { costUsd, inputTokens } = estimate(PLAN, nodeKinds, [...HISTORY, call("check", 1, null, 1)]);
    expect(costUsd.high).toEqual({ value: null, reason: 'unknown for "check": 1 of 2 recorded calls do not say it' });
    expect(inputTokens.high.value).toBe(1550);
  });

  it("branches side by side take as long as the longer, as far as they may run at once", () => {
    const nodes = { a: model(), b: model(), c: model() };
    const edges = [edge("start", "a"), edge("start", "b"), edge("start", "c")];
    const history = [call("a", 1, 0, 100), call("b", 1, 0, 200), call("c", 1, 0, 600)];
    const durations = [1, 3].map((concurrency) => {
      const { low, high } = estimate(planOf({ nodes, edges, limits: { concurrency } }), nodeKinds, history).durationMs;
      return [low.value, high.value];
    });
    expect(durations).toEqual([
      [600, 900],
      [600, 700],
    ]);
  });
});

describe("whatever it is given", () => {
  it("no lower bound lies above the upper one, and every bound has a reason", () => {
    const number = fc.oneof(fc.nat(1000), fc.constantFrom(Number.NaN, -1, Infinity));
    const record = fc.record({
      node: fc.constantFrom("n0", "n1", "n2", "unknown", "__proto__"),
      inputTokens: number,
      outputTokens: number,
      costUsd: fc.option(number),
      ms: number,
    });
    fc.assert(
      fc.property(fc.nat(300), fc.array(record, { maxLength: 6 }), fc.boolean(), (seed, history, known) => {
        const found = estimate(randomPlan(seed), known ? nodeKinds : new Map(), history);
        const ranges = [found.calls, found.inputTokens, found.outputTokens, found.costUsd, found.durationMs];
        for (const { low, high } of [...ranges, ...found.nodes.map(({ calls }) => calls)]) {
          expect(low.value ?? Number.NaN).toBeLessThanOrEqual(high.value ?? Infinity);
          expect(low.reason.length * high.reason.length).toBeGreaterThan(0);
        }
      }),
      { numRuns: 300 },
    );
  });

  it("the largest graph", () => {
    expect(estimate(longPlan(5000), nodeKinds).calls).toMatchObject({ low: { value: 5000 }, high: { value: 5000 } });
  });
});
