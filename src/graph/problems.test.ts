import { expect, it } from "vitest";
import { nearest } from "./problems.ts";

it.each([
  ["txet", ["title", "text"], "text"],
  ["shortn", ["shorten", "end"], "shorten"],
  ["reserach", ["search", "research"], "research"],
  ["Limit", ["limits"], "limits"],
  ["draft", ["publish"], undefined],
  ["ab", ["ba"], undefined],
])("of %s and %j the nearest is %s: a letter more, less, other or swapped is a slip", (name, known, near) => {
  expect(nearest(name, known)).toBe(near);
});
