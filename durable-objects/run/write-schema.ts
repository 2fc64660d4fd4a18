import { isJsonObject, type JsonObject } from "../../src/base/json.ts";
import type { Channel, ReducerName } from "../../src/graph/channels.ts";
import type { Plan, ValueSchema } from "../../src/graph/plan.ts";
import { compileValueSchema } from "../../src/graph/value-schema/compile.ts";

/** Of the channels whose writes are judged by a part of their schema. */
const PARTS = new WeakMap<Channel, { readonly schema: ValueSchema | undefined }>();

/**
 * A channel's schema speaks of its value; a single write is judged by the part of it that speaks of one. What only the fold
 * could break (how many items, a sum's bounds) is not looked at: each write would cost as much as the value is long.
 */
export function schemaOfWrites(plan: Plan, channel: Channel): ValueSchema | undefined {
  const whole = plan.channelSchemas.get(channel.name);
  if (whole === undefined || WHOLE.has(channel.reducer)) return whole;
  const known = PARTS.get(channel) ?? { schema: compiled(partOf(channel, whole.document)) };
  PARTS.set(channel, known);
  return known.schema;
}

/** A write to these is the channel's next value, or may be. */
const WHOLE: ReadonlySet<ReducerName> = new Set(["last", "min", "max"]);

function compiled(document: JsonObject | undefined): ValueSchema | undefined {
  const result = document && compileValueSchema(document);
  return result?.ok === true ? result.schema : undefined;
}

/** References stay whole: what they point to goes along. */
function partOf({ reducer }: Channel, schema: JsonObject): JsonObject | undefined {
  const { $defs, definitions, items, properties, patternProperties, additionalProperties } = schema;
  const shared = { ...($defs === undefined ? {} : { $defs }), ...(definitions === undefined ? {} : { definitions }) };
  switch (reducer) {
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
    case "last":
    case "min":
    case "max":
    case "messages":
    case "sum":
      return undefined;
  }
}
