import { isJsonObject, type JsonObject } from "../../src/base/json.ts";
import type { Channel } from "../../src/graph/channels.ts";
import type { ValueSchema } from "../../src/graph/plan.ts";
import { compileValueSchema } from "../../src/graph/value-schema/compile.ts";

const KNOWN = new WeakMap<Channel, { readonly schema: ValueSchema | undefined }>();

/**
 * A channel's schema speaks of its value; a single write is judged by the part of it that speaks of one. What only the fold
 * could break (how many items, a sum's bounds) is not looked at: each write would cost as much as the value is long.
 */
export function schemaOfWrites(channel: Channel): ValueSchema | undefined {
  const known = KNOWN.get(channel);
  if (known !== undefined) return known.schema;
  const document = channel.schema && partOf(channel, channel.schema);
  const compiled = document && compileValueSchema(document);
  const schema = compiled?.ok === true ? compiled.schema : undefined;
  KNOWN.set(channel, { schema });
  return schema;
}

/** References stay whole: what they point to goes along. */
function partOf({ reducer }: Channel, schema: JsonObject): JsonObject | undefined {
  const { $defs, definitions, items, properties, patternProperties, additionalProperties } = schema;
  const shared = { ...($defs === undefined ? {} : { $defs }), ...(definitions === undefined ? {} : { definitions }) };
  switch (reducer) {
    case "last":
    case "min":
    case "max":
      return schema;
    case "append":
    case "union":
      // A list written to it is several items, anything else is one.
      return isJsonObject(items)
        ? {
            ...shared,
            anyOf: [
              { type: "array", items },
              { not: { type: "array" }, allOf: [items] },
            ],
          }
        : undefined;
    case "merge":
      return {
        ...shared,
        ...(properties === undefined ? {} : { properties }),
        ...(patternProperties === undefined ? {} : { patternProperties }),
        ...(additionalProperties === undefined ? {} : { additionalProperties }),
      };
    case "messages":
    case "sum":
      return undefined;
  }
}
