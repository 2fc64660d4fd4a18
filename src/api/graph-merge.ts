import { createRoute, z } from "@hono/zod-openapi";
import { failure } from "../base/errors.ts";
import type { JsonObject } from "../base/json.ts";
import { mergeGraphs } from "../graph/diff/merge.ts";
import { graphVersion } from "../storage/graphs.ts";
import { checkGraph, surroundingsOf } from "./check-graph.ts";
import type { ApiContext } from "./context.ts";
import { GraphProblem, unknownGraph } from "./graph-views.ts";
import { answers, jsonAnswer, jsonBody, JsonObjectSchema, newRouter, sendJson } from "./routing.ts";

const value = z.unknown().openapi({ description: "Any JSON value; absent where the document has nothing there." });
const MergeConflict = z
  .object({
    kind: z.enum(["both_added", "both_changed", "removed_and_changed", "order", "dangling_edge"]),
    path: z.string().openapi({ description: "JSON Pointer into the merged document." }),
    base: value.optional(),
    ours: value.optional(),
    theirs: value.optional(),
  })
  .openapi("MergeConflict");
export const GraphMerge = z
  .object({
    document: JsonObjectSchema.openapi({ description: "Where there is a conflict it holds what `ours` has." }),
    conflicts: z.array(MergeConflict).openapi({ description: "Empty where everything could be brought together." }),
    valid: z.boolean().openapi({ description: "Whether `POST /graphs` would take the merged document." }),
    problems: z.array(GraphProblem),
  })
  .openapi("GraphMerge");

const Side = z
  .union([z.int().min(1), JsonObjectSchema])
  .openapi({ description: "A document, or the number of a version of `graph_id`." });

const mergeDocuments = createRoute({
  method: "post",
  path: "/graphs/merge",
  tags: ["Graphs"],
  summary: "Merge two changes of one graph",
  description:
    "Brings `ours` and `theirs`, both made from `base`, together by the ids of their parts. Nothing is stored.",
  request: { body: jsonBody(z.object({ graph_id: z.string().optional(), base: Side, ours: Side, theirs: Side })) },
  responses: answers({ 200: jsonAnswer("The merged document, with what could not be decided.", GraphMerge) }),
});

export const graphMerge = newRouter().openapi(mergeDocuments, async (c) => {
  const { graph_id: graphId, base, ours, theirs } = c.req.valid("json");
  const [one, two, three] = await Promise.all([
    documentOf(c, graphId, base, "/base"),
    documentOf(c, graphId, ours, "/ours"),
    documentOf(c, graphId, theirs, "/theirs"),
  ]);
  const { document, conflicts } = mergeGraphs(one, two, three);
  const checked = await checkGraph({ text: JSON.stringify(document), type: "json" }, surroundingsOf(c));
  const found = checked.ok ? checked.warnings : checked.problems;
  // The merged document has no text of the sender's: lines of ours would mean nothing to them.
  const problems = found.map(({ severity, code, message, path, hint }) => ({ severity, code, message, path, hint }));
  return sendJson(c, { document, conflicts, valid: checked.ok, problems });
});

/** As large as a graph that is sent alone: a stored one with what is linked to it is checked no more. */
const MOST_CHARACTERS = 512 * 1024;

function requireSmall(document: JsonObject, pointer: string): JsonObject {
  const { length } = JSON.stringify(document);
  if (length <= MOST_CHARACTERS) return document;
  const text = `The document has ${length} characters; ${MOST_CHARACTERS} are allowed.`;
  throw failure("payload_too_large", text, { pointer });
}

async function documentOf(
  c: ApiContext,
  graphId: string | undefined,
  side: number | JsonObject,
  pointer: string,
): Promise<JsonObject> {
  if (typeof side !== "number") return requireSmall(side, pointer);
  if (graphId === undefined) {
    throw failure("invalid_request", `body${pointer}: a number needs graph_id, the graph whose version it is.`, {
      pointer,
    });
  }
  const row = await graphVersion(c.var.database, c.var.tenant, graphId, side);
  if (row === undefined) throw unknownGraph(graphId);
  return JSON.parse(row.document) as JsonObject;
}
