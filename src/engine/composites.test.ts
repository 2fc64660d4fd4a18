import { describe, expect, it } from "vitest";
import { examineNested } from "./testing/nested-play.ts";

describe("composites", () => {
  it("[R10, property 1, property 2] frames give the same in every schedule and after crashes, each as a run of its graph by itself", {
    timeout: 60_000,
  }, () => {
    let [frames, failed] = [0, 0];
    for (let seed = 0; seed < 100; seed += 1) {
      const { fault, result } = examineNested(seed);
      expect(fault).toBeUndefined();
      frames += result.split(" ends ").length - 1;
      failed += result.split("cannot begin").length - 1;
    }
    // What is played must be worth it.
    expect(frames).toBeGreaterThan(150);
    expect(failed).toBeGreaterThan(10);
  });

  it("[R11] with races among them nothing else changes: restores, frames by themselves, no stall", {
    timeout: 60_000,
  }, () => {
    for (let seed = 0; seed < 100; seed += 1) expect(examineNested(seed, true).fault).toBeUndefined();
  });

  it.each([
    [255, "a race failed"],
    [460, "a race was over, and another composite had frames to come"],
    [514, "all that was left waited"],
  ])("[R11] graph %i, which once ran for ever: a race that was won had asked for frames, and %s", (seed) => {
    expect(examineNested(seed, true).fault).toBeUndefined();
  });
});
