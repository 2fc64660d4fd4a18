import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { RunProfile, TaskProfile } from "../../durable-objects/thread-api.ts";
import { callsOf, observe } from "./recorded-runs.ts";

const AT = "2026-11-20T00:00:00.000Z";

function task(id: string, node: string, more: Partial<TaskProfile> = {}): TaskProfile {
  return {
    task: id,
    node,
    status: "succeeded",
    ready_at: AT,
    started_at: AT,
    ended_at: AT,
    duration_ms: 10,
    attempts: 1,
    input_tokens: 1,
    output_tokens: 2,
    unit: "tokens",
    cost_usd: 0.5,
    ...more,
  };
}

function run(...tasks: readonly TaskProfile[]): RunProfile {
  return {
    run_id: "r",
    thread_id: "t",
    status: "success",
    graph: { graph_id: "g", version: 1, hash: "h" },
    started_at: AT,
    last_commit_at: AT,
    duration_ms: 0,
    tasks,
    omitted_tasks: 0,
    critical_path: [],
    omitted_steps: 0,
    bottleneck: null,
    concurrency: { max: 1, mean: 1 },
  };
}

describe("what is observed of a node", () => {
  it("is how often it ran in a run, runs without it included, and what its calls took", () => {
    const runs = [
      run(task("0.0.0", "a", { duration_ms: 5 }), task("1.0.0", "a", { duration_ms: 9 })),
      run(task("0.0.0", "a", { duration_ms: 30 })),
      run(task("0.1.0", "b")),
    ];
    expect(observe(runs)[0]).toMatchObject({
      node: "a",
      calls: { min: 0, median: 1, max: 2 },
      duration_ms: { min: 5, median: 9, max: 30 },
    });
  });

  it("has no cost where the price of one call is not known", () => {
    const runs = [run(task("0.0.0", "a"), task("1.0.0", "a", { cost_usd: null }))];
    expect(observe(runs)[0]).toMatchObject({ cost_usd: null, output_tokens: { min: 2, max: 2 } });
  });

  it("has a median with as many values below as above it", () => {
    const times = fc.array(fc.nat(50), { minLength: 1, maxLength: 20 });
    fc.assert(
      fc.property(times, (all) => {
        const tasks = all.map((ms, index) => task(`${index}.0.0`, "a", { duration_ms: ms }));
        const { min = -1, median = -1, max = -1 } = observe([run(...tasks)])[0]?.duration_ms ?? {};
        expect([min, max]).toEqual([Math.min(...all), Math.max(...all)]);
        expect(all.filter((ms) => ms < median).length).toBeLessThanOrEqual(all.length / 2);
        expect(all.filter((ms) => ms > median).length).toBeLessThanOrEqual(all.length / 2);
      }),
    );
  });
});

describe("a recorded call", () => {
  it("is its own use and time, and of a composite the number of its frames", () => {
    const nothing = { input_tokens: 0, output_tokens: 0, cost_usd: 0 };
    const tasks = [
      task("1.2.0", "each", { ...nothing, duration_ms: 70 }),
      task("1.2.0[0]/0.0.0", "each/say"),
      task("1.2.0[11]/0.0.0", "each/inner"),
      task("1.2.0[11]/0.0.0/0.0.0", "each/inner/say"),
      task("1.2.1", "each", { ...nothing, duration_ms: 3 }),
    ];
    expect(
      callsOf(run(...tasks)).map(({ node, ms, outputTokens, frames }) => [node, ms, outputTokens, frames]),
    ).toEqual([
      ["each", 70, 0, 2],
      ["each/say", 10, 2, 0],
      ["each/inner", 10, 2, 1],
      ["each/inner/say", 10, 2, 0],
      ["each", 3, 0, 0],
    ]);
  });

  it("is none where the task has not succeeded, and says no frames where tasks are left out", () => {
    const tasks = [task("0.0.0", "open", { status: "open", duration_ms: null }), task("1.0.0", "done")];
    const calls = callsOf({ ...run(...tasks), omitted_tasks: 1 });
    expect(calls).toEqual([{ node: "done", ms: 10, inputTokens: 1, outputTokens: 2, costUsd: 0.5 }]);
  });
});
