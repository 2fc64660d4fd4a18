import type { Json, JsonObject } from "../../../src/base/json.ts";
import { compileGraph } from "../../../src/graph/compile.ts";
import type { Plan, PlanNode, Scope } from "../../../src/graph/plan.ts";
import type { NodeContext } from "../../../src/nodes/contract.ts";
import { type AnyCompositeKind, nodeKinds, runNode } from "../../../src/nodes/registry.ts";
import { contextOf } from "../../../src/nodes/testing/context.ts";
import { type Attempt, attempt, guarded } from "./host.ts";

/** Somewhere in a document where an expression may stand, and how it is evaluated there. */
interface Place {
  readonly node: (source: string) => JsonObject;
  readonly edges?: (source: string) => readonly Json[];
  evaluate(node: PlanNode, scope: Scope, plan: Plan): unknown;
}

const hole = (source: string): string => `{{ ${source} }}`;
const INNER = {
  channels: { data: {}, got: {} },
  nodes: { i: { kind: "transform", set: { got: "1" } } },
  edges: [{ from: "start", to: "i" }],
};

const run = (node: PlanNode, scope: Scope): unknown =>
  runNode(node, contextOf({}, { scope, emit: () => undefined } satisfies Partial<NodeContext>), nodeKinds);

function compositeOf({ kind }: PlanNode): AnyCompositeKind {
  const found = nodeKinds.get(kind);
  if (found === undefined || !("open" in found)) throw new TypeError(`${kind} is no composite.`);
  return found;
}

/** Where documents hold expressions and templates; what a node does with the value is the kind's own. */
export const PLACES: Readonly<Record<string, Place>> = {
  "set of a transform": { node: (source) => ({ kind: "transform", set: { out: source } }), evaluate: run },
  "value of an emit": { node: (source) => ({ kind: "emit", value: source }), evaluate: run },
  "on of a switch": { node: (source) => ({ kind: "switch", on: source, cases: { a: "end" } }), evaluate: run },
  "a case of a switch": {
    node: (source) => ({ kind: "switch", cases: [{ when: source, to: "end" }] }),
    evaluate: run,
  },
  "until of a wait": { node: (source) => ({ kind: "wait", until: source }), evaluate: run },
  "a failure's message": { node: (source) => ({ kind: "fail", message: hole(source) }), evaluate: run },
  "a failure's details": {
    node: (source) => ({ kind: "fail", message: "a", details: { a: [hole(source), `x ${hole(source)}`] } }),
    evaluate: run,
  },
  "a condition": {
    node: () => ({ kind: "transform" }),
    edges: (source) => [{ from: "n", to: "end", when: source }],
    evaluate(node, scope) {
      const [first] = node.edges;
      return first?.condition.kind === "when" ? first.condition.expression.evaluate(scope) : null;
    },
  },
  "what an edge sends": {
    node: () => ({ kind: "transform" }),
    edges: (source) => [{ from: "n", to: "n", send: source }],
    evaluate: (node, scope) => node.edges[0]?.send?.expression.evaluate(scope),
  },
  "what a gate shows": {
    node: (source) => ({ kind: "gate", ask: { a: [hole(source)] } }),
    evaluate: run,
  },
  "a transition of a machine": {
    node: (source) => ({
      kind: "machine",
      state: "stage",
      initial: "a",
      states: { a: { on: [{ when: source, to: "b", set: { out: source } }] }, b: { final: true } },
    }),
    // its state is the kind's own to read
    evaluate: (node, scope) =>
      run(node, { ...scope, read: (channel) => (channel === "stage" ? undefined : scope.read(channel)) }),
  },
  "a cache's key": {
    node: (source) => ({ kind: "transform", cache: { ttl: "1s", key: source } }),
    evaluate: (node, scope) => node.cache?.key?.evaluate(scope) ?? null,
  },
  "over of a map": {
    node: (source) => ({ kind: "map", over: source, graph: INNER }),
    evaluate: (node, scope) => compositeOf(node).open(node.compiled as never, scope).items,
  },
  "input of a map": {
    node: (source) => ({ kind: "map", over: "[1]", input: { data: source }, graph: INNER }),
    evaluate: (node, scope) =>
      compositeOf(node)
        .enter(node.compiled as never, scope)
        .writes.map(({ value }) => value),
  },
  "output of a subgraph": {
    node: (source) => ({ kind: "subgraph", output: { out: source }, graph: INNER }),
    evaluate: (node, scope) =>
      compositeOf(node)
        .leave(node.compiled as never, scope)
        .map(({ value }) => value),
  },
};

/** One expression in one place. */
export function attemptAt(place: Place, source: string, data: Readonly<Record<string, Json>>): Attempt {
  const channels = Object.fromEntries(["out", "stage", ...Object.keys(data)].map((name): [string, Json] => [name, {}]));
  const edges = [{ from: "start", to: "n" }, ...(place.edges?.(source) ?? [])];
  const document = { edgewise: 1, id: "g", channels, nodes: { n: place.node(source) }, edges };
  const startedAt = performance.now();
  const result = compileGraph({ document }, nodeKinds);
  const [node] = result.ok ? result.plan.nodes : [];
  if (!result.ok || node === undefined) return { came: "refused", ms: performance.now() - startedAt };
  const asked: string[] = [];
  return attempt(() => plain(place.evaluate(node, guarded(data, asked), result.plan)), asked);
}

/** What a kind gives holds what it was given; what is absent says nothing. */
function plain(value: unknown): Json {
  if (value instanceof Promise) throw new TypeError("This place does not answer at once.");
  return (value ?? null) as Json;
}
