import { failure } from "../base/errors.ts";
import type { NodeKindSpec } from "../graph/kinds.ts";
import type { PlanNode } from "../graph/plan.ts";
import type { NodeContext, NodeKind, NodeResult } from "./contract.ts";
import { emit } from "./emit.ts";
import { model } from "./model.ts";
import { transform } from "./transform.ts";

/** A kind whose configuration only it knows: what {@link NodeKind} becomes in a collection of kinds. */
export interface AnyNodeKind extends NodeKindSpec {
  readonly summary: string;
  readonly effect: NodeKind<unknown, unknown>["effect"];
  run(compiled: never, context: NodeContext): NodeResult | Promise<NodeResult>;
}

export type NodeKinds = ReadonlyMap<string, AnyNodeKind>;

/**
 * The built-in kinds and one's own. Hand the result to `compileGraph` and to {@link runNode}.
 * @throws TypeError when two kinds have one name.
 */
export function withNodeKinds(...own: readonly AnyNodeKind[]): NodeKinds {
  const kinds = new Map<string, AnyNodeKind>();
  for (const kind of [model, transform, emit, ...own]) {
    if (kinds.has(kind.kind)) throw new TypeError(`There are two node kinds called "${kind.kind}".`);
    kinds.set(kind.kind, kind);
  }
  return kinds;
}

/** The kinds that come with Edgewise. */
export const nodeKinds: NodeKinds = withNodeKinds();

/** Runs one attempt at a node; answers at once when its kind does. Fails by throwing, or rejecting with, an EdgewiseError. */
export function runNode(
  node: PlanNode,
  context: NodeContext,
  kinds: NodeKinds = nodeKinds,
): NodeResult | Promise<NodeResult> {
  const kind = kinds.get(node.kind);
  if (kind === undefined)
    throw failure("node_failed", `This deployment has no node kind "${node.kind}", which "${node.id}" is of.`);
  // what `compile` of this very kind has made
  return kind.run(node.compiled as never, context);
}
