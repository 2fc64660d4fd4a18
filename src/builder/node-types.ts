import type { z } from "zod";
import type { Json, JsonObject } from "../base/json.ts";
import type { nodeCommonSchema } from "../graph/schema.ts";
import type { schema as emitSchema } from "../nodes/emit.ts";
import type { schema as failSchema } from "../nodes/fail.ts";
import type { schema as gateSchema } from "../nodes/gate.ts";
import type { httpSchema } from "../nodes/http-config.ts";
import type { schema as loopSchema } from "../nodes/loop.ts";
import type { schema as machineSchema } from "../nodes/machine.ts";
import type { schema as mapSchema } from "../nodes/map.ts";
import type { schema as modelSchema } from "../nodes/model.ts";
import type { schema as raceSchema } from "../nodes/race.ts";
import type { schema as sagaSchema } from "../nodes/saga.ts";
import type { schema as storeGetSchema } from "../nodes/store-get.ts";
import type { schema as storePutSchema } from "../nodes/store-put.ts";
import type { schema as subgraphSchema } from "../nodes/subgraph.ts";
import type { schema as switchSchema } from "../nodes/switch.ts";
import type { schema as toolsSchema } from "../nodes/tools.ts";
import type { schema as transformSchema } from "../nodes/transform.ts";
import type { schema as waitSchema } from "../nodes/wait.ts";
import type { DefinedKind } from "./define-node.ts";
import type { Field, Shape } from "./fields.ts";
import type { Graph } from "./graph.ts";
import type { Published } from "./published.ts";

/** What the fields of nodes may name in a graph. */
export interface Names {
  readonly channel: string;
  readonly node: string;
  readonly graph: string;
}

/** The configurations of the built-in kinds as their schemas take them, narrowed where a field names something of the graph. */
interface BuiltIn<N extends Names> {
  readonly model: Narrowed<z.input<typeof modelSchema>, { readonly write: N["channel"]; readonly tools?: N["node"] }>;
  readonly transform: Narrowed<z.input<typeof transformSchema>, { readonly set?: ByChannel<N, string> }>;
  readonly map: Narrowed<z.input<typeof mapSchema>, Inside<N> & { readonly failures?: N["channel"] }>;
  readonly loop: Narrowed<z.input<typeof loopSchema>, Inside<N>>;
  readonly race: Narrowed<z.input<typeof raceSchema>, Inside<N>>;
  readonly saga: Narrowed<z.input<typeof sagaSchema>, Inside<N>>;
  readonly subgraph: Narrowed<z.input<typeof subgraphSchema>, Inside<N>>;
  readonly tools: Narrowed<
    z.input<typeof toolsSchema>,
    Pick<Inside<N>, "graph"> & { readonly messages?: N["channel"] }
  >;
  readonly emit: z.input<typeof emitSchema>;
  readonly switch: Narrowed<z.input<typeof switchSchema>, SwitchTargets<N>>;
  readonly machine: MachineNode<N>;
  readonly http: Narrowed<z.input<typeof httpSchema>, { readonly write?: N["channel"] }>;
  readonly "store.get": Narrowed<z.input<typeof storeGetSchema>, { readonly write: N["channel"] }>;
  readonly "store.put": z.input<typeof storePutSchema>;
  readonly fail: z.input<typeof failSchema>;
  readonly wait: z.input<typeof waitSchema>;
  readonly gate: Narrowed<
    z.input<typeof gateSchema>,
    {
      readonly write?: N["channel"];
      readonly questions?: readonly (Omit<GateQuestion, "write"> & { readonly write?: N["channel"] })[];
    }
  >;
}

type GateQuestion = NonNullable<z.input<typeof gateSchema>["questions"]>[number];

interface SwitchTargets<N extends Names> {
  readonly cases:
    | { readonly [value: string]: N["node"] | "end" }
    | readonly { readonly when: string; readonly to: N["node"] | "end" }[];
  readonly else?: N["node"] | "end";
}

interface MachineNode<N extends Names> extends Omit<z.input<typeof machineSchema>, "state" | "states"> {
  readonly state: N["channel"];
  readonly states: { readonly [name: string]: MachineState<N> };
}

interface MachineState<N extends Names> {
  readonly on?: readonly { readonly when?: string; readonly to: string; readonly set?: ByChannel<N, string> }[];
  readonly goto?: Targets<N>;
  readonly stay?: Targets<N>;
  readonly final?: true;
}

type Targets<N extends Names> = N["node"] | "end" | readonly (N["node"] | "end")[];

/** Which graph a composite runs, and what leaves it. */
interface Inside<N extends Names> {
  /** A name under `graphs`, a published graph (with its version, or by {@link published}), or a graph in place. */
  readonly graph: N["graph"] | `${string}@${number}` | Published | Graph | JsonObject;
  readonly output?: ByChannel<N, string>;
}

type ByChannel<N extends Names, Value> = { readonly [Channel in N["channel"]]?: Value };

/** `Fields` in place of the fields of that name. */
type Narrowed<Config, Fields> = Omit<Config, keyof Fields> & Fields;

type Common<N extends Names> = Narrowed<Omit<z.input<typeof nodeCommonSchema>, "kind">, OtherNodes<N>>;

interface OtherNodes<N extends Names> {
  /** In a graph that a saga runs: the node that undoes what this one did. */
  readonly undo?: N["node"];
  /** What follows when the node has failed for good: where the run goes, and the channel for the error. */
  readonly on_error?:
    | N["node"]
    | "end"
    | { readonly to: N["node"] | "end"; readonly write?: N["channel"] }
    | { readonly write: N["channel"] };
}

/** A node of a built-in kind or of one of `Own`. */
export type NodeOf<N extends Names, Own extends DefinedKind> =
  | { readonly [Kind in keyof BuiltIn<N>]: Common<N> & BuiltIn<N>[Kind] & { readonly kind: Kind } }[keyof BuiltIn<N>]
  | (Own extends DefinedKind<infer Kind, infer S> ? Common<N> & Written<S, N> & { readonly kind: Kind } : never);

/** A configuration as a document has it: text for what is compiled. */
type Written<S extends Shape, N extends Names> = {
  readonly [Name in keyof S as IsOptional<S[Name]> extends true ? never : Name]: WrittenField<S[Name], N>;
} & { readonly [Name in keyof S as IsOptional<S[Name]> extends true ? Name : never]?: WrittenField<S[Name], N> };

type IsOptional<F> = F extends Field
  ? F["isOptional"]
  : F extends z.ZodType
    ? undefined extends z.input<F>
      ? true
      : false
    : false;

type WrittenField<F, N extends Names> = F extends Field
  ? F["role"] extends "reads" | "writes"
    ? N["channel"]
    : F["role"] extends "target"
      ? N["node"] | "end"
      : F["role"] extends "value"
        ? Json
        : string
  : F extends z.ZodType
    ? z.input<F>
    : never;
