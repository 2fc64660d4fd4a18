import { expect, it } from "vitest";
import { Script } from "./testing/script.ts";

it("[R2] a pending node can say for what it waits, and by which way that reaches it", () => {
  const run = new Script({ edges: [[1, 2], [5], [3], [4], [5], []] }).done(0).done(1);
  expect(run.engine.explain(5)).toEqual({ waitsFor: 2, path: [2, 3, 4, 5] });
  run.done(2);
  expect(run.engine.explain(5)).toEqual({ waitsFor: 3, path: [3, 4, 5] });
});

it("[R2] a node that waits for its own task says so", () => {
  const run = new Script({ edges: [[1], [2], []] }).done(0).done(1).wait(2).update({}, 0).done(1);
  expect(run.engine.explain(2)).toEqual({ waitsFor: 2, path: [2] });
});

it("[R3] a pending head waits for its loop by the way back to it", () => {
  const run = new Script({ edges: [[1], [2, 3], [1], [4], [1]] }).done(0).done(1).done(2);
  expect(run.engine.explain(1)).toEqual({ waitsFor: 3, path: [3, 4, 1] });
});

it("[R2] a node that is not pending waits for nothing", () => {
  expect(new Script({ edges: [[1], []] }).engine.explain(1)).toBeUndefined();
});
