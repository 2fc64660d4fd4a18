import type { Json, JsonObject } from "../../../src/base/json.ts";
import { ACCEPTED, type DocumentCase, type Expected, jsonCase, refused, times } from "./case.ts";

type StepRow = readonly [name: string, steps: Json, expected: Expected, more?: JsonObject];

const step = (id: Json, more: JsonObject = {}): JsonObject => ({ id, kind: "transform", ...more });
const two = (more: JsonObject): Json => [step("a"), step("b", more)];

const ROWS: readonly StepRow[] = [
  ["one step", [step("a")], ACCEPTED],
  ["no steps", [], refused("no_start", "/steps")],
  ["a mapping of steps", { a: step("a") }, refused("invalid_type", "/steps")],
  ["null", null, { verdict: "refused", pointer: "/steps" }],
  ["a text as a step", ["a"], refused("invalid_type", "/steps/0")],
  ["a list as a step", [[]], refused("invalid_type", "/steps/0")],
  ["no id", [{ kind: "transform" }], refused("missing", "/steps/0/id")],
  ["a number as an id", [step(1)], refused("invalid_type", "/steps/0/id")],
  ["the id __proto__", [step("__proto__")], refused("invalid_id", "/steps/0/id")],
  ["the id start", [step("start")], refused("reserved_id", "/steps/0/id")],
  ["the id constructor", [step("constructor"), step("toString")], ACCEPTED],
  ["an id of 100,000 characters", [step("a".repeat(100_000))], refused("invalid_id", "/steps/0/id")],
  ["an id twice", [step("a"), step("a")], refused("duplicate_step", "/steps/1/id")],
  ["it depends on itself", [step("a", { depends_on: "a" })], refused("depends_on_itself", "/steps/0/depends_on")],
  ["it depends on nothing known", two({ depends_on: "c" }), refused("unknown_step", "/steps/1/depends_on")],
  ["it depends on __proto__", two({ depends_on: ["__proto__"] }), refused("unknown_step", "/steps/1/depends_on/0")],
  ["it depends on constructor", two({ depends_on: "constructor" }), refused("unknown_step", "/steps/1/depends_on")],
  ["it depends on start", two({ depends_on: "start" }), refused("unknown_step", "/steps/1/depends_on")],
  ["it depends on end", two({ depends_on: "end" }), refused("unknown_step", "/steps/1/depends_on")],
  ["it depends on a number", two({ depends_on: 1 }), refused("invalid_type", "/steps/1/depends_on")],
  ["it depends on a list of lists", two({ depends_on: [["a"]] }), refused("invalid_type", "/steps/1/depends_on/0")],
  [
    "it depends on one twice",
    two({ depends_on: ["a", "a"] }),
    { verdict: "refused", pointer: "/steps/1/depends_on/1" },
  ],
  ["it depends on what comes later", [step("a", { depends_on: "b" }), step("b", { depends_on: [] })], ACCEPTED],
  ["two in a ring", [step("a", { depends_on: "b" }), step("b")], refused("dependency_cycle")],
  ["a condition that is a number", two({ condition: 1 }), refused("invalid_type", "/steps/1/condition")],
  ["a condition that is none", two({ condition: "1 +" }), refused("invalid_expression", "/steps/1/condition")],
  ["a condition of another type", two({ condition: "1" }), refused("type_mismatch", "/steps/1/condition")],
  ["a field nobody knows", two({ depend_on: [] }), refused("unknown_key", "/steps/1/depend_on")],
  ["a field of edges", two({ when: "true" }), refused("unknown_key", "/steps/1/when")],
  ["an unknown kind", [{ id: "a", kind: "constructor" }], refused("unknown_kind", "/steps/0/kind")],
  ["no kind and nothing to ask", [{ id: "a" }], { verdict: "refused", pointer: "/steps/0" }],
  ["steps and nodes", [step("a")], refused("steps_and_nodes", "/nodes"), { nodes: {} }],
  ["steps and edges", [step("a")], refused("steps_and_nodes", "/edges"), { edges: [] }],
  ["a channel by its mention", [step("a", { set: { y: "1" } })], ACCEPTED],
  [
    "the channel __proto__ by its mention",
    [{ id: "a", prompt: "a", write: "__proto__" }],
    refused("unknown_channel", "/steps/0/write"),
  ],
  [
    "a channel of no name by its mention",
    [{ id: "a", prompt: "a", write: "a b" }],
    { verdict: "refused", pointer: "/steps/0/write" },
  ],
  ["a mistake in an expression", two({ set: { x: "state.z" } }), refused("unknown_channel", "/steps/1/set/x")],
  [
    "steps inside of steps",
    [step("a", { kind: "subgraph", graph: { steps: [step("b"), step("b")] } })],
    refused("duplicate_step", "/steps/0/graph/steps/1/id"),
  ],
  ["4,999 steps", times(4_999, (index) => step(`s${index}`)), ACCEPTED],
  ["5,001 steps", times(5_001, (index) => step(`s${index}`)), refused("too_large", "/steps")],
  ["20,000 steps", times(20_000, (index) => step(`s${index}`)), refused("too_large", "/steps")],
  ["100,000 steps", times(100_000, () => 1), refused("too_large", "/steps")],
  [
    "a ring of 5,000",
    times(5_000, (index) => step(`s${index}`, { depends_on: `s${(index + 1) % 5_000}` })),
    refused("dependency_cycle"),
  ],
  [
    "300 steps of which each depends on all",
    times(300, (index) => step(`s${index}`, { depends_on: times(300, (other) => `s${other}`) })),
    refused("depends_on_itself"),
  ],
  [
    "250 steps of which each depends on all before",
    times(250, (index) => step(`s${index}`, { depends_on: times(index, (other) => `s${other}`) })),
    ACCEPTED,
  ],
  [
    "400 steps of which each depends on all before",
    times(400, (index) => step(`s${index}`, { depends_on: times(index, (other) => `s${other}`) })),
    refused("too_large", "/steps"),
  ],
  [
    "50,000 dependencies nobody has",
    [step("a"), step("b", { depends_on: times(50_000, (index) => `z${index}`) })],
    refused("unknown_step"),
  ],
  [
    "a long condition on 1,000 dependencies",
    [
      ...times(1_000, (index) => step(`s${index}`, { depends_on: [] })),
      step("z", { depends_on: times(1_000, (index) => `s${index}`), condition: `true${" || true".repeat(150)}` }),
    ],
    refused("too_large", "/steps/1000/condition"),
  ],
  [
    "a condition on 4,000 dependencies",
    [
      ...times(4_000, (index) => step(`s${index}`, { depends_on: [] })),
      step("z", { depends_on: times(4_000, (index) => `s${index}`), condition: "size([1, 2].map(a, a * 2)) > 2" }),
    ],
    ACCEPTED,
  ],
];

/** The compact form: what it means, what it does not, and how much of it. */
export function stepCases(): DocumentCase[] {
  return ROWS.map(([name, steps, expected, more = {}]) => {
    return jsonCase(`steps: ${name}`, { edgewise: 1, id: "g", channels: { x: {} }, ...more, steps }, expected);
  });
}
