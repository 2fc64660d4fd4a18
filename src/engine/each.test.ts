import { describe, expect, it } from "vitest";
import { Script } from "./testing/script.ts";

describe("join: each", () => {
  it("[R11] one task per arrival, at once", () => {
    const run = new Script({ edges: [[1, 2], [3], [3], []], each: [3] }).done(0);
    expect(run.done(2).ready).toEqual([3]);
    expect(run.done(1).ready).toEqual([3]);
    expect(run.running).toEqual([3, 3]);
  });

  it("[R11] a logger beside a loop runs every turn", () => {
    // Counter-example 8: 1⇄2, 1→3.
    const run = new Script({ edges: [[1], [2, 3], [1], []], each: [3] }).done(0);
    for (let turn = 0; turn < 20; turn += 1) {
      expect(run.done(1).ready).toEqual([2, 3]);
      run.done(3).done(2);
    }
  });

  it("[R11] it sees what its cause saw and wrote, and no more", () => {
    const run = new Script({ edges: [[1, 2], [3], [3], []], each: [3] }).done(0, { writes: { log: "0" } });
    run.done(2, { writes: { log: "2" } });
    const [second] = run.last.ready;
    run.done(1, { writes: { log: "1" } });
    const [first] = run.last.ready;
    expect(second?.view.read("log")).toEqual(["0", "2"]);
    expect(first?.view.read("log")).toEqual(["0", "1"]);
  });

  it("[R11] what follows waits for all of its tasks, and sees them in canonical order", () => {
    const run = new Script({ edges: [[1, 2], [3], [3], [4], []], each: [3] }).done(0).done(2);
    const [second] = run.last.ready;
    const [first] = run.done(1).last.ready;
    if (first === undefined || second === undefined) throw new Error("Both were expected to be ready.");
    run.finish(second, { writes: { log: "second" } });
    expect(run.ready).toEqual([]);
    run.finish(first, { writes: { log: "first" } });
    expect(run.task(4).view.read("log")).toEqual(["first", "second"]);
  });

  it("[R11] its tasks are named by their causes", () => {
    const run = new Script({ edges: [[1, 2], [3], [3], []], each: [3] }).done(0).done(1);
    const [first] = run.last.ready;
    expect(first?.id).toBe("2.3.0@1.1.0");
    expect(run.done(2).last.ready[0]?.id).toBe("2.3.0@1.2.0");
  });

  it("[R11] the head of a loop joins as other nodes do", () => {
    const run = new Script({ edges: [[1, 2], [3], [3], [4], [3]], each: [3] }).done(0).done(1);
    expect(run.ready).toEqual([]);
    expect(run.done(2).ready).toEqual([3]);
  });

  it("[R11] a write from outside has seen nothing: its task sees what any task of the node would", () => {
    // Found by seed 1131: what follows the each node must not see more than it waits for.
    const run = new Script({ edges: [[1, 3], [2], [], []], each: [1] }).done(0);
    run
      .done(3, { writes: { log: "3" } })
      .done(1, { writes: { log: "1" } })
      .done(2);
    run.update({ log: "outside" }, 0);
    const task = run.last.ready.find(({ node }) => node === 1);
    expect(task?.view.read("log")).toEqual(["1", "outside"]);
    run.done(1);
    expect(run.task(2).view.read("log")).toEqual(["1", "outside"]);
  });

  it("[R11] tasks of one level are ordered by their causes, whatever raised them to it", () => {
    // Found by seed 1288: one task resumes above a write from outside, another is caused by it.
    const run = new Script({ edges: [[1], []], each: [1] }).done(0).wait(1).update({}, 0);
    const [caused] = run.last.ready;
    run.resume(1);
    const [resumed] = run.last.start;
    expect([resumed?.level, caused?.level]).toEqual([3, 3]);
    expect(run.engine.inFlight().map(({ task }) => task.id)).toEqual([resumed?.id, caused?.id]);
  });
});
