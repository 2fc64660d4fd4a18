import type { z } from "zod";
import type { JsonObject } from "../base/json.ts";
import type { limitsSchema } from "../graph/schema.ts";
import type { Channel, JsonSchema, Parameter, Schema } from "./channel-types.ts";
import type { DefinedKind } from "./define-node.ts";
import type { Graph } from "./graph.ts";
import type { Names, NodeOf } from "./node-types.ts";

/** An edge of the document. */
export type Edge<N extends Names> = {
  readonly from: N["node"] | "start";
  readonly to: N["node"] | "end";
  /** CEL expression of a list: the target runs once for each item, which is its payload. */
  readonly send?: string;
} & ({ readonly when?: string; readonly else?: never } | { readonly when?: never; readonly else: true });

/** Channels by name, or a schema of an object whose properties are channels. */
type ChannelNames<Channels, Listed extends keyof Channels & string> =
  | readonly Listed[]
  | z.core.$ZodType
  | (JsonSchema & { readonly properties?: { readonly [Name in NoInfer<keyof Channels>]?: JsonSchema | boolean } });

/**
 * A graph document with types that know its names. `Channels` are the schemas of the channels, `Params` those of the
 * parameters, by name.
 */
export interface GraphDocument<
  Channels,
  Params,
  Id extends string,
  Inner extends string,
  In extends keyof Channels & string,
  Out extends keyof Channels & string,
  Own extends DefinedKind,
> {
  readonly id: string;
  readonly name?: string;
  readonly description?: string;
  readonly channels?: { readonly [Name in keyof Channels]: Channel<Channels[Name]> };
  /** What a run takes; all channels if left out. */
  readonly input?: ChannelNames<Channels, In>;
  /** What a run gives; all channels if left out. */
  readonly output?: ChannelNames<Channels, Out>;
  /** Of the whole state, for clients. */
  readonly state?: Schema;
  /** Read in expressions as `vars.<name>`. */
  readonly variables?: JsonObject;
  /** Read in expressions as `params.<name>`. */
  readonly parameters?: { readonly [Name in keyof Params]: Parameter<Params[Name]> };
  readonly config?: Schema;
  readonly context?: Schema;
  /** Of `config.configurable` and of the context: what runs have that say nothing else. */
  readonly defaults?: { readonly config?: JsonObject; readonly context?: JsonObject };
  /** Graphs that nodes of this one run, by name. */
  readonly graphs?: { readonly [Name in Inner]: Graph | JsonObject };
  readonly nodes: {
    readonly [Node in Id]: NodeOf<
      {
        readonly channel: NoInfer<keyof Channels & string>;
        readonly node: NoInfer<Id>;
        readonly graph: NoInfer<Inner>;
      },
      NoInfer<Own>
    >;
  };
  readonly edges: readonly Edge<{
    readonly channel: NoInfer<keyof Channels & string>;
    readonly node: NoInfer<Id>;
    readonly graph: NoInfer<Inner>;
  }>[];
  readonly limits?: z.input<typeof limitsSchema>;
  /** Nodes before and after which runs stop until they are told to go on. */
  readonly breakpoints?: {
    readonly before?: readonly NoInfer<Id>[] | "*";
    readonly after?: readonly NoInfer<Id>[] | "*";
  };
  /** When a node has failed for good and no `on_error` takes it: the rest goes on, or nothing new starts. */
  readonly on_failure?: "continue" | "stop";
}
