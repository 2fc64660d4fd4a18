import { z } from "@hono/zod-openapi";
import { failure } from "../base/errors.ts";
import type { GraphLine, GraphVersionRow } from "../storage/graphs.ts";
import type { CheckedGraph } from "./check-graph.ts";
import type { ApiContext } from "./context.ts";
import { GRAPH_FORMATS, type GraphFormat, textOf, wantedFormat } from "./graph-text.ts";
import { JsonObjectSchema, answers, sendJson } from "./routing.ts";

/** The shapes of graphs and their versions. */
export const GraphProblem = z
  .object({
    severity: z.enum(["error", "warning", "hint"]),
    code: z.string(),
    message: z.string(),
    path: z.string().openapi({ description: "JSON Pointer into the document." }),
    line: z.int().optional(),
    column: z.int().optional(),
    endLine: z.int().optional(),
    endColumn: z.int().optional(),
    hint: z.string().optional(),
    fix: z
      .object({
        says: z.string(),
        edits: z.array(z.object({ path: z.array(z.union([z.string(), z.int()])), value: z.unknown().optional() })),
      })
      .optional()
      .openapi({
        description:
          "A change that mends this and does nothing else; an edit without a value removes what is at its path.",
      }),
  })
  .openapi("GraphProblem");

const version = z.int();
const status = z.enum(["draft", "published", "current"]).openapi({
  description: "`current`: what runs use. `published`: was current once. `draft`: never was.",
});
const line = { graph_id: z.string(), version, hash: z.string(), assistant_id: z.string(), status };

const GraphLink = z
  .object({
    name: z.string().openapi({ description: "As the nodes of the document say it." }),
    graph_id: z.string(),
    version,
  })
  .openapi("GraphLink", { description: "A published graph that the version holds from now on, under `graphs`." });
/** What a check tells of a document that could be stored. */
export const findings = {
  linked: z.array(GraphLink),
  warnings: z.array(GraphProblem),
  hints: z.array(GraphProblem).openapi({ description: "Advice; the document is good as it is." }),
};
export const StoredGraph = z.object({ ...line, ...findings }).openapi("StoredGraph");
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

export const format = z.enum(GRAPH_FORMATS).optional().openapi({
  description:
    "`source`: the text as it was published, byte for byte. `yaml`: the same of what was published as YAML; what was published as JSON is printed. Left out, `Accept` decides between `json` and `yaml`.",
});
export const graphAnswers = answers({
  200: {
    description: "The version, with its document.",
    content: { "application/json": { schema: Graph }, "application/yaml": { schema: z.string() } },
  },
});

export function sendGraph(c: ApiContext, row: GraphVersionRow, asked: GraphFormat | undefined): Response {
  const wanted = wantedFormat(c, asked);
  c.header("vary", "accept", { append: true });
  // A text says nothing of its version.
  c.header("content-location", `/graphs/${row.graphId}/versions/${row.version}`);
  if (wanted === "json") return sendJson(c, { ...toSummary(row), document: JSON.parse(row.document) as unknown });
  const { text, type } = textOf(row, wanted);
  return c.body(text, 200, { "content-type": type });
}

export function toFindings({ links, warnings, hints }: Extract<CheckedGraph, { readonly ok: true }>) {
  const linked = links.map(({ name, graphId, version: number }) => ({ name, graph_id: graphId, version: number }));
  return { linked, warnings, hints };
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
