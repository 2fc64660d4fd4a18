import { describe, expect, it } from "vitest";
import { found } from "./testing/findings.ts";

/** Per rule: what it is about, the smallest graph that breaks it, the mended twin, and what it says. */
const RULES: readonly (readonly [code: string, about: string, broken: string, mended: string, finding: string])[] = [
  [
    "unordered_read",
    "a read of what a node beside it writes",
    graph("x: , y: ", "a: set x = 1; b: set y = state.x", "start>a start>b"),
    graph("x: , y: ", "a: set x = 1; b: set y = state.x", "start>a a>b"),
    "warning /nodes/b",
  ],
  [
    "unordered_read",
    "a condition that reads it",
    graph("x: ", "a: set x = 1; b: set; c: set", "start>a start>b b>c?state.x==1"),
    graph("x: ", "a: set x = 1; b: set; c: set", "start>a a>b b>c?state.x==1"),
    "warning /nodes/b",
  ],
  [
    "unordered_read",
    "the arms of a choice, of which one is taken",
    graph("x: , y: ", "a: set; b: set x = 1; c: set y = state.x", "start>a a>b?has(state.y) a>c"),
    graph("x: , y: ", "a: set; b: set x = 1; c: set y = state.x", "start>a a>b?has(state.y) a>c!"),
    "warning /nodes/c",
  ],
  [
    "conflict_ahead",
    "two writers side by side whose channel is read",
    graph("x: , y: ", "a: set x = 1; b: set x = 2; c: set y = state.x", "start>a start>b a>c b>c"),
    graph("x: { reducer: append }, y: ", "a: set x = 1; b: set x = 2; c: set y = state.x", "start>a start>b a>c b>c"),
    "warning /channels/x",
  ],
  [
    "conflict_ahead",
    "two writers side by side of what the result shows",
    graph("x: ", "a: set x = 1; b: set x = 2", "start>a start>b"),
    graph("x: ", "a: set x = 1; b: set x = 2", "start>a a>b"),
    "warning /channels/x",
  ],
  [
    "conflict_ahead",
    "a write that settles it before anybody reads",
    graph("x: , y: ", "a: set x = 1; b: set x = 2; c: set y = state.x; d: set x = 3", "start>a start>b a>c b>c c>d"),
    graph("x: , y: ", "a: set x = 1; b: set x = 2; c: set y = state.x; d: set x = 3", "start>a start>b a>d b>d d>c"),
    "warning /channels/x",
  ],
  [
    "conflict_ahead",
    "the arms of a choice",
    graph("x: ", "a: set; b: set x = 1; c: set x = 2", "start>a a>b?has(state.x) a>c"),
    graph("x: ", "a: set; b: set x = 1; c: set x = 2", "start>a a>b?has(state.x) a>c!"),
    "warning /channels/x",
  ],
  [
    "side_of_loop",
    "a node that every turn of a loop activates",
    graph("x: { default: 0 }", "a: set; b: set x = state.x + 1; log: set", "start>a a>b b>a?state.x<3 a>log"),
    graph("x: { default: 0 }", "a: set; b: set x = state.x + 1; log: each set", "start>a a>b b>a?state.x<3 a>log"),
    "warning /edges/3",
  ],
  [
    "side_of_loop",
    "a loop's exit that is taken always",
    graph("x: { default: 0 }", "a: set x = state.x + 1; b: set", "start>a a>a?state.x<3 a>b"),
    graph("x: { default: 0 }", "a: set x = state.x + 1; b: set", "start>a a>a?state.x<3 a>b!"),
    "warning /edges/2",
  ],
  [
    "missing_limit",
    "a loop without limits.steps",
    graph("x: { default: 0 }", "a: set x = state.x + 1", "start>a a>a?state.x<3"),
    graph("x: { default: 0 }", "a: set x = state.x + 1", "start>a a>a?state.x<3", "limits: { steps: 9 }"),
    "hint /nodes/a",
  ],
  [
    "missing_limit",
    "a model without max_tokens in a loop",
    graph("x: ", "a: ask hello x", "start>a a>a?state.x==''", "limits: { steps: 9 }"),
    graph("x: ", "a: ask hello x 100", "start>a a>a?state.x==''", "limits: { steps: 9 }"),
    "hint /nodes/a",
  ],
  [
    "expensive_shape",
    "a whole conversation in a prompt in a loop",
    graph("x: { reducer: messages }", "a: ask {{state.x}} x", "start>a a>a?size(state.x)<9"),
    graph("x: { reducer: messages }", "a: ask {{state.x[size(state.x)-1]}} x", "start>a a>a?size(state.x)<9"),
    "hint /nodes/a",
  ],
  [
    "expensive_shape",
    "a list that grows with every one of many turns",
    graph("x: { reducer: append }", "a: set x = 1", "start>a a>a?size(state.x)<9", "limits: { steps: 5000 }"),
    graph("x: { reducer: append }", "a: set x = 1", "start>a a>a?size(state.x)<9", "limits: { steps: 50 }"),
    "hint /nodes/a",
  ],
  [
    "unused_variable",
    "a variable that nothing names",
    graph("x: ", "a: set x = 1", "start>a", "variables: { tone: dry }"),
    graph("x: ", "a: set x = vars.tone", "start>a", "variables: { tone: dry }"),
    "warning /variables/tone",
  ],
  [
    "unused_parameter",
    "a parameter that nothing names",
    graph("x: ", "a: set x = 1", "start>a", "parameters: { tone: { default: dry } }"),
    graph("x: ", 'a: set x = params["tone"]', "start>a", "parameters: { tone: { default: dry } }"),
    "warning /parameters/tone",
  ],
  [
    "constant_condition",
    "a condition that is always true",
    graph("x: ", "a: set x = 1; b: set", "start>a a>b?(true)"),
    graph("x: ", "a: set x = 1; b: set", "start>a a>b?state.x==1"),
    "warning /edges/1/when",
  ],
  [
    "constant_condition",
    "a condition that reads nothing",
    graph("x: ", "a: set x = 1; b: set", "start>a a>b?size('state.x')>3"),
    graph("x: ", "a: set x = 1; b: set", "start>a a>b?size(state.x)>3"),
    "warning /edges/1/when",
  ],
  [
    "retry_unsafe",
    "retry of what must not be repeated",
    graph("x: ", "a: unsafe set x = 1", "start>a"),
    graph("x: ", "a: set x = 1", "start>a"),
    "warning /nodes/a/retry",
  ],
  [
    "no_schema",
    "an input that may be anything",
    graph("x: , y: ", "a: set y = state.x", "start>a", "input: [x]"),
    graph("x: { schema: { type: string } }, y: ", "a: set y = state.x", "start>a", "input: [x]"),
    "hint /channels/x",
  ],
];

