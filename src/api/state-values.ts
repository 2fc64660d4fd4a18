import { z } from "@hono/zod-openapi";
import type { UpdateState } from "../../durable-objects/thread-api.ts";
import type { Json, JsonObject } from "../base/json.ts";
import { JsonObjectSchema } from "./routing.ts";
import { toWrites } from "./run-command.ts";

/** Values that are written to a state, in the forms that LangGraph's clients have. */
const MOST_WRITES = 10_000;
const FORMS = "must be an object of channel values, a list of such objects or of [channel, value], or null";

export const Values = z
  .union(
    [
      JsonObjectSchema,
      z.array(z.tuple([z.string(), z.unknown()])).max(MOST_WRITES),
      z.array(JsonObjectSchema).max(MOST_WRITES),
    ],
    FORMS,
  )
  .nullish()
  .openapi({
    description: "Channel values: an object, a list of objects (one after the other), or a list of [channel, value].",
    example: { draft: "A better draft." },
  });

/** A list is one update after the other; its members are all pairs or all objects. */
export function flattened(values: z.output<typeof Values>): UpdateState["values"] {
  if (values === null || values === undefined) return [];
  if (!Array.isArray(values)) return toWrites(values as JsonObject);
  return (values as ([string, Json] | JsonObject)[]).flatMap((each) =>
    Array.isArray(each) ? [[each[0], each[1]] as const] : toWrites(each as JsonObject),
  );
}
