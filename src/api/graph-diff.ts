import { createRoute, z } from "@hono/zod-openapi";
import type { JsonObject } from "../base/json.ts";
import { diffGraphs } from "../graph/diff/diff.ts";
import { type GraphVersionRow, graphVersion } from "../storage/graphs.ts";
import { GraphPath, unknownGraph, VersionNumber } from "./graph-views.ts";
import { answers, jsonAnswer, newRouter, sendJson } from "./routing.ts";

const place = {
  part: z.enum(["graph", "channel", "node", "edge", "input", "output", "limits"]),
  name: z
    .string()
    .openapi({ description: "The node's id, the channel's name, `from → to` of an edge; else the field." }),
  path: z.string().openapi({ description: "JSON Pointer: for what was removed into the document before, else after." }),
  text: z.string().openapi({ description: "For people, one line." }),
};
const value = z.unknown().openapi({ description: "Any JSON value." });
const GraphChange = z
  .discriminatedUnion("kind", [
    z.object({ kind: z.literal("added"), ...place, after: value }),
    z.object({ kind: z.literal("removed"), ...place, before: value }),
    z.object({ kind: z.literal("changed"), ...place, before: value, after: value }),
    z.object({ kind: z.literal("moved"), ...place, before: z.int(), after: z.int() }),
  ])
  .openapi("GraphChange");

export const GraphDiff = z
  .object({
    graph_id: z.string(),
    from: z.int(),
    to: z.int(),
    summary: z.string().openapi({ description: "Everything in one line." }),
    changes: z.array(GraphChange).openapi({ description: "Empty exactly when both versions have one hash." }),
    likely_renames: z.array(z.object({ before: z.string(), after: z.string() })).openapi({
      description: "Nodes that went and came with the same content: most likely one with another id.",
    }),
  })
  .openapi("GraphDiff");

const compareVersions = createRoute({
  method: "get",
  path: "/graphs/{graph_id}/diff",
  tags: ["Graphs"],
  summary: "Compare two versions of a graph",
  request: { params: GraphPath, query: z.object({ from: VersionNumber, to: VersionNumber }) },
  responses: answers({ 200: jsonAnswer("What changed, by the ids of the graph's parts.", GraphDiff) }),
});

export const graphDiff = newRouter().openapi(compareVersions, async (c) => {
  const { graph_id: graphId } = c.req.valid("param");
  const { from, to } = c.req.valid("query");
  const find = (version: string) => graphVersion(c.var.database, c.var.tenant, graphId, Number(version));
  const [before, after] = await Promise.all([find(from), find(to)]);
  if (before === undefined || after === undefined) throw unknownGraph(graphId);
  const { changes, likelyRenames, summary } = diffGraphs(documentOf(before), documentOf(after));
  const versions = { from: before.version, to: after.version };
  return sendJson(c, { graph_id: graphId, ...versions, summary, changes, likely_renames: likelyRenames });
});

function documentOf(row: GraphVersionRow): JsonObject {
  return JSON.parse(row.document) as JsonObject;
}