describe("each rule fires on the smallest graph, and not on its mended twin", () => {
  it.each(RULES)("%s: %s", (code, _, broken, mended, finding) => {
    expect(found(code, broken)).toEqual([finding]);
    expect(found(code, mended)).toEqual([]);
  });
});

/** A graph in short: `a: set x = 1` writes, `a: ask PROMPT channel [max_tokens]` asks; `a>b?when`, `a>b!` otherwise. */
function graph(channels: string, nodes: string, edges: string, more = ""): string {
  const lines = nodes.split("; ").map((node) => {
    const [, id = "", does = ""] = /^(\w+): (.*)$/.exec(node) ?? [];
    const [word = "", ...rest] = does.split(" ");
    if (word === "each") return `  ${id}: { kind: transform, join: each }`;
    if (word === "ask") {
      const [prompt, write, most] = rest;
      return `  ${id}: { kind: model, prompt: "${prompt}", write: ${write}${most === undefined ? "" : `, max_tokens: ${most}`} }`;
    }
    const [, channel, source] = /(\w+) = (.*)$/.exec(does) ?? [];
    const set = channel === undefined ? "{}" : `{ ${channel}: ${JSON.stringify(source)} }`;
    return `  ${id}: { kind: transform, set: ${set}${word === "unsafe" ? ", retry: 2, effect: unsafe" : ""} }`;
  });
  const links = edges.split(" ").map((edge) => {
    const [, from, to, mark, when] = /^(\w+)>(\w+)([?!]?)(.*)$/.exec(edge) ?? [];
    const condition = mark === "?" ? `, when: ${JSON.stringify(when)}` : mark === "!" ? ", else: true" : "";
    return `  - { from: ${from}, to: ${to}${condition} }`;
  });
  return `channels: { ${channels} }\nnodes:\n${lines.join("\n")}\nedges:\n${links.join("\n")}\n${more}\n`;
}
