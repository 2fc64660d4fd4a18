import { describe, expect, it } from "vitest";
import { failure } from "../../src/base/errors.ts";
import type { Outcome } from "../../src/engine/types.ts";
import type { LogEntry, Spent } from "../log/entry.ts";
import { Ledger } from "./budget.ts";
import { runLimits, timeIsUpAt, timeUp } from "./budget-limits.ts";
import { compareTasks } from "./budget-order.ts";

const NONE: Outcome = { writes: [], takes: [], sends: [] };
const tokens = (count: number): Spent => ({ tokens: count, costUsd: 0 });
const dollars = (costUsd: number): Spent => ({ tokens: 0, costUsd });

function done(task: string, used?: number, costUsd: number | null = 0): LogEntry {
  const entry = { type: "task-succeeded", task, attempt: 1, outcome: NONE } as const;
  if (used === undefined) return entry;
  const usage = { inputTokens: used - 1, outputTokens: 1, unit: "tokens", costUsd, model: "x/y" } as const;
  return { ...entry, usage };
}

function failed(task: string, spent?: Spent): LogEntry {
  const error = failure("model_timeout", "late").record;
  return { type: "attempt-failed", task, attempt: 1, error, retryAt: 0, ...(spent === undefined ? {} : { spent }) };
}

describe("[G12] the ledger of a run", () => {
  it("lets everything go, and asks for no estimate, without a limit", () => {
    const ledger = new Ledger({ timeMs: 1000 });
    expect(ledger.isLimited).toBe(false);
    expect(ledger.reserve("0.0.0", tokens(1e15), "a")).toBe("go");
  });

  it("lets go what fits beside what is spent and reserved, and no more", () => {
    const ledger = new Ledger({ tokens: 100 });
    ledger.apply(done("0.0.0", 40));
    expect(ledger.reserve("1.0.0", tokens(30), "a")).toBe("go");
    expect(ledger.reserve("1.1.0", tokens(31), "b")).toBe("wait");
    expect(ledger.reserve("1.2.0", tokens(30), "c")).toBe("go");
    expect([ledger.spent, ledger.open]).toEqual([tokens(40), tokens(60)]);
  });

  it("holds what does not fit until something settles lower, in canonical order", () => {
    const ledger = new Ledger({ tokens: 100 });
    expect(ledger.reserve("0.0.0", tokens(90), "a")).toBe("go");
    for (const task of ["10.0.0", "2.0.0", "2.0.0[10]/0.0.0", "2.0.0[9]/0.0.0"]) {
      expect(ledger.reserve(task, tokens(50), "b")).toBe("wait");
    }
    expect(ledger.isHolding).toBe(true);
    expect(ledger.freed()).toEqual([]);
    ledger.apply(done("0.0.0", 20));
    expect(ledger.freed()).toEqual(["2.0.0", "2.0.0[9]/0.0.0", "2.0.0[10]/0.0.0", "10.0.0"]);
    expect(ledger.freed()).toEqual([]);
    expect(ledger.reserve("2.0.0", tokens(50), "b")).toBe("go");
  });

  it("refuses what would not fit though nothing were reserved, and says which limit and the way on", () => {
    const ledger = new Ledger({ tokens: 100, costUsd: 0.5 });
    ledger.apply(done("0.0.0", 40, 0.3));
    expect(ledger.reserve("1.0.0", tokens(30), "a")).toBe("go");
    expect(ledger.reserve("1.1.0", tokens(61), "draft")).toMatchObject({
      code: "budget_exceeded",
      retryable: false,
      node: "draft",
      message: expect.stringMatching(/"draft".*61 tokens.*100 tokens.*40.*higher `budget`.*max_tokens/),
      details: { limit: "tokens", allowed: 100, spent: 40, reserved: 30, needed: 61 },
    });
    expect(ledger.reserve("1.2.0", { tokens: 1, costUsd: 0.21 }, "draft")).toMatchObject({
      details: { limit: "cost_usd", allowed: 0.5, spent: 0.3, reserved: 0, needed: 0.21 },
    });
    expect(ledger.isHolding, "a higher budget lets them go").toBe(true);
  });

  it("counts money exactly: ten times ten cents are a dollar", () => {
    const ledger = new Ledger({ costUsd: 1 });
    for (let n = 0; n < 10; n += 1) {
      expect(ledger.reserve(`${n}.0.0`, dollars(0.1), "a")).toBe("go");
      ledger.apply(done(`${n}.0.0`, 1, 0.1));
    }
    expect(ledger.spent.costUsd).toBe(1);
    expect(ledger.reserve("10.0.0", dollars(1e-9), "a")).toMatchObject({ code: "budget_exceeded" });
    expect(ledger.reserve("11.0.0", tokens(5), "a"), "needs no money").toBe("go");
  });

  it("[F26] settles by what was reported, though it is more than was reserved", () => {
    const ledger = new Ledger({ tokens: 100 });
    expect(ledger.reserve("0.0.0", tokens(50), "a")).toBe("go");
    expect(ledger.reserve("0.1.0", tokens(50), "b")).toBe("go");
    ledger.apply(done("0.0.0", 90));
    expect([ledger.spent, ledger.open]).toEqual([tokens(90), tokens(50)]);
    ledger.apply(done("0.1.0", 20));
    expect(ledger.reserve("1.0.0", tokens(1), "c")).toMatchObject({ details: { spent: 110, allowed: 100 } });
    expect(ledger.reserve("1.1.0", tokens(0), "d"), "needs nothing").toBe("go");
  });

  it("[F26] charges an attempt without a usage what its entry says", () => {
    const ledger = new Ledger({ tokens: 100 });
    ledger.reserve("0.0.0", tokens(30), "a");
    ledger.apply(failed("0.0.0", tokens(30)));
    ledger.apply(failed("0.0.0"));
    ledger.apply({ type: "attempt-lost", task: "0.0.0", spent: tokens(20) });
    ledger.apply({ ...done("0.0.0"), spent: tokens(10) } as LogEntry);
    const error = failure("model_timeout", "late").record;
    ledger.apply({ type: "task-failed", task: "0.1.0", attempt: 1, error, spent: tokens(5) });
    expect([ledger.spent, ledger.open]).toEqual([tokens(65), tokens(0)]);
  });

  it("takes no number of a stranger's that is none", () => {
    const ledger = new Ledger({ tokens: 100 });
    for (const used of [Number.NaN, Number.POSITIVE_INFINITY, -50]) ledger.apply({ ...failed("0.0.0", tokens(used)) });
    expect(ledger.spent).toEqual(tokens(0));
  });

  it.each<[string, LogEntry]>([
    ["waits", { type: "task-waiting", task: "0.0.0", until: null }],
    ["was cut off", { type: "attempt-lost", task: "0.0.0" }],
    ["is stopped with its run", { type: "run-stopped", error: failure("budget_exceeded", "no").record }],
    ["is cancelled with its run", { type: "run-cancelled", reason: "no" }],
  ])("ends the reservation of an attempt that %s", (_, entry) => {
    const ledger = new Ledger({ tokens: 100 });
    ledger.reserve("0.0.0", tokens(100), "a");
    expect(ledger.reserved("0.0.0")).toEqual(tokens(100));
    ledger.apply(entry);
    expect([ledger.reserved("0.0.0"), ledger.open]).toEqual([undefined, tokens(0)]);
  });

  it("[R11] frees what the losers of a race had reserved, and forgets those that waited", () => {
    const ledger = new Ledger({ tokens: 100 });
    ledger.reserve("1.0.0[0]/0.0.0", tokens(60), "a");
    ledger.reserve("1.0.0[1]/0.0.0", tokens(60), "a");
    ledger.reserve("1.1.0", tokens(60), "b");
    ledger.apply(done("1.0.0"));
    expect(ledger.open).toEqual(tokens(0));
    expect(ledger.freed()).toEqual(["1.1.0"]);
  });

  it("charges a restart no more than can have been reserved, however many attempts only waited", () => {
    const ledger = new Ledger({ tokens: 100 });
    ledger.apply(done("0.0.0", 30));
    const charge = (task: string): Spent | undefined => {
      const spent = ledger.lossOf(tokens(50));
      ledger.apply({ type: "attempt-lost", task, ...(spent === undefined ? {} : { spent }) });
      return spent;
    };
    expect([charge("1.0.0"), charge("1.1.0"), charge("1.2.0")]).toEqual([tokens(50), tokens(20), undefined]);
    expect(ledger.spent).toEqual(tokens(100));
  });

  it("charges a restart the whole estimate where there is no limit", () => {
    expect(new Ledger({}).lossOf({ tokens: 5, costUsd: 0.5 })).toEqual({ tokens: 5, costUsd: 0.5 });
  });

  it("goes on with a higher budget from what was spent before", () => {
    const log = [done("0.0.0", 80), failed("1.0.0", tokens(15))];
    const [before, after] = [new Ledger({ tokens: 100 }), new Ledger({ tokens: 200 })];
    for (const entry of log) for (const ledger of [before, after]) ledger.apply(entry);
    expect(before.reserve("1.0.0", tokens(50), "a")).toMatchObject({ code: "budget_exceeded" });
    expect(after.reserve("1.0.0", tokens(50), "a")).toBe("go");
    before.allow({ tokens: 200 });
    expect([before.spent, before.freed()]).toEqual([tokens(95), ["1.0.0"]]);
    expect(before.reserve("1.0.0", tokens(50), "a")).toBe("go");
  });
});

