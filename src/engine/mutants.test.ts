import { describe, expect, it } from "vitest";
import { FRAME_MUTATIONS, type FrameMutation } from "./testing/frame-mutations.ts";
import { type Mutation, MUTATIONS } from "./testing/mutations.ts";
import { frameKillerOf } from "./testing/nested-play.ts";
import { killerOf } from "./testing/properties.ts";

const BUDGET = 150;

describe("planted errors", () => {
  it.each(Object.entries(MUTATIONS) as [Mutation, string][])("are noticed: %s (%s)", (mutation) => {
    expect(killerOf(mutation, BUDGET)).toBeDefined();
  });

  it.each(Object.entries(FRAME_MUTATIONS) as [FrameMutation, string][])("of composites too: %s (%s)", (mutation) => {
    expect(frameKillerOf(mutation, BUDGET)).toBeDefined();
  });

  it("are what is noticed: without one, nothing is", () => {
    expect([killerOf(undefined, 30), frameKillerOf(undefined, 30)]).toEqual([undefined, undefined]);
  });
});
