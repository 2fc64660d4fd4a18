import fc from "fast-check";
import { expect, it } from "vitest";
import { positionId, positionOf } from "./position-id.ts";

it("[RFC 9562 A.5] carries the specification's time, most significant bits first", () => {
  expect(positionId(Date.parse("2022-02-22T19:22:22Z"), 1, 2).slice(0, 18)).toBe("1ec9414c-232a-6b00");
});

it("sorts as text in the order of the positions, and gives the position back", () => {
  const steps = fc.array(fc.integer({ min: 0, max: 5 }), { minLength: 2, maxLength: 20 });
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 2 ** 37 }), steps, (from, waits) => {
      let at = 1e12;
      const ids = waits.map((wait, index) => positionId((at += wait), from + index, 7));
      expect([...ids].sort()).toEqual(ids);
      expect(ids.map(positionOf)).toEqual(ids.map((_, index) => from + index));
    }),
  );
});

it.each(["", "x", "017f22e2-79b0-7cc3-98c4-dc0c0c07398f", "1ec9414c-232a-6b00-8000-00000100000"])(
  "finds no position in %j",
  (id) => {
    expect(positionOf(id)).toBeUndefined();
  },
);