describe("canonical order by names", () => {
  it("[R5] levels and nodes as numbers, a cause before the ordinal, frames within their composite", () => {
    const tasks = [
      "0.0.0",
      "0.0.2",
      "0.0.0@0.0.1",
      "0.0.1@0.0.1",
      "0.0.0@0.1.0",
      "0.2.0",
      "0.10.0",
      "1.0.0",
      "1.0.0[2]/9.0.0",
    ];
    expect([...tasks, "1.0.0[10]/0.0.0", "10.0.0"].toReversed().sort(compareTasks)).toEqual([
      ...tasks,
      "1.0.0[10]/0.0.0",
      "10.0.0",
    ]);
  });
});

describe("the limits of a run", () => {
  const plan = { limits: { steps: 1, concurrency: 1, tokens: 10, timeMs: 1000, state: 5 } } as never;

  it("are the graph's, overlaid by the newest run's budget", () => {
    expect(runLimits(plan, {})).toEqual({ tokens: 10, timeMs: 1000 });
    expect(runLimits(plan, { budget: { tokens: 20, costUsd: 0.5 } })).toEqual({
      tokens: 20,
      costUsd: 0.5,
      timeMs: 1000,
    });
  });

  it("[G12] stop a run when its time is up, and not before", () => {
    const limits = runLimits(plan, {});
    expect(timeIsUpAt(limits, 5000)).toBe(6000);
    expect(timeUp(limits, 5000, 5999)).toBeUndefined();
    expect(timeUp(limits, 5000, 6001)).toMatchObject({
      type: "run-stopped",
      error: {
        code: "budget_exceeded",
        retryable: false,
        details: { limit: "time", allowed_ms: 1000, taken_ms: 1001 },
      },
    });
    expect([timeIsUpAt({}, 0), timeUp({}, 0, 1e15)]).toEqual([undefined, undefined]);
  });
});
