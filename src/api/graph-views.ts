import { z } from "@hono/zod-openapi";
import { failure } from "../base/errors.ts";
import type { GraphLine, GraphVersionRow } from "../storage/graphs.ts";
import type { ApiContext } from "./context.ts";
import { JsonObjectSchema, answers, sendJson } from "./routing.ts";

/** The shapes of graphs and their versions. */
export const GraphProblem = z
  .object({
    severity: z.enum(["error", "warning"]),
    code: z.string(),
    message: z.string(),
    path: z.string().openapi({ description: "JSON Pointer into the document." }),
    line: z.int().optional(),
    column: z.int().optional(),
    endLine: z.int().optional(),
    endColumn: z.int().optional(),
    hint: z.string().optional(),
  })
  .openapi("GraphProblem");

const version = z.int();
const status = z.enum(["draft", "published", "current"]).openapi({
  description: "`current`: what runs use. `published`: was current once. `draft`: never was.",
});
const line = { graph_id: z.string(), version, hash: z.string(), assistant_id: z.string(), status };

export const StoredGraph = z.object({ ...line, warnings: z.array(GraphProblem) }).openapi("StoredGraph");
export const GraphSummary = z
  .object({
    ...line,
    created_at: z.iso.datetime(),
    published_at: z.iso.datetime().nullable().openapi({ description: "When it last became current." }),
    published_by: z.string().nullable().openapi({ description: "The id of the API key that made it current." }),
  })
  .openapi("GraphSummary");
const Graph = GraphSummary.extend({ document: JsonObjectSchema }).openapi("Graph");

export const GraphPath = z.object({ graph_id: z.string() });
export const VersionNumber = z.string().regex(/^[1-9]\d{0,8}$/, "must be 1, 2, 3 …");
export const VersionPath = GraphPath.extend({ version: VersionNumber });

export const format = z
  .enum(["json", "yaml"])
  .optional()
  .openapi({ description: "`yaml`: the text as it was sent, comments and all, if it was sent as YAML." });
export const graphAnswers = answers({
  200: {
    description: "The version, with its document.",
    content: { "application/json": { schema: Graph }, "application/yaml": { schema: z.string() } },
  },
});

export function sendGraph(c: ApiContext, row: GraphVersionRow, wanted: "json" | "yaml" | undefined): Response {
  if (wanted !== "yaml") return sendJson(c, { ...toSummary(row), document: JSON.parse(row.document) as unknown });
  // JSON is YAML too, so there is a source to give either way.
  return c.body(row.source, 200, { "content-type": "application/yaml" });
}

/** One text for what is missing and what is another tenant's. */
export function unknownGraph(graphId: string) {
  return failure("unknown_graph", `There is no graph "${graphId}", or not this version of it.`);
}

export function toSummary(row: GraphLine): z.infer<typeof GraphSummary> {
  return {
    graph_id: row.graphId,
    version: row.version,
    hash: row.hash,
    assistant_id: row.assistantId,
    status: row.status,
    created_at: new Date(row.createdAt).toISOString(),
    published_at: row.publishedAt === null ? null : new Date(row.publishedAt).toISOString(),
    published_by: row.publishedBy,
  };
}
