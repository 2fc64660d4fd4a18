import { describe, expect, it } from "vitest";
import { Script } from "./testing/script.ts";

const log = (text: string) => ({ writes: { log: text } });

describe("canonical order", () => {
  it("[R5] folds are in order of level and document, whatever came first", () => {
    const run = new Script({ edges: [[1, 2], [], [3], []] })
      .done(0)
      .done(2, log("2"))
      .done(3, log("3"))
      .done(1, log("1"));
    expect(run.engine.state.read("log")).toEqual(["1", "2", "3"]);
  });

  it("[R5] a level is one more than the highest among the tasks that are seen", () => {
    // Node 4 is activated by 1 alone, and sees 2 and 3, which went elsewhere.
    const run = new Script({ edges: [[1, 2], [4], [3], [4, 5], [], []] }).done(0).done(1).done(2);
    run.done(3, { takes: [5] });
    expect(run.last.ready.map(({ id }) => id)).toEqual(["3.4.0", "3.5.0"]);
  });

  it("[R5] sends stand in order of their senders' places and indexes, the activation without a sender first", () => {
    const run = new Script({ edges: [[1, 2], [3], [3], []] }).done(0);
    const send = (payload: string) => ({ to: 3, payload });
    run.done(2, { takes: [3], sends: [send("2a"), send("2b")] }).done(1, { takes: [], sends: [send("1a")] });
    expect(run.last.ready.map(({ id, payload }) => [id, payload])).toEqual([
      ["2.3.0", undefined],
      ["2.3.1", "1a"],
      ["2.3.2", "2a"],
      ["2.3.3", "2b"],
    ]);
  });

  it("[R5] a late commit lands before earlier ones", () => {
    const run = new Script({ edges: [[1], []] });
    run.done(0, { takes: [], sends: ["a", "b", "c"].map((payload) => ({ to: 1, payload })) });
    for (const task of [...run.last.ready].reverse()) run.finish(task, { writes: { log: task.payload ?? null } });
    expect(run.engine.state.read("log")).toEqual(["a", "b", "c"]);
  });

  it("[R5] ids are the same in every schedule", () => {
    const play = (order: readonly number[]) => {
      const run = new Script({ edges: [[1, 2], [3], [3], []] }).done(0);
      for (const node of order) run.done(node);
      return run.task(3).id;
    };
    expect(play([1, 2])).toBe(play([2, 1]));
  });
});
