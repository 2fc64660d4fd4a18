import { describe, expect, it } from "vitest";
import { Script } from "./testing/script.ts";

describe("writes from outside", () => {
  it("[R7] a run starts from what the thread committed before, and its input", () => {
    const run = new Script({ edges: [[]], base: { log: ["before"], x: 1 }, input: { log: "input", x: 2 } });
    expect(run.task(0).view.read("log")).toEqual(["before", "input"]);
    expect(run.task(0).view.read("x")).toBe(2);
    run.done(0, { writes: { x: 3 } });
    expect(run.engine.state.read("x")).toBe(3);
  });

  it("[R7] a write from outside is seen by every task made ready after it, and by none before", () => {
    const run = new Script({ edges: [[1, 2], [], [3], []] })
      .done(0)
      .wait(1)
      .done(2)
      .done(3)
      .update({ x: "outside" }, 2);
    expect(run.task(3).view.read("x")).toBe("outside");
    expect(run.task(1).view.read("x")).toBeUndefined();
  });

  it("[R7] it is ordered after every task made ready before it, and wins over what was committed", () => {
    const run = new Script({ edges: [[1, 2], [], []] });
    run
      .done(0)
      .done(1, { writes: { x: 1, log: "1" } })
      .wait(2)
      .update({ x: "outside", log: "outside" });
    expect(run.engine.state.read("x")).toBe("outside");
    run.resume(2).done(2, { writes: { log: "2" } });
    expect(run.engine.state.read("log")).toEqual(["1", "outside", "2"]);
  });

  it("[R7] `as` only says whose edges are taken next", () => {
    const run = new Script({ edges: [[1], []] }).done(0).done(1);
    expect(run.last.rest).toEqual({ kind: "done" });
    expect(run.update({ log: "again" }, 0).ready).toEqual([1]);
    expect(run.task(1).view.read("log")).toEqual(["again"]);
  });

  it("[R7] it is refused while something runs", () => {
    const run = new Script({ edges: [[]] });
    expect(() => run.update({})).toThrow(TypeError);
  });
});

describe("tasks that wait", () => {
  it("[R8] a waiting task holds back what it reaches, and nothing else", () => {
    const run = new Script({ edges: [[1, 2], [3], [4], [], []] }).done(0).wait(1).done(2);
    expect(run.running).toEqual([4]);
    expect(run.done(4).last.rest).toEqual({ kind: "paused", waiting: [run.task(1).id], failed: [] });
    run.resume(1).done(1);
    expect(run.ready).toEqual([3]);
  });

  it("[R8] a waiting task holds no slot", () => {
    // Counter-example 12: limit 1, a gate beside a branch.
    const run = new Script({ edges: [[1, 2], [], []], concurrency: 1 }).done(0).wait(1);
    expect(run.running).toEqual([2]);
  });

  it("[R8] an answer is seen by what it reaches only", () => {
    // Counter-example 5: 0→gate, 0→a→b.
    const run = new Script({ edges: [[1, 2], [], [3], []] }).done(0).wait(1);
    run
      .resume(1)
      .done(1, { writes: { log: "answer" } })
      .done(2);
    expect(run.task(3).view.read("log")).toBeUndefined();
  });

  it("[R8] an answer wins over an update that came while it waited", () => {
    // Counter-example 4.
    const run = new Script({ edges: [[1], []] }).done(0).wait(1).update({ x: "update" });
    run.resume(1).done(1, { writes: { x: "answer" } });
    expect(run.engine.state.read("x")).toBe("answer");
  });

  it("[R8] what was written from outside meanwhile joins the view of the task that goes on", () => {
    // Counter-example 11: a breakpoint before node 1.
    const run = new Script({ edges: [[1], []] }).done(0).wait(1);
    const { id, level } = run.task(1);
    run.update({ x: "corrected" }).resume(1);
    const [task] = run.last.start;
    expect(task?.view.read("x")).toBe("corrected");
    expect(task?.id).toBe(id);
    expect(task?.level).toBeGreaterThan(level + 1);
  });

  it("[R8] a sibling's commit meanwhile does not join the view", () => {
    const run = new Script({ edges: [[1, 2], [], []] })
      .done(0)
      .wait(1)
      .done(2, { writes: { log: "2" } });
    expect(run.resume(1).task(1).view.read("log")).toBeUndefined();
  });

  it("[R8] only a task that runs may wait or end, and only one that rests may go on", () => {
    const run = new Script({ edges: [[]] });
    const task = run.task(0);
    expect(() => run.resume(0)).toThrow(TypeError);
    run.wait(0);
    expect(() => run.finish(task)).toThrow(TypeError);
    expect(() => run.wait(0)).toThrow(TypeError);
  });
});
