import { createRoute, z } from "@hono/zod-openapi";
import { failure } from "../base/errors.ts";
import { assistantVersionsOf, returnToVersion } from "../storage/assistants.ts";
import { containsJson } from "../base/json.ts";
import { graphShelf } from "./assistant-id.ts";
import { requireFound, toAssistantView, toVersionView } from "./assistant-views.ts";
import { AssistantPath } from "./assistants.ts";
import { FilterObject, answers, jsonAnswer, jsonBody, newRouter, sendJson } from "./routing.ts";
import { Assistant, AssistantVersionView } from "./views.ts";

const tags = ["Assistants"];

const listVersions = createRoute({
  method: "post",
  path: "/assistants/{assistant_id}/versions",
  tags,
  summary: "List an assistant's versions, newest first",
  request: {
    params: AssistantPath,
    body: jsonBody(
      z.object({
        metadata: FilterObject,
        limit: z.int().min(1).max(1000).nullish(),
        offset: z.int().min(0).max(1_000_000).nullish(),
      }),
    ),
  },
  responses: answers({ 200: jsonAnswer("The versions; 404 where there are none.", z.array(AssistantVersionView)) }),
});
const setLatest = createRoute({
  method: "post",
  path: "/assistants/{assistant_id}/latest",
  tags,
  summary: "Make a version the one that counts",
  request: { params: AssistantPath, body: jsonBody(z.object({ version: z.int().min(1).max(1_000_000_000) })) },
  responses: answers({ 200: jsonAnswer("The assistant at that version.", Assistant) }),
});

export const assistantVersions = newRouter()
  .openapi(listVersions, async (c) => {
    const { row, isStored } = await requireFound(c, c.req.valid("param").assistant_id);
    const { metadata, limit, offset } = c.req.valid("json");
    const page = { metadata: metadata ?? {}, limit: limit ?? 10, offset: offset ?? 0 };
    // A system assistant that nobody has changed has the one version it is.
    const versions = isStored
      ? await assistantVersionsOf(c.var.database, c.var.tenant, row.assistantId, page)
      : [row].filter((only) => containsJson(only.metadata, page.metadata)).slice(page.offset);
    if (versions.length === 0) throw failure("not_found", "Assistant not found");
    return sendJson(c, versions.map(toVersionView));
  })
  .openapi(setLatest, async (c) => {
    const { database, tenant } = c.var;
    const { row, isStored } = await requireFound(c, c.req.valid("param").assistant_id);
    const { version } = c.req.valid("json");
    if (!isStored && version === row.version) return sendJson(c, toAssistantView(row));
    const isKnown = isStored && (await returnToVersion(database, tenant, row.assistantId, version, Date.now()));
    if (!isKnown) throw failure("not_found", `Assistant version ${version} not found`);
    const now = await requireFound(c, row.assistantId);
    for (const graphId of new Set([row.graphId, now.row.graphId])) graphShelf.forget(tenant, graphId);
    return sendJson(c, toAssistantView(now.row));
  });
