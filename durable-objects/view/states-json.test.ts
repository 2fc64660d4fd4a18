import fc from "fast-check";
import { expect, it } from "vitest";
import type { Json, JsonObject } from "../../src/base/json.ts";
import { statesAsJson } from "./states-json.ts";

it("states are written as JSON writes them, whatever they share", () => {
  const items = fc.array(fc.jsonValue(), { maxLength: 5 });
  const state = items.chain((shared) =>
    fc.record(
      {
        values: fc.dictionary(fc.string(), fc.oneof(fc.jsonValue(), fc.subarray(shared))),
        next: fc.array(fc.string()),
        metadata: fc.jsonValue(),
      },
      { requiredKeys: [] },
    ),
  );
  fc.assert(
    fc.property(fc.array(state), (states) => {
      const twice = [...states, ...states] as JsonObject[] as Json[];
      expect(JSON.parse(statesAsJson(twice))).toEqual(JSON.parse(JSON.stringify(twice)));
    }),
  );
});

it("more states than an object can hand on are refused, with how many would do", () => {
  const state = { values: { text: "x".repeat(100) } };
  expect(() => statesAsJson([state, state, state], 300)).toThrow(/by `limit` \(2 fit\)/);
  expect(statesAsJson([state, state], 300)).toBe(JSON.stringify([state, state]));
});
