import { describe, expect, it } from "vitest";
import type { Json } from "../../base/json.ts";
import { applyEdits, editText } from "./edit.ts";
import type { TextEdit } from "./edit.ts";

/** A YAML text with the margin of the test's own indentation taken away. */
function yaml(strings: TemplateStringsArray): string {
  const lines = (strings[0] ?? "").split("\n").slice(1);
  const margin = (lines[0] ?? "").length - (lines[0] ?? "").trimStart().length;
  return lines.map((line) => line.slice(margin)).join("\n");
}

const GRAPH = yaml`
  # The graph of the week
  edgewise: 1 # the only one
  id: brief

  channels:
    # what people ask
    topic: { schema: { type: string } } # required
    answer:
  nodes:
    ask: # first of all
      kind: model
      prompt: |
        About {{ state.topic }}:
        be brief.

      write: 'answer'
    # checks what came
    check:
        kind: transform
        set: {answer: "state.answer.trim()"}
  edges:
  - { from: start, to: ask }
  # then
  - from: ask
    to: check # at last
  `;

function changed(edits: readonly TextEdit[], text = GRAPH, type: "yaml" | "json" = "yaml"): string {
  return applyEdits(text, type, edits);
}

/** Lines that went, and lines that came, in their order. */
function difference(before: string, after: string): string[] {
  const [old, now] = [before.split("\n"), after.split("\n")];
  let head = 0;
  while (head < old.length && head < now.length && old[head] === now[head]) head += 1;
  let tail = 0;
  while (tail < Math.min(old.length, now.length) - head && old.at(-1 - tail) === now.at(-1 - tail)) tail += 1;
  return [
    ...old.slice(head, old.length - tail).map((line) => `-${line}`),
    ...now.slice(head, now.length - tail).map((line) => `+${line}`),
  ];
}

describe("a YAML text that is edited", () => {
  it.each<[string, TextEdit, string[]]>([
    [
      "changes a scalar in its quotes",
      { path: ["nodes", "ask", "write"], value: "topic" },
      ["-    write: 'answer'", "+    write: 'topic'"],
    ],
    [
      "keeps a comment behind what changes",
      { path: ["edges", 1, "to"], value: "ask" },
      ["-  to: check # at last", "+  to: ask # at last"],
    ],
    [
      "keeps the notation of a block of text",
      { path: ["nodes", "ask", "prompt"], value: "In short.\n" },
      ["-      About {{ state.topic }}:", "-      be brief.", "+      In short."],
    ],
    [
      "adds to braces",
      { path: ["edges", 0, "when"], value: "true" },
      ["-- { from: start, to: ask }", '+- { from: start, to: ask, when: "true" }'],
    ],
    [
      "adds to braces without spaces",
      { path: ["nodes", "check", "set", "topic"], value: "state.topic" },
      [
        '-      set: {answer: "state.answer.trim()"}',
        '+      set: {answer: "state.answer.trim()", topic: state.topic}',
      ],
    ],
    ["adds an entry by indentation", { path: ["nodes", "check", "timeout"], value: "5s" }, ["+      timeout: 5s"]],
    [
      "adds a node",
      { path: ["nodes", "end_it"], value: { kind: "emit", value: "1" } },
      ["+  end_it:", "+    kind: emit", '+    value: "1"'],
    ],
    ["adds an item", { path: ["edges", 2], value: { from: "check", to: "end" } }, ["+- from: check", "+  to: end"]],
    [
      "takes an entry away with its comments",
      { path: ["nodes", "check"] },
      ["-  # checks what came", "-  check:", "-      kind: transform", '-      set: {answer: "state.answer.trim()"}'],
    ],
    ["takes an entry out of braces", { path: ["edges", 0, "from"] }, ["-- { from: start, to: ask }", "+- { to: ask }"]],
    [
      "takes the first entry away behind a dash",
      { path: ["edges", 1, "from"] },
      ["-- from: ask", "-  to: check # at last", "+- to: check # at last"],
    ],
    [
      "takes an item away with its comments",
      { path: ["edges", 1] },
      ["-# then", "-- from: ask", "-  to: check # at last"],
    ],
    ["keeps what stands on top of the text", { path: ["edgewise"] }, ["-edgewise: 1 # the only one"]],
    [
      "gives a value to a key without one",
      { path: ["channels", "answer"], value: { default: 1 } },
      ["+    default: 1"],
    ],
    [
      "writes a longer text as a block",
      { path: ["id"], value: "two\nlines" },
      ["-id: brief", "+id: |-", "+  two", "+  lines"],
    ],
    [
      "leaves an empty mapping where all is taken",
      { path: ["nodes", "check", "set", "answer"] },
      ['-      set: {answer: "state.answer.trim()"}', "+      set: {}"],
    ],
  ])("%s", (_, edit, lines) => {
    expect(difference(GRAPH, changed([edit]))).toEqual(lines);
  });

  it("keeps its line ends, and that it has none at its end", () => {
    const crlf = GRAPH.trimEnd().replaceAll("\n", "\r\n");
    const after = changed(
      [
        { path: ["nodes", "check", "set", "topic"], value: "1" },
        { path: ["edges", 2], value: { from: "check" } },
      ],
      crlf,
    );
    expect(after).toBe(`${crlf.replace('.trim()"}', '.trim()", topic: "1"}')}\r\n- from: check`);
    expect(changed([{ path: ["edges", 2] }], after)).not.toMatch(/\n$/);
  });

  it("spells an alias out where the two differ, and only there", () => {
    const text = "a: &one { x: 1 } # one\nb: *one\nc: *one\nd: &two [1]\ne: *two\n";
    expect(changed([{ path: ["b", "x"], value: 2 }], text)).toBe(text.replace("b: *one", "b:\n  x: 2"));
    expect(changed([{ path: ["a", "x"], value: 2 }], text)).toBe(
      "a: &one { x: 2 } # one\nb:\n  x: 1\nc:\n  x: 1\nd: &two [1]\ne: *two\n",
    );
    expect(changed([{ path: ["d"] }], text)).toBe("a: &one { x: 1 } # one\nb: *one\nc: *one\ne:\n  - 1\n");
  });

  it("moves nodes with their comments", () => {
    const text = "nodes:\n  # one\n  a: 1\n\n  # two\n  b: 2 # here\n  # three\n  c: 3\n";
    expect(editText(text, "yaml", { nodes: { b: 2, a: 1, c: 3 } })).toBe(
      "nodes:\n  # two\n  b: 2 # here\n  # one\n  a: 1\n\n  # three\n  c: 3\n",
    );
  });

  it("renames a key in its place", () => {
    expect(editText("nodes:\n  'a': { k: 1 } # x\n  b: 2\n", "yaml", { nodes: { other: { k: 1 }, b: 2 } })).toBe(
      "nodes:\n  'other': { k: 1 } # x\n  b: 2\n",
    );
  });

  it("has a comment in brackets stay with its item", () => {
    const text = "list: [\n  a, # one\n  b, # two\n  # three\n  c\n]\n";
    expect(editText(text, "yaml", { list: ["a", "c"] })).toBe("list: [\n  a, # one\n  # three\n  c\n]\n");
    expect(editText(text, "yaml", { list: ["a", "b"] })).toBe("list: [\n  a, # one\n  b # two\n]\n");
    expect(editText(text, "yaml", { list: ["a", "b", "d", "c"] })).toBe(
      "list: [\n  a, # one\n  b, # two\n  d,\n  # three\n  c\n]\n",
    );
  });
});

