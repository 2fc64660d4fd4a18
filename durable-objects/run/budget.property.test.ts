import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { failure } from "../../src/base/errors.ts";
import type { LogEntry, Spent } from "../log/entry.ts";
import { chargeOf } from "./budget-charge.ts";
import { compareTasks } from "./budget-order.ts";
import { Ledger } from "./budget.ts";

/** A task's attempts: what each is estimated at, what it really uses, and whether that is told. */
interface Job {
  readonly estimate: number;
  readonly uses: number;
  readonly tells: boolean;
}

type Move =
  | { readonly do: "begin" | "succeed" | "fail"; readonly pick: number }
  | { readonly do: "crash" }
  | { readonly do: "raise"; readonly by: number };

const error = failure("model_timeout", "late").record;
const spentOf = (tokens: number): Spent => ({ tokens, costUsd: tokens / 1000 });

/** A runtime around a ledger, as far as money is concerned, with the planted errors that a test must find. */
class Till {
  ledger: Ledger;
  limit: number;
  /** What providers really bill, and by how much that was more than had been estimated. */
  billed = 0;
  excess = 0;
  readonly #jobs: readonly Job[];
  readonly #log: LogEntry[] = [];
  readonly #running = new Set<string>();
  readonly #held = new Set<string>();
  readonly #over = new Set<string>();
  readonly #mutant: string;

  constructor(jobs: readonly Job[], limit: number, mutant = "none") {
    this.#jobs = jobs;
    this.limit = limit;
    this.#mutant = mutant;
    this.ledger = this.#open();
  }

  #open(): Ledger {
    return new Ledger({ tokens: this.limit, costUsd: this.limit / 1000 });
  }

  move(move: Move): void {
    if (move.do === "crash") return this.#crash();
    if (move.do === "raise") {
      // A run that goes on does so from one that is at rest.
      if (this.#running.size > 0) return;
      this.limit += move.by;
      return this.#restore();
    }
    if (move.do === "begin") return this.begin(this.#pick(move.pick, this.#idle()));
    this.#end(this.#pick(move.pick, [...this.#running]), move.do);
  }

  begin(task: string | undefined): void {
    if (task === undefined) return;
    const grant = this.ledger.reserve(task, spentOf(this.#job(task).estimate), "n");
    if (grant === "go" || this.#mutant === "never waits") {
      this.#held.delete(task);
      this.#running.add(task);
    } else {
      this.#held.add(task);
    }
  }

  /** Plays to the end, without crashes: everything that can still go goes. */
  drain(): void {
    for (let round = 0; round < 100; round += 1) {
      for (const task of this.#idle()) this.begin(task);
      const [next] = this.#running;
      if (next === undefined) return;
      this.#end(next, "succeed");
    }
  }

  get isRunning(): boolean {
    return this.#running.size > 0;
  }

  unfinished(): readonly string[] {
    return this.#idle();
  }

  needOf(task: string): number {
    return this.#job(task).estimate;
  }

  #end(task: string | undefined, how: "succeed" | "fail"): void {
    if (task === undefined) return;
    const { estimate, uses, tells } = this.#job(task);
    this.#bill(task);
    const usage = tells
      ? { inputTokens: uses, outputTokens: 0, unit: "tokens" as const, costUsd: uses / 1000 }
      : undefined;
    const charged = chargeOf({ usage, estimate: spentOf(estimate), streamed: false });
    const spent = this.#mutant === "absent usage is free" && !tells ? {} : { spent: charged ?? spentOf(0) };
    if (how === "fail") this.#commit({ type: "attempt-failed", task, attempt: 1, error, retryAt: 0, ...spent });
    else {
      const told = usage === undefined ? spent : { usage: { ...usage, model: "x/y" } };
      this.#commit({
        type: "task-succeeded",
        task,
        attempt: 1,
        outcome: { writes: [], takes: [], sends: [] },
        ...told,
      });
      this.#over.add(task);
    }
    this.#running.delete(task);
    for (const freed of this.ledger.freed()) this.begin(freed);
  }

  #crash(): void {
    const cut = [...this.#running, ...this.#held].sort(compareTasks);
    for (const task of this.#running) this.#bill(task);
    this.#running.clear();
    this.#held.clear();
    this.#restore();
    for (const task of cut) {
      const loss = this.ledger.lossOf(spentOf(this.#job(task).estimate));
      const spent = loss === undefined || this.#mutant === "a crash is free" ? {} : { spent: loss };
      this.#commit({ type: "attempt-lost", task, ...spent });
    }
  }

  /** Another object, which knows nothing but the log. */
  #restore(): void {
    this.ledger = this.#open();
    if (this.#mutant !== "reset on restart") for (const entry of this.#log) this.ledger.apply(entry);
  }

  #commit(entry: LogEntry): void {
    this.#log.push(entry);
    this.ledger.apply(entry);
  }

  /** What the log says, to one who reads it anew. */
  replayed(): Spent {
    const ledger = this.#open();
    for (const entry of this.#log) ledger.apply(entry);
    return ledger.spent;
  }

  #bill(task: string): void {
    const { estimate, uses } = this.#job(task);
    this.billed += uses;
    this.excess += Math.max(0, uses - estimate);
  }

  #idle(): string[] {
    return this.#jobs
      .map((_, index) => `${index}.0.0`)
      .filter((task) => !this.#running.has(task) && !this.#over.has(task));
  }

  #pick(pick: number, tasks: readonly string[]): string | undefined {
    return tasks[pick % Math.max(1, tasks.length)];
  }

  #job(task: string): Job {
    const job = this.#jobs[Number.parseInt(task, 10)];
    if (job === undefined) throw new Error(`No job ${task}.`);
    return job;
  }
}

const job = fc.record({ estimate: fc.nat(50), uses: fc.nat(80), tells: fc.boolean() });
const honest = job.map((each) => ({ ...each, uses: Math.min(each.uses, each.estimate) }));
const move: fc.Arbitrary<Move> = fc.oneof(
  { weight: 4, arbitrary: fc.record({ do: fc.constant("begin" as const), pick: fc.nat(20) }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constantFrom("succeed" as const, "fail" as const), pick: fc.nat(20) }) },
  { weight: 1, arbitrary: fc.constant({ do: "crash" as const }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("raise" as const), by: fc.integer({ min: 1, max: 60 }) }) },
);
const limit = fc.integer({ min: 1, max: 200 });
const moves = fc.array(move, { maxLength: 60 });

