import { z } from "zod";
import type { Json } from "../../base/json.ts";
import { nodeKinds } from "../../nodes/registry.ts";
import type { Inside, NodeKindSpec, NodeKindSpecs } from "../kinds.ts";
import type { Expression, ValueTemplate } from "../plan.ts";
import { insideSchema } from "../schema.ts";

/** A composite such as `map`: a graph for each of `over`, or one where it is left out. */
const frames: NodeKindSpec = {
  kind: "frames",
  schema: z.strictObject({
    graph: insideSchema,
    over: z.string().optional(),
    share: z.array(z.string()).default([]),
    output: z.record(z.string(), z.string()).default({}),
  }),
  effect: "pure",
  compile(config: FramesConfig, compiler) {
    const inside = compiler.inside(config.graph, ["graph"], config.over === undefined ? [] : ["item", "index"]);
    if (config.over !== undefined) compiler.expression(config.over, ["over"]);
    for (const [index, name] of config.share.entries()) compiler.channel(name, ["share", index]);
    const output = Object.entries(config.output).map(([channel, source]) => {
      compiler.channel(channel, ["output", channel]);
      return inside?.expression(source, ["output", channel]);
    });
    return { inside, output, share: config.share } satisfies FramesCompiled;
  },
  shares: ({ share }: FramesCompiled) => ({ begin: share, leave: share }),
  many: true,
};

interface FramesConfig {
  readonly graph: Json;
  readonly over?: string;
  readonly share: readonly string[];
  readonly output: Readonly<Record<string, string>>;
}

export interface FramesCompiled {
  readonly inside: Inside | undefined;
  readonly output: readonly (Expression | undefined)[];
  readonly share: readonly string[];
}

/** Names targets, and fills a value. */
const hop: NodeKindSpec = {
  kind: "hop",
  schema: z.strictObject({
    to: z.array(z.string()).default([]),
    fill: z.json().optional(),
    safe: z.boolean().optional(),
  }),
  effect: "unsafe",
  compile(config: { readonly to: readonly string[]; readonly fill?: Json; readonly safe?: boolean }, compiler) {
    for (const [index, id] of config.to.entries()) compiler.target(id, ["to", index]);
    return { fill: compiler.value(config.fill ?? null, ["fill"]), safe: config.safe ?? false } satisfies HopCompiled;
  },
  effectOf: (compiled: HopCompiled) => (compiled.safe ? "idempotent" : "unsafe"),
};

export interface HopCompiled {
  readonly fill: ValueTemplate;
  readonly safe: boolean;
}

/** A hop that may send. */
const spread: NodeKindSpec = { ...hop, kind: "spread", sends: true };

/** The built-in kinds, and some that ask a compiler for all it has. */
export const testKinds: NodeKindSpecs = new Map<string, NodeKindSpec>([
  ...nodeKinds,
  ["frames", frames],
  ["hop", hop],
  ["spread", spread],
]);