describe("a JSON text that is edited", () => {
  const TEXT =
    '{\n  "id": "a",\n  "nodes": {\n    "x": { "kind": "model" },\n    "y": {\n      "kind": "emit"\n    }\n  },\n  "edges": []\n}\n';

  it.each<[string, TextEdit, string[]]>([
    ["changes a value", { path: ["id"], value: "b" }, ['-  "id": "a",', '+  "id": "b",']],
    ["takes an entry away", { path: ["id"] }, ['-  "id": "a",']],
    ["takes the last entry away", { path: ["edges"] }, ["-  },", '-  "edges": []', "+  }"]],
    [
      "adds as its neighbours are written",
      { path: ["nodes", "z"], value: { kind: "e" } },
      ["+    },", '+    "z": {', '+      "kind": "e"'],
    ],
    [
      "adds on one line",
      { path: ["nodes", "x", "n"], value: [1] },
      ['-    "x": { "kind": "model" },', '+    "x": { "kind": "model", "n": [1] },'],
    ],
    [
      "fills an empty list",
      { path: ["edges", 0], value: { from: "start" } },
      ['-  "edges": []', '+  "edges": [', "+    {", '+      "from": "start"', "+    }", "+  ]"],
    ],
  ])("%s", (_, edit, lines) => {
    expect(difference(TEXT, changed([edit], TEXT, "json"))).toEqual(lines);
  });

  it("stays on one line without a space where it has none", () => {
    expect(changed([{ path: ["b"], value: { c: [1, 2] } }], '{"a":1}', "json")).toBe('{"a":1,"b":{"c":[1,2]}}');
  });
});

describe("a list of 50,000 items", () => {
  it("is changed in several places at once, within the time of a test", () => {
    const items = Array.from({ length: 50_000 }, (_, index) => `z${index}`);
    const edits = [{ path: ["a", 25_000], value: { n: [1] } }, { path: ["a", 100], value: 1 }, { path: ["a", 49_000] }];
    const wanted = items
      .with(25_000, { n: [1] } as never)
      .with(100, 1 as never)
      .toSpliced(49_000, 1);
    expect(JSON.parse(changed(edits, JSON.stringify({ a: items }), "json"))).toEqual({ a: wanted });
  });
});

describe("what cannot be edited", () => {
  it("is refused with a reason", () => {
    const circle: { self?: Json } = {};
    circle.self = circle as Json;
    expect(() => editText("a: 1", "yaml", circle as Json)).toThrow(/too deep|nested/);
    expect(() => changed([{ path: ["nodes", "no", "kind"], value: 1 }])).toThrow(/nothing at \/nodes\/no\/kind/);
    expect(() => changed([{ path: ["edges", 7], value: 1 }])).toThrow(/nothing at \/edges\/7/);
  });

  it("is written anew where it cannot be read", () => {
    expect(editText("a: [", "yaml", { a: [1] })).toBe("a:\n  - 1\n");
    expect(editText("{", "json", { a: 1 })).toBe('{\n  "a": 1\n}\n');
  });
});
