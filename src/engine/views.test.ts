import { describe, expect, it } from "vitest";
import { Script } from "./testing/script.ts";

const log = (text: string) => ({ writes: { log: text } });

describe("what a task sees", () => {
  it("[R4] everything written upstream, and nothing else", () => {
    const run = new Script({ edges: [[1, 2], [3], [], []] }).done(0, log("0")).done(2, log("2")).done(1, log("1"));
    expect(run.task(3).view.read("log")).toEqual(["0", "1"]);
    expect(run.engine.state.read("log")).toEqual(["0", "1", "2"]);
  });

  it("[R4] what was written upstream on a branch that went elsewhere", () => {
    const run = new Script({ edges: [[1, 2], [3, 4], [3], [], []] }).done(0);
    run.done(1, { ...log("elsewhere"), takes: [4] }).done(2, log("here"));
    expect(run.task(3).view.read("log")).toEqual(["elsewhere", "here"]);
  });

  it("[R4] of its own loop: this turn's upstream, and all of the earlier turns", () => {
    const run = new Script({ edges: [[1], [2, 3], [1], [1]] }).done(0);
    run.done(1, log("head")).done(2, log("left")).done(3, log("right"));
    expect(run.task(1).view.read("log")).toEqual(["head", "left", "right"]);
    run.done(1, log("head")).done(2, log("left"));
    expect(run.task(3).view.read("log")).toEqual(["head", "left", "right", "head"]);
  });

  it("[R4] all turns of an inner loop, once they are over", () => {
    const run = new Script({ edges: [[1], [2], [1, 3], []] }).done(0);
    run.done(1, log("a")).done(2, { ...log("b"), takes: [1] });
    run.done(1, log("c")).done(2, { ...log("d"), takes: [3] });
    expect(run.task(3).view.read("log")).toEqual(["a", "b", "c", "d"]);
  });

  it("[R4] stays what it was when the task was made ready", () => {
    const run = new Script({ edges: [[1, 2], [], []] }).done(0, log("0"));
    const { view } = run.task(2);
    run.done(1, log("1"));
    expect(view.read("log")).toEqual(["0"]);
    run.done(2, log("2"));
    expect(view.read("log")).toEqual(["0"]);
  });

  it("[R4] is shared by all sends of a batch", () => {
    const run = new Script({ edges: [[1], []] });
    run.done(0, { ...log("0"), takes: [], sends: [1, 2].map((payload) => ({ to: 1, payload })) });
    const [one, other] = run.last.ready;
    expect(one?.view).toBe(other?.view);
    run.done(1, log("first"));
    expect(other?.view.read("log")).toEqual(["0"]);
  });

  it("[R4] is handed out as values that nothing changes later", () => {
    const run = new Script({ edges: [[1], [0]], base: { log: ["base"] } });
    const kept = run.task(0).view.read("log");
    run.done(0, log("0"));
    const later = run.engine.state.read("log");
    run.done(1, log("1"));
    expect(kept).toEqual(["base"]);
    expect(later).toEqual(["base", "0"]);
    expect(run.engine.state.read("log")).toEqual(["base", "0", "1"]);
    expect(run.engine.state.read("log")).toBe(run.engine.state.read("log"));
  });

  it("[R4] refuses a channel that is not declared", () => {
    const run = new Script({ edges: [[]] });
    expect(() => run.task(0).view.read("nowhere")).toThrow(expect.objectContaining({ code: "unknown_channel" }));
  });

  it("[R4] a channel called __proto__ is a channel", () => {
    const channels = [{ name: "__proto__", reducer: "last", conflict: "error" } as const];
    const run = new Script({ edges: [[]], channels });
    run.engine.apply({
      type: "task-succeeded",
      task: run.task(0).id,
      outcome: { writes: [{ channel: "__proto__", value: 1 }], takes: [], sends: [] },
    });
    expect(run.engine.state.read("__proto__")).toBe(1);
  });
});
