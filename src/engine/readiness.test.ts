import { describe, expect, it } from "vitest";
import { Script } from "./testing/script.ts";

describe("activations", () => {
  it("[R1] ordinary activations of one node merge into one task", () => {
    const run = new Script({ edges: [[1, 2], [3], [3], []] }).done(0).done(1);
    expect(run.engine.pending()).toEqual([{ node: 3, count: 1 }]);
    expect(run.done(2).ready).toEqual([3]);
  });

  it("[R1] sends never merge, and keep their payloads", () => {
    const run = new Script({ edges: [[1], []] });
    run.done(0, { sends: [1, 2, 3].map((payload) => ({ to: 1, payload })) });
    expect(run.last.ready.map((task) => task.payload)).toEqual([undefined, 1, 2, 3]);
  });

  it("[R1] an outcome may take only declared edges, and a misfit changes nothing", () => {
    const run = new Script({ edges: [[1], [], []] });
    expect(() => run.finish(run.task(0), { takes: [2] })).toThrow(TypeError);
    expect(() => run.finish(run.task(0), { writes: { nowhere: 1 } })).toThrow(TypeError);
    expect(run.engine.inFlight()).toHaveLength(1);
  });
});

describe("what is ready", () => {
  it("[R2] a join waits for the longer of two branches", () => {
    const run = new Script({ edges: [[1, 2], [4], [3], [4], []] }).done(0).done(1);
    expect(run.ready).toEqual([]);
    expect(run.done(2).ready).toEqual([3]);
    expect(run.done(3).ready).toEqual([4]);
  });

  it("[R2] a branch that goes elsewhere frees the join it no longer reaches", () => {
    const run = new Script({ edges: [[1, 2], [3], [3, 4], [], []] }).done(0).done(1);
    expect(run.ready).toEqual([]);
    expect(run.done(2, { takes: [4] }).ready).toEqual([3, 4]);
  });

  it("[R2] branches of different lengths advance on their own", () => {
    const run = new Script({ edges: [[1, 2], [3], [], [4], []] }).done(0).done(1).done(3);
    expect(run.running).toEqual([2, 4]);
  });

  it("[R2] nodes that reach each other start together, not one by one", () => {
    // Counter-example 2: 0→p→a, 0→q→b, a⇄b.
    const run = new Script({ edges: [[1, 2], [3], [4], [4], [3]] }).done(0).done(1);
    expect(run.ready).toEqual([]);
    expect(run.done(2).ready).toEqual([3, 4]);
  });

  it("[R2] a task in flight holds back the next task of its own node", () => {
    // Counter-example 3: an update as an upstream node while the gate waits.
    const run = new Script({ edges: [[1], [2], []] }).done(0).done(1).wait(2).update({}, 0).done(1);
    expect(run.ready).toEqual([]);
    expect(run.engine.pending()).toEqual([{ node: 2, count: 1 }]);
    expect(run.resume(2).done(2).ready).toEqual([2]);
  });

  it("[R2] a concurrency limit delays the start, never the view", () => {
    const run = new Script({ edges: [[1, 2], [], []], concurrency: 1 }).done(0);
    expect(run.ready).toEqual([1, 2]);
    expect(run.running).toEqual([1]);
    const view = run.task(2).view;
    run.done(1, { writes: { log: "late" } });
    expect(run.running).toEqual([2]);
    expect(view.read("log")).toBeUndefined();
  });
});

describe("loops", () => {
  it("[R3] a join inside a loop runs once per turn", () => {
    // Counter-example 1: 1→2→5, 1→3→4→5, 5→1.
    const run = new Script({ edges: [[1], [2, 3], [5], [4], [5], [1]] }).done(0);
    for (let turn = 0; turn < 3; turn += 1) {
      run.done(1).done(2);
      expect(run.ready).toEqual([]);
      run.done(3).done(4);
      expect(run.ready).toEqual([5]);
      run.done(5);
      expect(run.ready).toEqual([1]);
    }
  });

  it("[R3] a pending head waits for everything else in its loop, and holds nothing back", () => {
    const run = new Script({ edges: [[1], [2, 3], [1], [4], [1]] }).done(0).done(1).done(2);
    expect(run.ready).toEqual([]);
    expect(run.done(3).ready).toEqual([4]);
    expect(run.done(4).ready).toEqual([1]);
  });

  it("[R3] two branches that enter a loop at different times start it once", () => {
    const run = new Script({ edges: [[1, 2], [3], [4], [4], [3]] }).done(0).done(1);
    expect(run.running).toEqual([2]);
    expect(run.done(2).ready).toEqual([3, 4]);
  });

  it("[R3] where every node may go to every other, turns are supersteps", () => {
    const everywhere = [0, 1, 2];
    const run = new Script({ edges: everywhere.map(() => everywhere), starts: everywhere });
    run.done(0, { takes: [1, 2] }).done(1, { takes: [0] });
    expect(run.ready).toEqual([]);
    expect(run.done(2, { takes: [] }).ready).toEqual([0, 1, 2]);
  });

  it("[R3] an inner loop makes its turns inside one turn of the outer", () => {
    const run = new Script({ edges: [[1], [2], [3], [2, 1]] }).done(0).done(1);
    run.done(2).done(3, { takes: [2, 1] });
    expect(run.ready).toEqual([2]);
    run.done(2).done(3, { takes: [] });
    expect(run.ready).toEqual([1]);
  });

  it("[R3] a node beside a loop runs once, when the loop is over", () => {
    // Counter-example 8, without `join: each`.
    const run = new Script({ edges: [[1], [2, 3], [1], []] }).done(0);
    for (let turn = 0; turn < 20; turn += 1) run.done(1).done(2);
    expect(run.running).toEqual([1]);
    run.done(1, { takes: [] });
    expect(run.ready).toEqual([3]);
  });
});
