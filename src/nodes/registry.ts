import { failure } from "../base/errors.ts";
import type { Json } from "../base/json.ts";
import type { NodeKindSpec } from "../graph/kinds.ts";
import type { Write } from "../engine/types.ts";
import type { PlanNode, Scope, SharedChannels } from "../graph/plan.ts";
import type {
  Estimate,
  FrameEnd,
  FrameEntry,
  NodeContext,
  NodeKind,
  NodeResult,
  NodeWait,
  Opening,
  Turn,
} from "./contract.ts";
import { emit } from "./emit.ts";
import { fail } from "./fail.ts";
import { gate } from "./gate.ts";
import { http } from "./http.ts";
import { loop } from "./loop.ts";
import { machine } from "./machine.ts";
import { map } from "./map.ts";
import { model } from "./model.ts";
import { race } from "./race.ts";
import { saga } from "./saga.ts";
import { storeGet } from "./store-get.ts";
import { storePut } from "./store-put.ts";
import { choice } from "./switch.ts";
import { subgraph } from "./subgraph.ts";
import { tools } from "./tools.ts";
import { transform } from "./transform.ts";
import { wait } from "./wait.ts";

/** A kind whose configuration only it knows: what {@link NodeKind} becomes in a collection of kinds. */
export interface AnyTaskKind extends NodeKindSpec {
  readonly summary: string;
  readonly example?: string;
  estimate?(compiled: never, context: Pick<NodeContext, "scope" | "models">): Estimate;
  run(compiled: never, context: NodeContext): ReturnType<NodeKind<unknown, unknown>["run"]>;
}

/** The same of {@link CompositeKind}. */
export interface AnyCompositeKind extends NodeKindSpec {
  readonly summary: string;
  readonly example?: string;
  readonly many: boolean;
  readonly holds?: boolean;
  next?(compiled: never, turn: Turn): Json | undefined;
  shares(compiled: never): SharedChannels;
  open(compiled: never, scope: Scope): Opening;
  enter(compiled: never, scope: Scope): FrameEntry;
  begins?(compiled: never, item: Json): string | undefined;
  leave(compiled: never, scope: Scope): readonly Write[];
  close(compiled: never, ends: readonly FrameEnd[]): readonly Write[];
}

export type AnyNodeKind = AnyTaskKind | AnyCompositeKind;

export type NodeKinds = ReadonlyMap<string, AnyNodeKind>;

const BUILT_IN: readonly AnyNodeKind[] = [
  model,
  transform,
  choice,
  machine,
  http,
  storeGet,
  storePut,
  map,
  subgraph,
  loop,
  race,
  saga,
  tools,
  wait,
  gate,
  emit,
  fail,
];

/**
 * The built-in kinds and one's own. Hand the result to `compileGraph` and to {@link runNode}.
 * @throws TypeError when two kinds have one name.
 */
export function withNodeKinds(...own: readonly AnyNodeKind[]): NodeKinds {
  const kinds = new Map<string, AnyNodeKind>();
  for (const kind of [...BUILT_IN, ...own]) {
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
): NodeResult | NodeWait | Promise<NodeResult | NodeWait> {
  const kind = kinds.get(node.kind);
  if (kind === undefined)
    throw failure("node_failed", `This deployment has no node kind "${node.kind}", which "${node.id}" is of.`);
  if ("open" in kind) throw failure("internal", `"${node.id}" is a composite: it has frames, not attempts.`);
  // what `compile` of this very kind has made
  return kind.run(node.compiled as never, context);
}
