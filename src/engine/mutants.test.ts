import { describe, expect, it } from "vitest";
import { type Mutation, MUTATIONS } from "./testing/mutations.ts";
import { killerOf } from "./testing/properties.ts";

const BUDGET = 150;

describe("planted errors", () => {
  it.each(Object.entries(MUTATIONS) as [Mutation, string][])("are noticed: %s (%s)", (mutation) => {
    expect(killerOf(mutation, BUDGET)).toBeDefined();
  });

  it("are what is noticed: without one, nothing is", () => {
    expect(killerOf(undefined, 30)).toBeUndefined();
  });
});
