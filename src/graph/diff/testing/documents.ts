import fc from "fast-check";
import type { Json, JsonObject } from "../../../base/json.ts";

/** A small valid graph with a loop. */
export const DRAFT = {
  edgewise: 1,
  id: "draft",
  name: "First",
  channels: { draft: { schema: { type: "string" } }, rounds: { reducer: "sum", default: 0 } },
  output: ["draft"],
  nodes: {
    write: { kind: "model", prompt: "Write", write: "draft" },
    check: { kind: "transform", set: { rounds: "1" } },
    publish: { kind: "transform", set: { draft: "state.draft.trim()" } },
  },
  edges: [
    { from: "start", to: "write" },
    { from: "write", to: "check" },
    { from: "check", to: "write", when: "state.rounds < 3" },
    { from: "check", to: "publish", else: true },
  ] as readonly Json[],
  limits: { steps: 50 },
} satisfies JsonObject;

/** Few names and values, so that two documents often share some and equal ones come up. */
const name = fc.constantFrom("a", "b", "c", "d", "__proto__", "7", "new\nline");
const scalar = fc.constantFrom<Json>(0, -0, 1, "x", "", true, null);
const part = fc.oneof(scalar, fc.dictionary(name, scalar, { maxKeys: 2 }));
const mapping = fc.oneof(
  { weight: 6, arbitrary: fc.uniqueArray(fc.tuple(name, part), { selector: ([key]) => key, maxLength: 4 }) },
  { weight: 1, arbitrary: fc.constant([]) },
);
const section = fc.oneof(
  { weight: 9, arbitrary: mapping.map((entries): Json => Object.fromEntries(entries)) },
  { weight: 1, arbitrary: scalar },
);
const end = fc.constantFrom("start", "a", "b", "c", "end");
const edge = fc.oneof(
  {
    weight: 9,
    arbitrary: fc.record({ from: end, to: end, when: fc.constantFrom("x", "y") }, { requiredKeys: ["from", "to"] }),
  },
  { weight: 1, arbitrary: scalar },
);
const edges = fc.oneof({ weight: 9, arbitrary: fc.array(edge, { maxLength: 4 }) }, { weight: 1, arbitrary: scalar });
const names = fc.oneof({ weight: 9, arbitrary: fc.array(name, { maxLength: 3 }) }, { weight: 1, arbitrary: scalar });

/** Documents as people, machines and mischief write them: every part may be missing or be anything. */
export const anyDocument: fc.Arbitrary<JsonObject> = fc.record(
  { channels: section, nodes: section, edges, input: names, output: names, limits: section, name: scalar },
  { requiredKeys: [] },
) as fc.Arbitrary<JsonObject>;
