import { z } from "zod";
import { failure } from "../base/errors.ts";
import { isJsonObject } from "../base/json.ts";
import type { Json, JsonObject } from "../base/json.ts";
import type { Scope, ValueTemplate } from "../graph/plan.ts";
import type { NodeKind } from "./contract.ts";
import { compilePlace, placeOf, placeShape } from "./store-place.ts";
import type { Place } from "./store-place.ts";

export const schema = z
  .strictObject({
    ...placeShape,
    value: z
      .unknown()
      .optional()
      .describe("Template of the item's value: a mapping whose texts are templates, or one hole that gives a mapping"),
    delete: z.literal(true).optional().describe("Delete the item instead"),
  })
  .refine((config) => (config.value === undefined) !== (config.delete === undefined), {
    message: "store.put has either value or delete: true, exactly one of them.",
  });

type Config = z.infer<typeof schema>;

interface Compiled {
  readonly place: Place;
  /** Undefined to delete. */
  readonly value: ValueTemplate | undefined;
}

/** Keeps one item in the tenant's store, or deletes it. Doing it twice is doing it once. */
export const storePut: NodeKind<Config, Compiled> = {
  kind: "store.put",
  summary: "Keeps an item in the store, or deletes it",
  schema,
  effect: "idempotent",
  example: `edgewise: 1
id: remember
channels:
  user: { schema: { type: string }, default: ada }
  tastes: { default: [tea] }
nodes:
  keep:
    kind: store.put
    namespace: [users, "{{ state.user }}"]
    key: profile
    value: { name: "{{ state.user }}", likes: "{{ state.tastes }}" }
edges:
  - { from: start, to: keep }
`,
  compile(config, compiler) {
    return {
      place: compilePlace(config, compiler),
      value: config.value === undefined ? undefined : compiler.value(config.value as Json, ["value"]),
    };
  },
  async run({ place, value }, { scope, store, signal }) {
    signal.throwIfAborted();
    const where = placeOf(place, scope);
    if (value === undefined) await store.delete(...where);
    else await store.put(...where, mappingOf(value, scope));
    signal.throwIfAborted();
    return { writes: [] };
  },
};

function mappingOf(value: ValueTemplate, scope: Scope): JsonObject {
  const given = value.evaluate(scope);
  if (isJsonObject(given)) return given;
  const text = JSON.stringify(given).slice(0, 100);
  throw failure("invalid_write", `An item of the store is a mapping, not ${text}; write { value: … } around it.`);
}
