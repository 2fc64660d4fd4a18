import type { Json, JsonObject } from "../../../src/base/json.ts";
import { ACCEPTED, refused } from "./case.ts";
import { edge, type Row, setting, START, transform } from "./rows.ts";

const edges = (...list: readonly Json[]): JsonObject => ({ edges: list });
const when = (expression: Json): JsonObject => edges(START, edge("n", "end", { when: expression }));

/** Where edges lead, and from where. */
export const EDGES: readonly Row[] = [
  ["a dangling to", edges(edge("start", "m")), refused("dangling_edge", "/edges/0/to")],
  ["a dangling from", edges(START, edge("m", "n")), refused("dangling_edge", "/edges/1/from")],
  ["both dangling", edges(START, edge("a", "b")), refused("dangling_edge", "/edges/1/to")],
  ["to start", edges(START, edge("n", "start")), refused("dangling_edge", "/edges/1/to")],
  ["from end", edges(START, edge("end", "n")), refused("dangling_edge", "/edges/1/from")],
  ["to itself", edges(START, edge("n", "n")), ACCEPTED],
  ["to itself with when", edges(START, edge("n", "n", { when: "false" })), ACCEPTED],
  ["start to end", edges(edge("start", "end")), ACCEPTED],
  ["no edges", edges(), refused("no_start", "/edges")],
  ["no start", edges(edge("n", "end")), refused("no_start", "/edges")],
  ["twice", edges(START, START), refused("duplicate_edge", "/edges/1")],
  [
    "twice with when",
    edges(START, edge("n", "end", { when: "true" }), edge("n", "end", { when: "false" })),
    refused("duplicate_edge", "/edges/2"),
  ],
  ["else alone", edges(START, edge("n", "end", { else: true })), refused("else_without_when", "/edges/1/else")],
  [
    "else and when",
    edges(START, edge("n", "end", { when: "true", else: true })),
    refused("else_with_when", "/edges/1/else"),
  ],
  ["else false", edges(START, edge("n", "end", { else: false })), refused("invalid_value", "/edges/1/else")],
  ["to another case", edges(edge("start", "N")), refused("dangling_edge", "/edges/0/to")],
  ["to Cyrillic", edges(edge("start", "п")), refused("dangling_edge", "/edges/0/to")],
  ["to with a space", edges(edge("start", "n ")), refused("dangling_edge", "/edges/0/to")],
  ["to with a zero width", edges(edge("start", "n\u200b")), refused("dangling_edge", "/edges/0/to")],
  ["to __proto__", edges(edge("start", "__proto__")), refused("dangling_edge", "/edges/0/to")],
  ["to constructor", edges(edge("start", "constructor")), refused("dangling_edge", "/edges/0/to")],
  ["to toString", edges(edge("start", "toString")), refused("dangling_edge", "/edges/0/to")],
  ["to nothing", edges(edge("start", "")), refused("dangling_edge", "/edges/0/to")],
  ["to 100,000 characters", edges(edge("start", "n".repeat(100_000))), refused("dangling_edge", "/edges/0/to")],
  ["a list as an edge", edges(["start", "n"]), refused("invalid_type", "/edges/0")],
  ["a text as an edge", edges("start -> n"), refused("invalid_type", "/edges/0")],
  ["null as an edge", edges(START, null), refused("invalid_type", "/edges/1")],
  ["a mapping of edges", { edges: { start: "n" } }, refused("invalid_type", "/edges")],
];

/** What stands behind `when`, in `set` and in templates. */
export const CONDITIONS: readonly Row[] = [
  ...(
    [
      ["", "invalid_expression"],
      [" ", "invalid_expression"],
      ["1", "type_mismatch"],
      ["'true'", "type_mismatch"],
      ["[true]", "type_mismatch"],
      ["1 +", "invalid_expression"],
      ["(true", "invalid_expression"],
      ["true)", "invalid_expression"],
      ["true true", "invalid_expression"],
      ["true & false", "invalid_expression"],
      ["x == 1", "unknown_variable"],
      ["state == 1", "invalid_state_access"],
      ["state.y == 1", "unknown_channel"],
      ["state['y'] == 1", "unknown_channel"],
      ["state[state.x] == 1", "invalid_state_access"],
      ["state.constructor == 1", "unknown_channel"],
      ["state.__proto__ == 1", "unknown_channel"],
      ["size() == 1", "wrong_arguments"],
      ["now() == 1", "unknown_function"],
      ["uuid() == ''", "unknown_function"],
      ["state.x.eval('1')", "unknown_function"],
      ["1 == 1u", "unsupported_expression"],
      ["b'a' == b'a'", "unsupported_expression"],
      ["9007199254740993 == 1", "number_too_large"],
      ["1e999 > 1", "invalid_expression"],
      ["'a'.matches('(a')", "invalid_pattern"],
      ["'a'.matches('(?=a)')", "invalid_pattern"],
      ["'a'.matches('(a)\\\\1')", "invalid_pattern"],
      ["state.x.?y == 1", "invalid_expression"],
      ["[1].all(state, true)", "invalid_macro"],
      ["[1].all(1, true)", "invalid_expression"],
      ["1 < 'a'", "type_mismatch"],
      ["!1", "type_mismatch"],
      ["true ? 1 : 2", "type_mismatch"],
      [`${"(".repeat(3000)}true${")".repeat(3000)}`, "invalid_expression"],
      [`${"!".repeat(9000)}true`, "expression_too_large"],
      [`true${" || true".repeat(1_300)}`, "expression_too_large"],
      [`true${" || true".repeat(900)}`, "invalid_expression"],
      [`'${"a".repeat(20_000)}' == ''`, "expression_too_large"],
      ["\u0000", "invalid_expression"],
      ["\ud800", "invalid_expression"],
      ["'\u0000' == '\ud800'", "accepted"],
      ["true // a comment", "accepted"],
      ["true\n&& true", "accepted"],
      ["has(state.x)", "accepted"],
      ["state.x", "accepted"],
      ["payload == null", "accepted"],
    ] as const
  ).map(
    ([text, code]): Row => [
      `when ${JSON.stringify(text.slice(0, 40))}`,
      when(text),
      code === "accepted" ? ACCEPTED : refused(code, "/edges/1/when"),
    ],
  ),
  ["the same in set", setting("state.y"), refused("unknown_channel", "/nodes/n/set/x")],
  ["a set of another channel", { nodes: { n: transform({ y: "1" }) } }, refused("unknown_channel", "/nodes/n/set/y")],
  ["a set of state", { nodes: { n: transform({ state: "1" }) } }, refused("unknown_channel", "/nodes/n/set/state")],
  [
    "a set of constructor",
    { nodes: { n: transform({ constructor: "1" }) } },
    refused("unknown_channel", "/nodes/n/set/constructor"),
  ],
  ...[
    "{{",
    "{{ }}",
    "{{{{ }}",
    "{{ 'a }}",
    "{{ {'a': 1} }}",
    "{{ state.y }}",
    "}}",
    "{{{{",
    "{{ '}}' }}",
    "{{ state.x",
    "{{{ state.x }}}",
  ].map(
    (prompt): Row => [
      `the template ${prompt}`,
      { nodes: { n: { kind: "model", write: "x", prompt } } },
      /^(?:\}\}|\{\{\{\{(?: \}\})?|\{\{ '\}\}' \}\}|\{\{ \{'a': 1\} \}\})$/.test(prompt)
        ? ACCEPTED
        : { verdict: "refused", pointer: "/nodes/n/prompt" },
    ],
  ),
];
