import { describe, expect, it } from "vitest";
import { Script } from "./testing/script.ts";

const x = (value: number) => ({ writes: { x: value } });
const conflict = expect.objectContaining({ code: "conflicting_write", retryable: false });

describe("a channel without a reducer", () => {
  it("[R6] the write whose task has seen all the others wins", () => {
    const run = new Script({ edges: [[1, 2], [3], [3], []] }).done(0, x(0)).done(1, x(1)).done(2, x(2)).done(3, x(3));
    expect(run.engine.state.read("x")).toBe(3);
  });

  it("[R6] writes that have not seen each other are in conflict, in whatever order they came", () => {
    // Counter-example 6: a→c and b write x; c reads it before b is done, and is not hurt.
    for (const order of [
      [1, 3, 2],
      [2, 1, 3],
    ]) {
      const run = new Script({ edges: [[1, 2], [3], [], []] }).done(0);
      for (const node of order) {
        if (node === 3) expect(run.task(3).view.read("x")).toBe(1);
        run.done(node, node === 3 ? {} : x(node));
      }
      expect(() => run.engine.state.read("x")).toThrow(conflict);
    }
  });

  it("[R6] a longer branch does not hide a conflict", () => {
    const run = new Script({ edges: [[1, 2], [3], [4], [5], [5], []] }).done(0);
    run.done(1, x(1)).done(2).done(3).done(4, x(4));
    expect(() => run.task(5).view.read("x")).toThrow(conflict);
  });

  it("[R6] the conflict names both writers and the reader", () => {
    const run = new Script({ edges: [[1, 2], [3], [3], []] }).done(0).done(2, x(2)).done(1, x(1));
    const details = { channel: "x", writers: ["#1", "#2"], reader: "#3" };
    expect(() => run.task(3).view.read("x")).toThrow(
      expect.objectContaining({ record: expect.objectContaining({ details }) }),
    );
    expect(() => run.engine.state.read("x")).toThrow(/the result reads it/);
  });

  it("[R6] equal writes do not conflict", () => {
    const run = new Script({ edges: [[1, 2], [3], [3], []] }).done(0);
    run.done(1, { writes: { x: { a: 1, b: 2 } } }).done(2, { writes: { x: { b: 2, a: 1 } } });
    expect(run.task(3).view.read("x")).toEqual({ a: 1, b: 2 });
  });

  it("[R6] who overwrites both ends the conflict", () => {
    const run = new Script({ edges: [[1, 2], [3], [3], []] }).done(0).done(1, x(1)).done(2, x(2)).done(3, x(3));
    expect(run.engine.state.read("x")).toBe(3);
  });

  it("[R6] `conflict: last` takes the last in canonical order", () => {
    const run = new Script({ edges: [[1, 2], [3], [3], []] }).done(0);
    run.done(2, { writes: { latest: 2 } }).done(1, { writes: { latest: 1 } });
    expect(run.task(3).view.read("latest")).toBe(2);
  });

  it("[R6] nobody is hurt by a conflict that nobody reads", () => {
    const run = new Script({ edges: [[1, 2], [3], [3], []] }).done(0).done(1, x(1)).done(2, x(2)).done(3, x(3));
    expect(run.last.rest).toEqual({ kind: "done" });
  });
});