function keepsTheLimit(jobs: fc.Arbitrary<Job>, mutant?: string) {
  return fc.property(fc.array(jobs, { minLength: 1, maxLength: 12 }), limit, moves, (all, allowed, played) => {
    const till = new Till(all, allowed, mutant);
    for (const each of played) {
      till.move(each);
      expect(till.billed).toBeLessThanOrEqual(till.limit + till.excess);
      expect(till.ledger.spent).toEqual(till.replayed());
    }
    till.drain();
    expect(till.billed).toBeLessThanOrEqual(till.limit + till.excess);
  });
}

describe("[G12, property 7] what a run is billed", () => {
  it("never exceeds its limit in any interleaving, with restarts and absent usage, while estimates hold", () => {
    fc.assert(keepsTheLimit(honest), { numRuns: 2000 });
  });

  it("exceeds it by no more than attempts used beyond their estimates", () => {
    fc.assert(keepsTheLimit(job), { numRuns: 2000 });
  });

  it("holds nothing that would fit once nothing is under way", () => {
    fc.assert(
      fc.property(fc.array(honest, { minLength: 1, maxLength: 12 }), limit, moves, (all, allowed, played) => {
        const till = new Till(all, allowed);
        for (const each of played) till.move(each);
        till.drain();
        const left = till.limit - till.ledger.spent.tokens;
        expect(till.isRunning).toBe(false);
        for (const task of till.unfinished()) expect(till.needOf(task)).toBeGreaterThan(left);
      }),
      { numRuns: 1000 },
    );
  });

  it.each(["reset on restart", "a crash is free", "absent usage is free", "never waits"])(
    "is seen to exceed it by the planted error: %s",
    (mutant) => {
      expect(fc.check(keepsTheLimit(honest, mutant), { numRuns: 2000 }).failed).toBe(true);
    },
  );
});
