import { describe, expect, it } from "vitest";
import { EdgewiseError } from "../base/errors.ts";
import { isJson } from "../base/json.ts";
import type { Json, JsonObject } from "../base/json.ts";
import type { Plan, Scope } from "../graph/plan.ts";
import type { FrameEnd } from "./contract.ts";
import { nodeKinds } from "./registry.ts";
import type { AnyCompositeKind, AnyNodeKind } from "./registry.ts";
import { nodeCalled } from "./testing/one-node.ts";
import { compileRecorded } from "./testing/recorder.ts";
import { problemsOf } from "./testing/one-node.ts";
import { samplesOf } from "./testing/samples.ts";
import type { Sample } from "./testing/samples.ts";

/** What composites (R10) promise besides what every kind does. */
const isComposite = (kind: AnyNodeKind): kind is AnyCompositeKind => "open" in kind;
const COMPOSITES = [...nodeKinds.values()].filter(isComposite).map((kind) => [kind.kind, kind] as const);

/** A sample's node, compiled, with the state around it. */
function compiledOf(sample: Sample) {
  const { result, handed } = compileRecorded(sample);
  if (!result.ok) throw new Error(JSON.stringify(result.problems));
  const { compiled, inside } = nodeCalled(result.plan, sample.node);
  if (inside === undefined) throw new Error(`"${sample.node}" has no graph inside.`);
  const names = new Set(handed.filter(({ method }) => method === "channel").map(({ source }) => source));
  return { compiled: compiled as never, inside, names, scope: scopeOf(stateOf(result.plan)) };
}

function stateOf(plan: Plan): JsonObject {
  return Object.fromEntries(plan.channels.map(({ name, default: value }): [string, Json] => [name, value ?? "ada"]));
}

function scopeOf(state: JsonObject): Scope {
  return { read: (channel) => state[channel], globals: { item: 1, index: 0 } };
}

const ERROR = { code: "node_failed", message: "It failed.", retryable: false, node: "inner" } as const;

describe.each(COMPOSITES)("%s", (_, kind) => {
  const samples = samplesOf(kind);

  it("opens with JSON, the same each time, and at least one frame at once", () => {
    for (const sample of samples) {
      const { compiled, scope } = compiledOf(sample);
      const opening = kind.open(compiled, scope);
      expect(kind.open(compiled, scope)).toEqual(opening);
      expect(isJson(opening.items)).toBe(true);
      expect(opening.concurrency).toBeGreaterThanOrEqual(1);
      if (!kind.many) expect(opening.items).toHaveLength(1);
    }
  });

  it("enters with writes to channels of the graph inside, the same each time", () => {
    for (const sample of samples) {
      const { compiled, inside, scope } = compiledOf(sample);
      const { writes } = kind.enter(compiled, scope);
      expect(kind.enter(compiled, scope)).toEqual({ writes });
      const known = new Set(inside.channels.map(({ name }) => name));
      expect(writes.filter(({ channel }) => !known.has(channel))).toEqual([]);
    }
  });

  it("shares channels that both graphs have, and says so of each", () => {
    for (const sample of samples) {
      const { compiled, inside } = compiledOf(sample);
      const { begin, leave } = kind.shares(compiled);
      const known = new Set(inside.channels.map(({ name }) => name));
      expect([...begin, ...leave].filter((name) => !known.has(name))).toEqual([]);
    }
  });

  it("closes over no frames, over finished and over failed ones; it writes what it declared, or fails as the frame did", () => {
    for (const sample of samples) {
      const { compiled, inside, names } = compiledOf(sample);
      const shared = new Set<Json>(kind.shares(compiled).leave);
      const left = kind.leave(compiled, scopeOf(stateOf(inside)));
      const ends: readonly FrameEnd[] = [
        { ok: true, shared: [], item: 1, index: 0, writes: left },
        { ok: false, item: 2, index: 1, error: ERROR },
      ];
      for (const some of [[], ends.slice(0, 1), ends]) {
        const writes = closed(kind, compiled, some);
        if (writes === undefined) continue;
        expect(writes.filter(({ channel }) => !names.has(channel) && !shared.has(channel))).toEqual([]);
        expect(isJson(writes)).toBe(true);
      }
    }
  });
});

/** What it writes in the end; undefined if it fails with the frame's error. */
function closed(kind: AnyCompositeKind, compiled: never, ends: readonly FrameEnd[]) {
  try {
    return kind.close(compiled, ends);
  } catch (thrown) {
    expect(ends.some((end) => !end.ok)).toBe(true);
    expect(thrown).toBeInstanceOf(EdgewiseError);
    expect(thrown).toHaveProperty("record.code", ERROR.code);
    return undefined;
  }
}

it("there are composites to look at", () => {
  expect(COMPOSITES.map(([name]) => name)).toEqual(expect.arrayContaining(["map", "subgraph"]));
});

it("a node is checked whole, also where the graph inside is broken: all mistakes come at once", () => {
  const node = {
    kind: "map",
    over: "state.n",
    input: { given: "itm" },
    output: { nowhere: "state.made" },
    graph: { nodes: { t: { kind: "transform", set: { lost: "1" } } }, edges: [{ from: "start", to: "t" }] },
  };
  const all = [
    ["unknown_variable", "/nodes/n/input/given"],
    ["unknown_channel", "/nodes/n/output/nowhere"],
    ["unknown_channel", "/nodes/n/graph/nodes/t/set/lost"],
  ];
  expect(problemsOf(node)).toEqual(expect.arrayContaining(all));
});
