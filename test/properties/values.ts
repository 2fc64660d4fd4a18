import fc from "fast-check";
import type { Json } from "../../src/base/json.ts";

/** Keys that a careless decoder takes for more than data. */
const MARKERS = [
  "__proto__",
  "constructor",
  "prototype",
  "toString",
  "toJSON",
  "lc",
  "$ref",
  "$anchor",
  "id",
  "type",
  "kwargs",
  "hash",
  "",
  "#",
];
/** The run that the log property stores its commits for. */
export const RUN_ID = "01a1fb1c-77e9-7190-ade9-27bf4a835e3d";
/** Texts that mean something in a row: references, packed parts, a checkpoint library's constructors. */
const TEXTS = [
  RUN_ID,
  "#hash-0",
  "hash-0",
  "graph:0",
  "snapshot:1",
  "\u0001",
  "\u000e",
  "\u001f",
  "\ud800",
  "\udc00",
  '","type":"ai","id":"',
  '{"inputTokens":',
  "\\u0002",
  "\\",
  '"',
];

const key = fc.oneof(fc.constantFrom(...MARKERS), fc.string({ unit: "binary", maxLength: 4 }));
const text = fc.oneof(
  { weight: 60, arbitrary: fc.constantFrom(...TEXTS) },
  { weight: 60, arbitrary: fc.string({ unit: "binary", maxLength: 12 }) },
  { weight: 3, arbitrary: fc.constant("x".repeat(16_385)) },
  // Longer than a row, with a pair of surrogates where a row may end.
  { weight: 1, arbitrary: fc.constant(`${"y".repeat(449_999)}😀z`) },
);
const scalar = fc.oneof(
  { weight: 6, arbitrary: text },
  { weight: 2, arbitrary: fc.double({ noDefaultInfinity: true, noNaN: true }) },
  { weight: 2, arbitrary: fc.integer() },
  { weight: 2, arbitrary: fc.constantFrom(null, true, false) },
);

/** Any JSON value, as it comes out of a text: with own keys of every name, and without a negative zero. */
export const anyValue: fc.Arbitrary<Json> = fc
  .letrec<{ value: unknown }>((tie) => ({
    value: fc.oneof(
      { depthSize: "small", withCrossShrink: true },
      scalar,
      fc.array(tie("value"), { maxLength: 4 }),
      fc
        .array(fc.tuple(key, tie("value")), { maxLength: 4 })
        .map((entries) => entries.map(([name, value]) => `${JSON.stringify(name)}:${JSON.stringify(value)}`).join(","))
        .map((members) => JSON.parse(`{${members}}`) as unknown),
      // What stands for a value that is kept elsewhere, as a value.
      fc.constantFrom([null, "hash-0"], { lc: 1, type: "constructor", id: ["os", "system"], kwargs: {} }, [
        "o",
        "0.0.0",
      ]),
    ),
  }))
  .value.map((value) => JSON.parse(JSON.stringify(value)) as Json);
