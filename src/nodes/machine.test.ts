import { describe, expect, it } from "vitest";
import type { Json, JsonObject } from "../base/json.ts";
import { compileGraph } from "../graph/compile.ts";
import { toMermaid } from "../graph/draw/mermaid.ts";
import type { NodeResult } from "./contract.ts";
import { nodeKinds, runNode } from "./registry.ts";
import { contextOf } from "./testing/context.ts";
import { documentAround, nodeCalled } from "./testing/one-node.ts";

const STATES: JsonObject = {
  idle: { on: [{ when: "state.x > 1", to: "busy", set: { y: "state.x * 10" } }] },
  busy: {
    on: [
      { when: "state.x > 5", to: "done" },
      { when: "state.x > 3", to: "busy", set: { y: "state.s" } },
    ],
    goto: ["a", "b"],
    stay: "b",
  },
  done: { final: true, goto: "end" },
};
const machine = (states: Json = STATES, more: JsonObject = {}): JsonObject => ({
  kind: "machine",
  state: "s",
  initial: "idle",
  states,
  ...more,
});

const CHANNELS: JsonObject = { s: { schema: { enum: ["idle", "busy", "done", "other"] } }, x: {}, y: {} };

function compiled(node: JsonObject, channels: JsonObject = {}) {
  return compileGraph({ document: documentAround(node, { ...CHANNELS, ...channels }) }, nodeKinds);
}

function run(state: JsonObject, node = machine()): NodeResult {
  const result = compiled(node);
  if (!result.ok) throw new Error(JSON.stringify(result.problems));
  return runNode(nodeCalled(result.plan, "n"), contextOf(state)) as NodeResult;
}

const said = (node: JsonObject, channels: JsonObject = {}): string[] => {
  const result = compiled(node, channels);
  const all = result.ok ? [...result.warnings, ...result.hints] : result.problems;
  return all
    .filter(({ path }) => path.startsWith("/nodes/n"))
    .map((each) => `${each.severity} ${each.code} ${each.path}`);
};

describe("an activation of a machine", () => {
  it("takes the first transition that holds, writes the new state with its set, and goes where that state says", () => {
    expect(run({ s: "idle", x: 2 })).toEqual({
      writes: [
        { channel: "s", value: "busy" },
        { channel: "y", value: 20 },
      ],
      goto: ["a", "b"],
    });
    expect(run({ s: "busy", x: 9 })).toEqual({ writes: [{ channel: "s", value: "done" }], goto: ["end"] });
  });

  it("begins in the initial state while the channel is absent, and writes it where it stays", () => {
    expect(run({ x: 2 })).toMatchObject({ writes: [{ value: "busy" }, { value: 20 }] });
    expect(run({ x: 0 })).toEqual({ writes: [{ channel: "s", value: "idle" }] });
  });

  it("stays where no transition holds: it writes nothing, and goes where stay says, or else where the state goes", () => {
    expect(run({ s: "idle", x: 0 })).toEqual({ writes: [] });
    expect(run({ s: "busy", x: 0 })).toEqual({ writes: [], goto: ["b"] });
    const { stay: _, ...busy } = STATES["busy"] as JsonObject;
    expect(run({ s: "busy", x: 0 }, machine({ ...STATES, busy }))).toEqual({ writes: [], goto: ["a", "b"] });
  });

  it("enters a state anew by a transition to itself; all of set sees what the node sees", () => {
    const writes = [
      { channel: "s", value: "busy" },
      { channel: "y", value: "busy" },
    ];
    expect(run({ s: "busy", x: 4 })).toEqual({ writes, goto: ["a", "b"] });
  });

  it("does nothing in a final state, unless it says where to go when it stays", () => {
    expect(run({ s: "done", x: 9 })).toEqual({ writes: [] });
    const done = { final: true, goto: "a", stay: "b" };
    expect(run({ s: "done", x: 9 }, machine({ ...STATES, done }))).toEqual({ writes: [], goto: ["b"] });
  });

  it.each<[Json, string]>([
    ["other", '"other"'],
    [7, "7"],
    [{ a: 1 }, '{"a":1}'],
    ["__proto__", '"__proto__"'],
  ])("fails on %j, which is no state, and names those that are", (s, given) => {
    expect(() => run({ s, x: 1 })).toThrow(
      expect.objectContaining({
        code: "node_failed",
        retryable: false,
        message: `The channel "s" holds ${given}, which is no state; known are idle, busy, done.`,
      }),
    );
  });

  it("fails where a when is neither true nor false", () => {
    const idle = { on: [{ when: "state.x", to: "busy" }] };
    expect(() => run({ x: 1 }, machine({ ...STATES, idle }))).toThrow(
      expect.objectContaining({ code: "condition_failed", message: expect.stringContaining('"state.x"') }),
    );
  });
});

