import { describe, expect, it } from "vitest";
import { Script } from "./testing/script.ts";

describe("failures", () => {
  it("[R9] a failed task stays in flight: what it reaches does not start, the rest goes on", () => {
    const run = new Script({ edges: [[1, 2], [3], [4], [], []] }).done(0).fail(1).done(2).done(4);
    expect(run.last.rest).toEqual({ kind: "paused", waiting: [], failed: [run.task(1).id] });
    expect(run.running).toEqual([]);
  });

  it("[R9] a redrive is its resume", () => {
    const run = new Script({ edges: [[1], [2], []] }).done(0).fail(1).resume(1);
    expect(run.last.start.map(({ node }) => node)).toEqual([1]);
    expect(run.done(1).ready).toEqual([2]);
  });

  it("[R9] a task that took its error edge is committed", () => {
    const run = new Script({ edges: [[1, 2], [], []] });
    const error = { code: "node_failed", message: "as planned", retryable: false } as const;
    const outcome = { writes: [], takes: [2], sends: [] };
    const step = run.engine.apply({ type: "task-failed", task: run.task(0).id, error, outcome });
    expect(step.ready.map(({ node }) => node)).toEqual([2]);
  });

  it("[R9] the step limit fails the task whose level would reach it, and counts nothing else", () => {
    const run = new Script({ edges: [[1, 2, 3], [], [], [4], []], steps: 2 }).done(0).done(1).done(2).done(3);
    expect(run.ready).toEqual([]);
    expect(run.last.failed.map(({ task, error }) => [task.id, error.code])).toEqual([["2.4.0", "step_limit"]]);
    expect(run.last.rest).toEqual({ kind: "paused", waiting: [], failed: ["2.4.0"] });
    expect(run.engine.inFlight().map(({ state }) => state)).toEqual(["failed"]);
  });

  it("[R9] an endless loop ends at the step limit", () => {
    const run = new Script({ edges: [[1], [0]], steps: 10 });
    let commits = 0;
    for (; run.running.length > 0; commits += 1) run.done(run.running[0] ?? 0);
    expect(commits).toBe(10);
  });

  it("[R9] after a cancel nothing starts, and a late outcome finds no task", () => {
    const run = new Script({ edges: [[1], []] });
    const task = run.task(0);
    expect(run.cancel().last).toEqual({ ready: [], start: [], failed: [], rest: { kind: "cancelled" } });
    expect(() => run.finish(task)).toThrow(TypeError);
    expect(run.engine.inFlight()).toEqual([]);
    expect(run.cancel().last.rest).toEqual({ kind: "cancelled" });
  });

  it("[R9] a second outcome for a task finds no task", () => {
    const run = new Script({ edges: [[1], []] });
    const task = run.task(0);
    run.finish(task);
    expect(() => run.finish(task)).toThrow(TypeError);
  });
});
