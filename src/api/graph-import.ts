import { createRoute, z } from "@hono/zod-openapi";
import { failure } from "../base/errors.ts";
import { importDrawable } from "../graph/import/drawable.ts";
import { importMermaid } from "../graph/import/mermaid.ts";
import type { Imported, ImportReport } from "../graph/import/sketch.ts";
import { ID, ID_HINT } from "../graph/schema.ts";
import { mediaTypeOf, parseJson } from "./body.ts";
import { requireGraph, surroundingsOf } from "./check-graph.ts";
import type { ApiContext } from "./context.ts";
import { readGraphText } from "./graph-body.ts";
import { StoredGraph } from "./graph-views.ts";
import { storeVersion } from "./graphs.ts";
import { answers, jsonAnswer, newRouter, sendJson } from "./routing.ts";

const MERMAID_TYPES = ["text/vnd.mermaid", "application/vnd.mermaid", "text/x-mermaid"] as const;

const Report = z
  .object({
    understood: z.int().openapi({ description: "Nodes and edges of the draft." }),
    not_understood: z.array(
      z.object({
        what: z.string(),
        where: z.string().openapi({ description: "A line, or a JSON Pointer, of the source." }),
        why: z.string(),
      }),
    ),
  })
  .openapi("ImportReport");
export const ImportedGraph = StoredGraph.extend({ report: Report }).openapi("ImportedGraph");

const text = { schema: z.string() };
const importGraph = createRoute({
  method: "post",
  path: "/graphs/import",
  tags: ["Graphs"],
  summary: "Make a draft of a drawing",
  description:
    "Of LangGraph's drawable JSON or a Mermaid flowchart. What a drawing does not say is left to be filled in, and reported: nodes fail until they have a kind, conditions read the channel `route`.",
  request: {
    query: z.object({ from: z.enum(["langgraph", "mermaid"]), id: z.string().regex(ID, ID_HINT) }),
    body: {
      required: true,
      content: {
        "application/json": {
          schema: { type: "object" as const, description: "Nodes and edges, as LangGraph has them." },
        },
        "text/plain": text,
        ...Object.fromEntries(MERMAID_TYPES.map((type) => [type, text])),
      },
    },
  },
  responses: answers({
    200: jsonAnswer("This draft is a version already.", ImportedGraph),
    201: jsonAnswer("A new version, which no run uses unless it names it.", ImportedGraph),
  }),
});

export const graphImport = newRouter().openapi(importGraph, async (c) => {
  const { from, id } = c.req.valid("query");
  const { document, report } = await readImported(c, from, id);
  if (report.understood === 0) throw nothingUnderstood(from, report);
  const source = { text: `${JSON.stringify(document, null, 2)}\n`, type: "json" } as const;
  const checked = await requireGraph(source, surroundingsOf(c));
  const { stored, created } = await storeVersion(c, source, checked, true);
  const { understood, notUnderstood } = report;
  return sendJson(c, { ...stored, report: { understood, not_understood: notUnderstood } }, created ? 201 : 200);
});

async function readImported(c: ApiContext, from: "langgraph" | "mermaid", id: string): Promise<Imported> {
  const mediaType = mediaTypeOf(c.req.header("content-type"));
  // No type, and text/plain, count as JSON elsewhere; here they are whatever is imported.
  const known = from === "langgraph" ? ["application/json"] : ["application/json", ...MERMAID_TYPES];
  if (!known.includes(mediaType)) {
    const types = from === "langgraph" ? known : ["text/plain", ...MERMAID_TYPES];
    throw failure("unsupported_media_type", `A ${from} drawing is sent as ${types.join(", ")}, not "${mediaType}".`);
  }
  const body = (await readGraphText(c)).replace(/^\uFEFF/, "");
  return from === "langgraph" ? importDrawable(parseJson(body), id) : importMermaid(body, id);
}

function nothingUnderstood(from: string, { notUnderstood }: ImportReport) {
  const first = notUnderstood.find(({ what }) => what !== "nodes");
  const why = first === undefined ? "" : ` ${first.where}: ${first.why}`;
  const details = notUnderstood.map((note) => ({ ...note }));
  return failure("invalid_request", `There is nothing in the body that a ${from} drawing has.${why}`, { details });
}
