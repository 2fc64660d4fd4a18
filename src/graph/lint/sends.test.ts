import { describe, expect, it } from "vitest";
import { findingsOf, found } from "./testing/findings.ts";

const CHANNELS = "channels: { rows: { default: [1, 2] }, x: {}, y: { reducer: append } }\n";

describe("edges that send [R1]", () => {
  it("a payload that nothing can bring is pointed at, where it stands in a node or on its edges", () => {
    const nodes = `nodes:
  a: { kind: emit, value: payload }
  b: { kind: emit, value: "'<' + string(payload)" }
  c: { kind: emit, value: "default(payload, 1)" }
  d: { kind: emit, value: "has(payload) ? 1 : 2" }
edges:
  - { from: start, to: a }
  - { from: a, to: b, send: state.rows }
  - { from: b, to: c, when: payload > 1 }
  - { from: c, to: d, when: payload > 1 }
`;
    expect(found("absent_payload", CHANNELS + nodes)).toEqual(["warning /nodes/a", "warning /nodes/c"]);
    const start = "nodes: { a: { kind: emit, value: '1' } }\nedges: [{ from: start, to: a, send: payload }]\n";
    expect(found("absent_payload", CHANNELS + start)).toEqual(["warning /edges"]);
  });

  it("[R6] tasks of one node that write one channel each are a conflict ahead, where somebody reads it unsettled", () => {
    const sent = (write: string, more = "", rest = "") => `${CHANNELS}${more}nodes:
  a: { kind: transform }
  b: { kind: transform, set: { ${write}: payload } }
${rest}edges:
  - { from: start, to: a }
  - { from: a, to: b, send: state.rows }
`;
    expect(found("conflict_ahead", sent("x"))).toEqual(["warning /channels/x"]);
    expect(findingsOf(sent("x")).find(({ code }) => code === "conflict_ahead")?.message).toBe(
      '"b" writes "x" once for each item; where their values differ, the result fails with conflicting_write.',
    );
    expect(found("conflict_ahead", sent("y"))).toEqual([]);
    expect(found("conflict_ahead", sent("x", "output: [y]\n"))).toEqual([]);
  });

  it("a cycle that goes on for each of a list has an exit: an empty one", () => {
    const cycle = (send: string) => `${CHANNELS}nodes: { a: { kind: transform }, b: { kind: transform } }
edges:
  - { from: start, to: a }
  - { from: a, to: b${send} }
  - { from: b, to: a }
limits: { steps: 10 }
`;
    expect(found("endless_cycle", cycle(""))).toEqual(["warning /nodes/a"]);
    expect(found("endless_cycle", cycle(", send: state.rows"))).toEqual([]);
  });

  it("what is sent out of a loop on every turn does not merge, so nothing is said of it", () => {
    const side = (send: string) => `${CHANNELS}nodes: { a: { kind: transform }, b: { kind: transform } }
edges:
  - { from: start, to: a }
  - { from: a, to: b${send} }
  - { from: a, to: a, when: size(state.rows) > 2 }
limits: { steps: 10 }
`;
    expect(found("side_of_loop", side(""))).toEqual(["warning /edges/1"]);
    expect(found("side_of_loop", side(", send: state.rows"))).toEqual([]);
  });

  it("a model that is asked for every item wants a limit", () => {
    const asking = (more: string, send: string) => `${CHANNELS}nodes:
  a: { kind: model, prompt: Go${more}, write: y }
edges: [{ from: start, to: a${send} }]
`;
    expect(found("missing_limit", asking("", ", send: state.rows"))).toEqual(["hint /nodes/a"]);
    expect(found("missing_limit", asking(", max_tokens: 9", ", send: state.rows"))).toEqual([]);
    expect(found("missing_limit", asking("", ""))).toEqual([]);
  });

  it("[R4] a list reads its channels: what is written beside it is not seen", () => {
    const text = `channels: { rows: {}, y: { reducer: append } }
nodes:
  a: { kind: transform }
  w: { kind: transform, set: { rows: "[1]" } }
  b: { kind: transform, set: { y: payload } }
edges:
  - { from: start, to: a }
  - { from: start, to: w }
  - { from: a, to: b, send: state.rows }
`;
    expect(found("unordered_read", text)).toEqual(["warning /nodes/a"]);
  });
});
