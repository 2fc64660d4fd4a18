import { createRoute, z } from "@hono/zod-openapi";
import { publishVersion } from "../storage/graph-publishing.ts";
import { type GraphVersionRow, graphVersion, listGraphVersions } from "../storage/graphs.ts";
import { graphShelf } from "./assistant-id.ts";
import type { ApiContext } from "./context.ts";
import { badCursor, fromCursor, toCursor, toPage } from "./cursor.ts";
import {
  format,
  graphAnswers,
  GraphPath,
  GraphSummary,
  sendGraph,
  toSummary,
  unknownGraph,
  VersionPath,
} from "./graph-views.ts";
import { actOf } from "./graphs.ts";
import { answers, jsonAnswer, newRouter, queryNumber, sendJson } from "./routing.ts";
import { planOf } from "./stored-plan.ts";

const tags = ["Graphs"];

const listVersions = createRoute({
  method: "get",
  path: "/graphs/{graph_id}/versions",
  tags,
  summary: "List the versions of a graph",
  request: {
    params: GraphPath,
    query: z.object({ limit: queryNumber({ min: 1, max: 100, default: 50 }), cursor: z.string().optional() }),
  },
  responses: answers({
    200: jsonAnswer(
      "Newest first, drafts too.",
      z.object({ versions: z.array(GraphSummary), next_cursor: z.string().nullable() }),
    ),
  }),
});

const getVersion = createRoute({
  method: "get",
  path: "/graphs/{graph_id}/versions/{version}",
  tags,
  summary: "Get one version of a graph",
  request: { params: VersionPath, query: z.object({ format }) },
  responses: graphAnswers,
});

const publish = createRoute({
  method: "post",
  path: "/graphs/{graph_id}/versions/{version}/publish",
  tags,
  summary: "Make a version the current one",
  description:
    "Runs that start from now on use it: at once where this is handled, within a second everywhere. An older version is the way to roll back. Runs under way stay on theirs. Publishing the current version changes nothing.",
  request: { params: VersionPath },
  responses: answers({ 200: jsonAnswer("The version, as it is now.", GraphSummary) }),
});

export const graphVersions = newRouter()
  .openapi(listVersions, async (c) => {
    const { graph_id: graphId } = c.req.valid("param");
    const { limit, cursor } = c.req.valid("query");
    const before = cursor === undefined ? {} : { before: versionOf(cursor) };
    const rows = await listGraphVersions(c.var.database, c.var.tenant, graphId, { limit: limit + 1, ...before });
    // A graph that is there has a version 1, so no page that a cursor leads to is empty either.
    if (rows.length === 0) throw unknownGraph(graphId);
    const { page, next } = toPage(rows, limit, (row) => toCursor(String(row.version)));
    return sendJson(c, { versions: page.map(toSummary), next_cursor: next });
  })
  .openapi(getVersion, async (c) =>
    sendGraph(c, await requireVersion(c, c.req.valid("param")), c.req.valid("query").format),
  )
  .openapi(publish, async (c) => {
    const path = c.req.valid("param");
    const row = await requireVersion(c, path);
    planOf(row, c.var.kinds);
    const { graphId, version } = row;
    await publishVersion(c.var.database, c.var.tenant, graphId, version, actOf(c));
    graphShelf.forget(c.var.tenant, graphId);
    return sendJson(c, toSummary(await requireVersion(c, path)));
  });

async function requireVersion(c: ApiContext, path: z.output<typeof VersionPath>): Promise<GraphVersionRow> {
  const row = await graphVersion(c.var.database, c.var.tenant, path.graph_id, Number(path.version));
  if (row === undefined) throw unknownGraph(path.graph_id);
  return row;
}

function versionOf(cursor: string): number {
  const [version = ""] = fromCursor(cursor, 1);
  if (!/^[1-9]\d{0,8}$/.test(version)) throw badCursor();
  return Number(version);
}
