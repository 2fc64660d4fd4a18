import { createRoute, z } from "@hono/zod-openapi";
import { failure } from "../base/errors.ts";
import { type GraphLine, listGraphs } from "../storage/graphs.ts";
import { assistantIdOf, findAssistant } from "./assistant-id.ts";
import { OptionalJsonObject, answers, jsonAnswer, jsonBody, newRouter, sendJson } from "./routing.ts";
import { Assistant } from "./views.ts";

/** Each graph has one system assistant; there are no others yet. */
const tags = ["Assistants"];
/** More graphs than this a search does not look at. */
const MAX_SEARCHED = 1000;

const getAssistant = createRoute({
  method: "get",
  path: "/assistants/{assistant_id}",
  tags,
  summary: "Get a graph's system assistant",
  request: { params: z.object({ assistant_id: z.string().max(512) }) },
  responses: answers({ 200: jsonAnswer("The assistant.", Assistant) }),
});
const searchAssistants = createRoute({
  method: "post",
  path: "/assistants/search",
  tags,
  summary: "Search assistants",
  request: {
    body: jsonBody(
      z.object({
        graph_id: z.string().nullish(),
        name: z.string().nullish(),
        metadata: OptionalJsonObject,
        limit: z.int().min(1).max(1000).nullish(),
        offset: z.int().min(0).max(1_000_000).nullish(),
      }),
    ),
  },
  responses: answers({ 200: jsonAnswer("The assistants.", z.array(Assistant)) }),
});

export const assistants = newRouter()
  .openapi(searchAssistants, async (c) => {
    const { graph_id: graphId, name, metadata, limit, offset } = c.req.valid("json");
    const lines = await listGraphs(c.var.database, c.var.tenant, { limit: MAX_SEARCHED, drafts: false });
    const found = lines.filter(
      (line) =>
        (!graphId || line.graphId === graphId) &&
        (!name || line.graphId.toLowerCase().includes(name.toLowerCase())) &&
        Object.entries(metadata ?? {}).every(([key, value]) => key === "created_by" && value === "system"),
    );
    const start = offset ?? 0;
    const end = start + (limit ?? 10);
    c.header("x-pagination-total", String(found.length));
    if (end < found.length) c.header("x-pagination-next", String(end));
    return sendJson(c, found.slice(start, end).map(toAssistant));
  })
  .openapi(getAssistant, async (c) => {
    const row = await findAssistant(c.var.database, c.var.tenant, c.req.valid("param").assistant_id);
    if (row === undefined) throw failure("not_found", "Assistant not found");
    return sendJson(c, toAssistant(row));
  });

function toAssistant(line: GraphLine): z.infer<typeof Assistant> {
  const time = new Date(line.createdAt).toISOString();
  return {
    assistant_id: assistantIdOf(line.graphId),
    graph_id: line.graphId,
    config: {},
    context: {},
    metadata: { created_by: "system" },
    version: line.version,
    name: line.graphId,
    description: null,
    created_at: time,
    updated_at: time,
  };
}
