import { stringify } from "yaml";
import type { JsonObject } from "../base/json.ts";
import { compileGraph } from "../graph/compile.ts";
import type { CompileResult } from "../graph/compile.ts";
import { documentHash } from "../graph/identity.ts";
import { nodeKinds, withNodeKinds } from "../nodes/registry.ts";
import type { NodeKinds } from "../nodes/registry.ts";
import type { ValueOf } from "./channel-types.ts";
import type { DefinedKind } from "./define-node.ts";
import type { GraphDocument } from "./document-types.ts";
import { toDocument } from "./document.ts";

declare const TYPES: unique symbol;

/** A graph document that was written in TypeScript. `State` has the types of its channels. */
export class Graph<State = unknown, In extends PropertyKey = PropertyKey, Out extends PropertyKey = PropertyKey> {
  /** The plain document, as `POST /graphs` takes it. */
  readonly document: JsonObject;
  readonly kinds: NodeKinds;
  declare readonly [TYPES]?: { readonly state: State; readonly input: In; readonly output: Out };

  constructor(document: JsonObject, kinds: NodeKinds) {
    this.document = document;
    this.kinds = kinds;
  }

  /** What runs are pinned by: that of the same document in YAML or JSON. */
  get hash(): string {
    return documentHash(this.document);
  }

  /** Everything that types cannot see: expressions, loops, reach. Never throws. */
  compile(): CompileResult {
    return compileGraph({ document: this.document }, this.kinds);
  }

  yaml(): string {
    return stringify(this.document, { aliasDuplicateObjects: false, lineWidth: 0 });
  }

  json(): string {
    return JSON.stringify(this.document, null, 2);
  }

  /** So that `JSON.stringify(graph)` is its document. */
  toJSON(): JsonObject {
    return this.document;
  }
}

/** What a run of the graph takes: any of its input channels. */
export type InputOf<G extends Graph> =
  G extends Graph<infer State, infer In> ? { readonly [Name in In & keyof State]?: State[Name] } : never;

/** What a run of the graph gives: those of its output channels that were written. */
export type OutputOf<G extends Graph> =
  G extends Graph<infer State, infer _In, infer Out> ? { readonly [Name in Out & keyof State]?: State[Name] } : never;

/**
 * The same document as in YAML, checked by TypeScript as it is written. `kinds`: one's own, by `defineNode`.
 * @example
 * const brief = graph({
 *   id: "brief",
 *   channels: { topic: z.string(), answer: z.string() },
 *   nodes: { write: { kind: "model", prompt: "About {{ state.topic }}", write: "answer" } },
 *   edges: [{ from: "start", to: "write" }],
 * });
 * @throws EdgewiseError `invalid_graph` for a value that is no JSON and no schema.
 */
export function graph<
  const Channels extends Readonly<Record<string, unknown>> = Record<never, never>,
  const Params extends Readonly<Record<string, unknown>> = Record<never, never>,
  Id extends string = never,
  Inner extends string = never,
  const In extends keyof Channels & string = keyof Channels & string,
  const Out extends keyof Channels & string = keyof Channels & string,
  Own extends DefinedKind = never,
>(
  source: GraphDocument<Channels, Params, Id, Inner, In, Out, Own>,
  { kinds = [] }: { readonly kinds?: readonly Own[] } = {},
): Graph<{ [Name in keyof Channels]: ValueOf<Channels[Name]> }, In, Out> {
  return new Graph(toDocument(source, isGraph), kinds.length === 0 ? nodeKinds : withNodeKinds(...kinds));
}

function isGraph(value: object): value is Graph {
  return value instanceof Graph;
}
