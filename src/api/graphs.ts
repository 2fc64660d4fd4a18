import { createRoute, z } from "@hono/zod-openapi";
import { type Act, type NewGraphVersion, storeDraft, storePublished } from "../storage/graph-publishing.ts";
import { listGraphs, shownGraph } from "../storage/graphs.ts";
import { assistantIdOf, graphShelf } from "./assistant-id.ts";
import { type CheckedGraph, checkGraph, requireGraph, surroundingsOf } from "./check-graph.ts";
import type { ApiContext } from "./context.ts";
import { fromCursor, toCursor, toPage } from "./cursor.ts";
import { graphBody, type GraphSource, readGraphSource } from "./graph-body.ts";
import {
  findings,
  format,
  graphAnswers,
  GraphPath,
  GraphProblem,
  GraphSummary,
  sendGraph,
  StoredGraph,
  toFindings,
  toSummary,
  unknownGraph,
} from "./graph-views.ts";
import { answers, jsonAnswer, newRouter, queryNumber, sendJson } from "./routing.ts";

const tags = ["Graphs"];

const storeGraph = createRoute({
  method: "post",
  path: "/graphs",
  tags,
  summary: "Create a version of a graph",
  description:
    "The document says the graph's id. It becomes the current version; with `draft=true` no run uses it unless it asks for it by number. A document equal to the current or the newest version makes no new one, so a text that differs in comments alone does not replace the first. A graph that a node names and the document does not hold is linked: its current version (of `brief`) or the one named (`brief@3`) becomes part of this one. Versions never change, and a run stays on the version it started with.",
  request: { body: graphBody, query: z.object({ draft: z.enum(["true", "false"]).optional() }) },
  responses: answers({
    200: jsonAnswer("This document is a version already.", StoredGraph),
    201: jsonAnswer("A new version.", StoredGraph),
  }),
});

const validateGraph = createRoute({
  method: "post",
  path: "/graphs/validate",
  tags,
  summary: "Check a graph",
  description:
    "All that `POST /graphs` would say of the document. Graphs that it names are looked up; nothing is stored, evaluated or fetched.",
  request: { body: graphBody },
  responses: answers({
    200: jsonAnswer(
      "Every problem. `valid`: there are warnings at most, and `POST /graphs` would take it.",
      z.object({
        valid: z.boolean(),
        problems: z.array(GraphProblem),
        hints: findings.hints.optional(),
        linked: findings.linked.optional(),
        graph_id: z.string().optional(),
        hash: z.string().optional(),
      }),
    ),
  }),
});

const listAllGraphs = createRoute({
  method: "get",
  path: "/graphs",
  tags,
  summary: "List graphs",
  request: {
    query: z.object({ limit: queryNumber({ min: 1, max: 100, default: 50 }), cursor: z.string().optional() }),
  },
  responses: answers({
    200: jsonAnswer(
      "By id, each with its current version or, before the first publication, its newest draft.",
      z.object({ graphs: z.array(GraphSummary), next_cursor: z.string().nullable() }),
    ),
  }),
});

const getGraph = createRoute({
  method: "get",
  path: "/graphs/{graph_id}",
  tags,
  summary: "Get a graph's current version",
  description: "Before the first publication: its newest draft.",
  request: { params: GraphPath, query: z.object({ format }) },
  responses: graphAnswers,
});

export const graphs = newRouter()
  .openapi(storeGraph, async (c) => {
    const source = await readGraphSource(c);
    const checked = await requireGraph(source, surroundingsOf(c));
    const { stored, created } = await storeVersion(c, source, checked, c.req.valid("query").draft === "true");
    return sendJson(c, stored, created ? 201 : 200);
  })
  .openapi(validateGraph, async (c) => {
    const checked = await checkGraph(await readGraphSource(c), surroundingsOf(c));
    if (!checked.ok) return sendJson(c, { valid: false, problems: checked.problems });
    const { id: graph_id, hash } = checked.plan;
    const { linked, warnings, hints } = toFindings(checked);
    return sendJson(c, { valid: true, problems: warnings, hints, linked, graph_id, hash });
  })
  .openapi(listAllGraphs, async (c) => {
    const { limit, cursor } = c.req.valid("query");
    const after = cursor === undefined ? {} : { after: fromCursor(cursor, 1)[0] ?? "" };
    const rows = await listGraphs(c.var.database, c.var.tenant, { limit: limit + 1, drafts: true, ...after });
    const { page, next } = toPage(rows, limit, (row) => toCursor(row.graphId));
    return sendJson(c, { graphs: page.map(toSummary), next_cursor: next });
  })
  .openapi(getGraph, async (c) => {
    const { graph_id: graphId } = c.req.valid("param");
    const row = await shownGraph(c.var.database, c.var.tenant, graphId);
    if (row === undefined) throw unknownGraph(graphId);
    return sendGraph(c, row, c.req.valid("query").format);
  });

/** Stores what has been checked, and says it as the API does. */
export async function storeVersion(
  c: ApiContext,
  source: GraphSource,
  checked: Extract<CheckedGraph, { readonly ok: true }>,
  asDraft: boolean,
): Promise<{ readonly stored: object; readonly created: boolean }> {
  const { id: graphId, hash } = checked.plan;
  const texts = { document: checked.document, source: source.text, sourceType: source.type };
  const graph: NewGraphVersion = { graphId, assistantId: assistantIdOf(graphId), hash, ...texts };
  const store = asDraft ? storeDraft : storePublished;
  const { line, created } = await store(c.var.database, c.var.tenant, graph, actOf(c));
  graphShelf.forget(c.var.tenant, graphId);
  const { version, assistantId: assistant_id, status } = line;
  return { stored: { graph_id: graphId, version, hash, assistant_id, status, ...toFindings(checked) }, created };
}

/** Who asks for a change, and when. */
export function actOf(c: ApiContext): Act {
  return { atMs: Date.now(), keyId: c.var.keyId };
}
