import { z } from "zod";
import type { Json } from "../base/json.ts";
import type { ValueTemplate } from "../graph/plan.ts";
import type { NodeKind } from "./contract.ts";
import { compilePlace, placeOf, placeShape } from "./store-place.ts";
import type { Place } from "./store-place.ts";

export const schema = z.strictObject({
  ...placeShape,
  default: z
    .unknown()
    .optional()
    .describe("Written where there is no such item: a value whose texts are templates. Else null"),
  write: z.string().describe("Channel for the item's value"),
});

type Config = z.infer<typeof schema>;

interface Compiled {
  readonly place: Place;
  readonly missing: ValueTemplate | undefined;
  readonly write: string;
}

/** Reads one item of the tenant's store, which lasts across threads. What it finds is recorded with the task. */
export const storeGet: NodeKind<Config, Compiled> = {
  kind: "store.get",
  summary: "Reads an item of the store",
  schema,
  effect: "idempotent",
  example: `edgewise: 1
id: greet
channels:
  user: { schema: { type: string }, default: ada }
  profile: { schema: { type: object } }
  greeting: { schema: { type: string } }
output: [greeting]
nodes:
  recall:
    kind: store.get
    namespace: [users, "{{ state.user }}"]
    key: profile
    default: { name: "{{ state.user }}" }
    write: profile
  greet: { kind: transform, set: { greeting: "'Hello ' + state.profile.name" } }
edges:
  - { from: start, to: recall }
  - { from: recall, to: greet }
`,
  compile(config, compiler) {
    compiler.channel(config.write, ["write"]);
    return {
      place: compilePlace(config, compiler),
      missing: config.default === undefined ? undefined : compiler.value(config.default as Json, ["default"]),
      write: config.write,
    };
  },
  async run({ place, missing, write }, { scope, store, signal }) {
    signal.throwIfAborted();
    const item = await store.get(...placeOf(place, scope));
    signal.throwIfAborted();
    return { writes: [{ channel: write, value: item?.value ?? missing?.evaluate(scope) ?? null }] };
  },
};
