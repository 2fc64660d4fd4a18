import { createRoute, z } from "@hono/zod-openapi";
import { failure } from "../base/errors.ts";
import { compileGraph } from "../graph/compile.ts";
import { documentText } from "../graph/identity.ts";
import type { Plan } from "../graph/plan.ts";
import { nodeKinds } from "../nodes/registry.ts";
import {
  type GraphLine,
  type GraphVersionRow,
  createGraphVersion,
  graphVersion,
  latestGraph,
  listGraphs,
} from "../storage/graphs.ts";
import { assistantIdOf, graphShelf } from "./assistant-id.ts";
import type { ApiContext } from "./context.ts";
import { fromCursor, toCursor, toPage } from "./cursor.ts";
import { type GraphSource, MAX_DOCUMENT_LENGTH, YAML_TYPES, readGraphSource } from "./graph-body.ts";
import { JsonObjectSchema, answers, jsonAnswer, newRouter, queryNumber, sendJson } from "./routing.ts";

const GraphProblem = z
  .object({
    severity: z.enum(["error", "warning"]),
    code: z.string(),
    message: z.string(),
    path: z.string().openapi({ description: "JSON Pointer into the document." }),
    line: z.int().optional(),
    column: z.int().optional(),
    hint: z.string().optional(),
  })
  .openapi("GraphProblem");

const line = { graph_id: z.string(), version: z.int(), hash: z.string(), assistant_id: z.string() };
const PublishedGraph = z.object({ ...line, warnings: z.array(GraphProblem) }).openapi("PublishedGraph");
const GraphSummary = z.object({ ...line, created_at: z.iso.datetime() }).openapi("GraphSummary");
const Graph = GraphSummary.extend({ document: JsonObjectSchema }).openapi("Graph");

const documentSchema = { $ref: "/schema/graph.json" };
const publishGraph = createRoute({
  method: "post",
  path: "/graphs",
  tags: ["Graphs"],
  summary: "Create a version of a graph",
  description:
    "The document says the graph's id. A document equal to the newest version makes no new one. Versions never change, and a run stays on the version it started with.",
  request: {
    body: {
      required: true,
      content: {
        "application/json": { schema: documentSchema },
        ...Object.fromEntries(YAML_TYPES.map((type) => [type, { schema: { type: "string" as const } }])),
      },
    },
  },
  responses: answers({
    200: jsonAnswer("The newest version is this document already.", PublishedGraph),
    201: jsonAnswer("A new version.", PublishedGraph),
  }),
});

const listAllGraphs = createRoute({
  method: "get",
  path: "/graphs",
  tags: ["Graphs"],
  summary: "List graphs",
  request: {
    query: z.object({ limit: queryNumber({ min: 1, max: 100, default: 50 }), cursor: z.string().optional() }),
  },
  responses: answers({
    200: jsonAnswer(
      "By id, each with its newest version.",
      z.object({ graphs: z.array(GraphSummary), next_cursor: z.string().nullable() }),
    ),
  }),
});

const format = z
  .enum(["json", "yaml"])
  .optional()
  .openapi({ description: "`yaml`: the text as it was sent, comments and all, if it was sent as YAML." });
const graphAnswers = answers({
  200: {
    description: "The version, with its document.",
    content: { "application/json": { schema: Graph }, "application/yaml": { schema: z.string() } },
  },
});

const getGraph = createRoute({
  method: "get",
  path: "/graphs/{graph_id}",
  tags: ["Graphs"],
  summary: "Get a graph's newest version",
  request: { params: z.object({ graph_id: z.string() }), query: z.object({ format }) },
  responses: graphAnswers,
});

const getGraphVersion = createRoute({
  method: "get",
  path: "/graphs/{graph_id}/versions/{version}",
  tags: ["Graphs"],
  summary: "Get one version of a graph",
  request: {
    params: z.object({ graph_id: z.string(), version: z.string().regex(/^[1-9]\d{0,8}$/, "must be 1, 2, 3 …") }),
    query: z.object({ format }),
  },
  responses: graphAnswers,
});

export const graphs = newRouter()
  .openapi(publishGraph, async (c) => {
    const source = await readGraphSource(c);
    const { plan, warnings } = compile(source);
    const { id: graphId, hash } = plan;
    const assistantId = assistantIdOf(graphId);
    const { version, created } = await createGraphVersion(c.var.database, c.var.tenant, {
      graphId,
      assistantId,
      hash,
      document: documentOf(plan),
      source: source.text,
      sourceType: source.type,
      createdAt: Date.now(),
    });
    graphShelf.forget(c.var.tenant, [graphId, assistantId]);
    const published = { graph_id: graphId, version, hash, assistant_id: assistantId, warnings };
    return sendJson(c, published, created ? 201 : 200);
  })
  .openapi(listAllGraphs, async (c) => {
    const { limit, cursor } = c.req.valid("query");
    const after = cursor === undefined ? {} : { after: fromCursor(cursor, 1)[0] ?? "" };
    const rows = await listGraphs(c.var.database, c.var.tenant, { limit: limit + 1, ...after });
    const { page, next } = toPage(rows, limit, (row) => toCursor(row.graphId));
    return sendJson(c, { graphs: page.map(toSummary), next_cursor: next });
  })
  .openapi(getGraph, async (c) => {
    const { graph_id: graphId } = c.req.valid("param");
    const row = await latestGraph(c.var.database, c.var.tenant, graphId);
    return sendGraph(c, row, graphId, c.req.valid("query").format);
  })
  .openapi(getGraphVersion, async (c) => {
    const { graph_id: graphId, version } = c.req.valid("param");
    const row = await graphVersion(c.var.database, c.var.tenant, graphId, Number(version));
    return sendGraph(c, row, graphId, c.req.valid("query").format);
  });

function compile(source: GraphSource) {
  const compiled = compileGraph(source, nodeKinds);
  if (compiled.ok) return compiled;
  const errors = compiled.problems.filter((problem) => problem.severity === "error");
  const [first] = errors;
  const where = first?.line === undefined ? "" : ` at line ${first.line}, column ${first.column ?? 1}`;
  const count = errors.length === 1 ? "one error" : `${errors.length} errors`;
  throw failure("invalid_graph", `The document has ${count}. The first${where}: ${first?.message ?? ""}`, {
    pointer: first?.path ?? "",
    details: compiled.problems.map((problem) => ({ ...problem })),
  });
}

/** In its own order: which node stands first means something (R5). */
function documentOf(plan: Plan): string {
  const text = documentText(plan);
  if (text.length <= MAX_DOCUMENT_LENGTH) return text;
  throw failure("payload_too_large", `The document has ${text.length} characters; ${MAX_DOCUMENT_LENGTH} are allowed.`);
}

function sendGraph(
  c: ApiContext,
  row: GraphVersionRow | undefined,
  graphId: string,
  wanted: "json" | "yaml" | undefined,
): Response {
  if (row === undefined) throw failure("unknown_graph", `There is no graph "${graphId}", or not this version of it.`);
  if (wanted !== "yaml") return sendJson(c, { ...toSummary(row), document: JSON.parse(row.document) as unknown });
  // JSON is YAML too, so there is a source to give either way.
  return c.body(row.source, 200, { "content-type": "application/yaml" });
}

function toSummary(row: GraphLine): z.infer<typeof GraphSummary> {
  const { graphId, version, hash, assistantId, createdAt } = row;
  return {
    graph_id: graphId,
    version: version ?? 1,
    hash,
    assistant_id: assistantId,
    created_at: new Date(createdAt).toISOString(),
  };
}