describe("a machine's mistakes", () => {
  const withState = (name: string, state: Json) => machine({ ...STATES, [name]: state });

  it.each<[string, JsonObject, JsonObject, string]>([
    ["an unknown initial state", machine(STATES, { initial: "ilde" }), {}, "error unknown_state /nodes/n/initial"],
    [
      "a transition to no state",
      withState("busy", { on: [{ to: "doen" }] }),
      {},
      "error unknown_state /nodes/n/states/busy/on/0/to",
    ],
    [
      "a final state with transitions",
      withState("done", { final: true, on: [{ to: "idle" }] }),
      {},
      "error invalid_value /nodes/n/states/done/on",
    ],
    ["a name that is none", withState("not ok", {}), {}, "error invalid_value /nodes/n/states/not ok"],
    ["a channel that is none", machine(STATES, { state: "z" }), {}, "error unknown_channel /nodes/n/state"],
    ["a channel with a reducer", machine(), { s: { reducer: "append" } }, "error state_not_last /nodes/n/state"],
    [
      "a channel that does not take a state's name",
      machine(),
      { s: { schema: { enum: ["idle", "busy"] } } },
      "error state_refused /nodes/n/states/done",
    ],
    [
      "a channel that begins otherwise",
      machine(),
      { s: { default: "busy" } },
      "error invalid_default /nodes/n/initial",
    ],
    [
      "a set of the state itself",
      withState("idle", { on: [{ to: "busy", set: { s: "'done'" } }] }),
      {},
      "error state_set_twice /nodes/n/states/idle/on/0/set/s",
    ],
    [
      "a goto to no node",
      withState("done", { final: true, goto: ["a", "c"] }),
      {},
      "error dangling_edge /nodes/n/states/done/goto/1",
    ],
  ])("%s is an error", (_, node, channels, expected) => {
    expect(said(node, channels)).toContain(expected);
  });

  it("a near name is proposed", () => {
    const result = compiled(machine(STATES, { initial: "ilde" }));
    expect(result.ok ? [] : result.problems).toContainEqual(expect.objectContaining({ hint: 'Did you mean "idle"?' }));
  });

  it("unreachable and stuck states are hints, a transition behind one that is always taken a warning", () => {
    expect(said(machine())).toEqual([]);
    expect(said(withState("other", { final: true }))).toEqual(["hint unreachable_state /nodes/n/states/other"]);
    expect(said(withState("done", {}))).toEqual(["hint stuck_state /nodes/n/states/done"]);
    const busy = { on: [{ to: "done" }, { to: "idle" }] };
    expect(said(withState("busy", busy))).toEqual(["warning dead_transition /nodes/n/states/busy/on/1"]);
  });
});

it("is drawn with its states on the edges", () => {
  const result = compiled(machine());
  const drawing = result.ok ? toMermaid(result.plan) : "";
  expect(drawing).toContain('-->|"busy"|');
  expect(drawing).toContain('-->|"busy, still busy"|');
});
