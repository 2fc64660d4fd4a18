import fc from "fast-check";
import { expect, it } from "vitest";
import { cacheKey, decodePart, decodeParts, encodePart, encodeParts, objectName } from "./tenant.ts";

/** Texts that collide under sloppy encodings: separators, escapes, case, normal forms, NUL, lone surrogates. */
const nasty = fc.array(
  fc.oneof(
    fc.constantFrom(".", "_", "-", "~", "~002e", "2e", "%2e", "/", ":", "\0", " ", "a", "A", "é", "é", "ß", "SS"),
    fc.constantFrom("\ud800", "\udc00", "\ufffd", "😀", "thread", "key", ""),
    fc.string({ unit: "binary", maxLength: 3 }),
  ),
  { maxLength: 6 },
);
const part = nasty.map((pieces) => pieces.join(""));

it("an encoded part is read back as it was", () => {
  fc.assert(
    fc.property(part, (text) => decodePart(encodePart(text)) === text),
    { numRuns: 5_000 },
  );
});

it("equal names come of equal tenants, kinds and ids only", () => {
  const triple = fc.tuple(part, part, part);
  fc.assert(
    fc.property(triple, triple, (one, other) => {
      const same = one.every((text, index) => text === other[index]);
      expect(objectName(...one) === objectName(...other)).toBe(same);
    }),
    { numRuns: 20_000 },
  );
});

it("moving a character over a separator gives another name", () => {
  fc.assert(
    fc.property(part, fc.nat(), fc.nat(), (text, first, second) => {
      const cut = (at: number) => [text.slice(0, at % (text.length + 1)), text.slice(at % (text.length + 1))] as const;
      const [one, other] = [cut(first), cut(second)];
      expect(objectName("t", ...one) === objectName("t", ...other)).toBe(one[0] === other[0]);
    }),
    { numRuns: 5_000 },
  );
});

it("the number of a cache key's parts tells keys apart, empty parts too", () => {
  fc.assert(
    fc.property(fc.array(part, { maxLength: 4 }), fc.array(part, { maxLength: 4 }), (one, other) => {
      const same = one.length === other.length && one.every((text, index) => text === other[index]);
      expect(cacheKey("t", "k", ...one) === cacheKey("t", "k", ...other)).toBe(same);
      expect(decodeParts(encodeParts(["t", "k", ...one]))).toEqual(["t", "k", ...one]);
    }),
    { numRuns: 5_000 },
  );
});

it("an encoded part fits an HTTP token and holds no separator", () => {
  fc.assert(fc.property(part, (text) => /^[a-z0-9~-]*$/.test(encodePart(text))));
});

it.each(["A", "~00", "~002E", "~0061", "a.b", "a_b", "~zzzz", "é"])("%j is the name of nothing", (name) => {
  expect(decodePart(name)).toBeUndefined();
});

it("a part beyond the bound is refused, not cut", () => {
  expect(() => encodePart("x".repeat(513))).toThrow(/513 characters/);
});
