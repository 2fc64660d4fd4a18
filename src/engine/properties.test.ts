import { describe, expect, it } from "vitest";
import { examine, PROPERTIES } from "./testing/properties.ts";

/** Far fewer than `npm run proof -- engine` plays; enough that every property has killed what it should (see mutants). */
const GRAPHS = 150;
const TIMINGS = 4;

describe("random graphs", () => {
  const examined = Array.from({ length: GRAPHS }, (_, seed) => examine(seed, TIMINGS));
  const found = examined.flatMap((one) => one.found);

  it.each([
    ["R5, G6, property 1", "timing"],
    ["R1–R11", "reference"],
    ["R5, G3, property 2", "restore"],
    ["R9", "cancel"],
    ["R9", "limit"],
  ] as const)("[%s] on random graphs, property %s holds", (_, property) => {
    expect(
      found.filter((one) => one.property === property),
      PROPERTIES[property],
    ).toEqual([]);
  });

  it("[R2] if nothing is in flight, something is ready or the run is done", () => {
    expect(found.filter((one) => one.property === "stall")).toEqual([]);
  });

  it.each([
    [1131, "an each node activated from outside saw what nothing after it sees"],
    [1288, "a resumed and a caused task of an each node came to one level"],
    [1360, "a node waited for something that reaches it only past another head"],
    [3981, "as 1288, with sends"],
  ])("[R1–R11] graph %i, which once went wrong: %s", (seed) => {
    expect(examine(seed, TIMINGS).found).toEqual([]);
  });

  it("were played to their ends", () => {
    const games = examined.reduce((sum, one) => sum + one.games, 0);
    expect(games).toBeGreaterThan(GRAPHS * TIMINGS);
  });
});
