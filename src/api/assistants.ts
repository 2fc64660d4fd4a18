import { createRoute, z } from "@hono/zod-openapi";
import { failure } from "../base/errors.ts";
import { secureRandom, uuidv7 } from "../base/ids.ts";
import type { JsonObject } from "../base/json.ts";
import { mergeObjects } from "../base/run-config.ts";
import {
  addVersion,
  type AssistantContent,
  type AssistantRow,
  insertAssistant,
  removeAssistant,
} from "../storage/assistants.ts";
import { threadsOfAssistant } from "../storage/thread-erasure.ts";
import { assistantIdOf, findAssistant, graphShelf } from "./assistant-id.ts";
import { type FoundAssistant, requireFound, systemAssistant, toAssistantView } from "./assistant-views.ts";
import type { ApiContext } from "./context.ts";
import { eraseThreads } from "./erase-threads.ts";
import { RunCreate } from "./run-request.ts";
import { OptionalJsonObject, answers, jsonAnswer, jsonBody, newRouter, sendJson, Uuid } from "./routing.ts";
import { Assistant } from "./views.ts";

/** Assistants: graphs with a configuration of their own. Each graph has one from the start, its system assistant. */
const tags = ["Assistants"];
export const AssistantPath = z.object({ assistant_id: z.string().min(1).max(512) });
const answer = answers({ 200: jsonAnswer("The assistant.", Assistant) });

/** UTF-16 units of the JSON of config, context and metadata: each run that it starts carries them. */
const MOST_CHARACTERS = 256 * 1024;
/** So often a change is tried again that met another one. */
const ATTEMPTS = 10;

const content = {
  config: RunCreate.shape.config,
  context: OptionalJsonObject,
  metadata: OptionalJsonObject,
  description: z.string().max(10_000).nullish(),
};
const graphId = z.string().min(1).max(200);
const name = z.string().max(500);

const createAssistant = createRoute({
  method: "post",
  path: "/assistants",
  tags,
  summary: "Configure a graph into an assistant",
  description: "The graph need not be there yet.",
  request: {
    body: jsonBody(
      z.object({
        ...content,
        graph_id: graphId,
        name: name.nullish(),
        assistant_id: Uuid.nullish(),
        if_exists: z.enum(["raise", "do_nothing"]).nullish(),
      }),
    ),
  },
  responses: answer,
});
const getAssistant = createRoute({
  method: "get",
  path: "/assistants/{assistant_id}",
  tags,
  summary: "Get an assistant, by its id or as its graph's own by the graph's",
  request: { params: AssistantPath },
  responses: answer,
});
const patchAssistant = createRoute({
  method: "patch",
  path: "/assistants/{assistant_id}",
  tags,
  summary: "Change an assistant",
  description: "Each change is a new version. Metadata are merged, what else is given takes the old one's place.",
  request: {
    params: AssistantPath,
    body: jsonBody(z.object({ ...content, graph_id: graphId.nullish(), name: name.nullish() })),
  },
  responses: answer,
});
const deleteAssistant = createRoute({
  method: "delete",
  path: "/assistants/{assistant_id}",
  tags,
  summary: "Delete an assistant",
  description: "A graph's own assistant stays as long as the graph does: `forbidden`.",
  request: {
    params: AssistantPath,
    query: z.object({ delete_threads: z.enum(["true", "false", "1", "0"]).optional() }),
  },
  responses: answers({ 200: jsonAnswer("Its id.", z.array(Uuid)) }),
});

export const assistants = newRouter()
  .openapi(createAssistant, async (c) => {
    const body = c.req.valid("json");
    const now = Date.now();
    const assistantId = body.assistant_id ?? uuidv7(now, secureRandom);
    const row: AssistantRow = {
      assistantId,
      graphId: body.graph_id,
      ...checked(body),
      name: body.name ?? "Untitled",
      description: body.description ?? null,
      version: 1,
      latest: 1,
      createdAt: now,
      updatedAt: now,
    };
    const existing = await existingAssistant(c, row);
    if (existing === undefined && (await insertAssistant(c.var.database, c.var.tenant, row))) {
      return sendJson(c, toAssistantView(row));
    }
    if (body.if_exists !== "do_nothing") {
      throw failure("conflict", `Assistant "${assistantId}" already exists`, { pointer: "/assistant_id" });
    }
    return sendJson(c, toAssistantView(existing ?? (await requireFound(c, assistantId)).row));
  })
  .openapi(getAssistant, async (c) => {
    const { row } = await requireFound(c, c.req.valid("param").assistant_id);
    return sendJson(c, toAssistantView(row));
  })
  .openapi(patchAssistant, async (c) => {
    const row = await patch(c, c.req.valid("param").assistant_id, c.req.valid("json"));
    return sendJson(c, toAssistantView(row));
  })
  .openapi(deleteAssistant, async (c) => {
    const { row, isSystem } = await requireFound(c, c.req.valid("param").assistant_id);
    const { assistantId } = row;
    if (isSystem) {
      const text = `This is the graph "${row.graphId}"'s own assistant, which is there as long as the graph. Change it instead.`;
      throw failure("forbidden", text);
    }
    const { delete_threads: threads } = c.req.valid("query");
    // Before the assistant: who asks again after a failure must still find it.
    if (threads === "true" || threads === "1") {
      await eraseThreads(c, (page) => threadsOfAssistant(c.var.database, c.var.tenant, assistantId, page));
    }
    await removeAssistant(c.var.database, c.var.tenant, assistantId);
    graphShelf.forget(c.var.tenant, row.graphId);
    return sendJson(c, [assistantId]);
  });

/**
 * Where the id is that of a graph's own assistant: that one.
 * @throws EdgewiseError `conflict`: the graph is not there, and its assistant's id is kept for it
 */
async function existingAssistant(c: ApiContext, row: AssistantRow): Promise<AssistantRow | undefined> {
  if (row.assistantId !== assistantIdOf(row.graphId)) return undefined;
  const graph = await findAssistant(c.var.database, c.var.tenant, row.graphId);
  if (graph !== undefined) return graph.assistant ?? systemAssistant(graph);
  const text = `This id is kept for the graph "${row.graphId}"'s own assistant; leave it out, or take another.`;
  throw failure("conflict", text, { pointer: "/assistant_id" });
}

type Change = Partial<Record<"config" | "context" | "metadata", JsonObject | null | undefined>> & {
  readonly graph_id?: string | null | undefined;
  readonly name?: string | null | undefined;
  readonly description?: string | null | undefined;
};

/** Two changes at once are two versions, the second made of the first. */
async function patch(c: ApiContext, assistantId: string, change: Change): Promise<AssistantRow> {
  const { database, tenant } = c.var;
  for (let attempt = 0; attempt < ATTEMPTS; attempt += 1) {
    const found = await requireFound(c, assistantId);
    const next = changed(found, change);
    if (!found.isStored) await insertAssistant(database, tenant, found.row);
    if (!(await addVersion(database, tenant, found.row, next, Date.now()))) continue;
    for (const id of new Set([found.row.graphId, next.graphId])) graphShelf.forget(tenant, id);
    return (await requireFound(c, found.row.assistantId)).row;
  }
  const text = `Too many change the assistant "${assistantId}" at once; ask again.`;
  throw failure("unavailable", text, { retryable: true, retryAfterMs: 1_000 });
}

function changed({ row, isSystem }: FoundAssistant, change: Change): AssistantContent {
  const graph = change.graph_id ?? row.graphId;
  if (isSystem && graph !== row.graphId) {
    const text = `This is the graph "${row.graphId}"'s own assistant; configure another of "${graph}" by POST /assistants.`;
    throw failure("forbidden", text, { pointer: "/graph_id" });
  }
  const metadata = mergeObjects(row.metadata, change.metadata ?? {});
  return {
    graphId: graph,
    name: change.name ?? row.name,
    description: change.description === undefined ? row.description : change.description,
    ...checked({
      config: change.config ?? row.config,
      context: change.context ?? row.context,
      // By this clients tell which assistants are the graphs' own.
      metadata: isSystem ? { ...metadata, created_by: "system" } : metadata,
    }),
  };
}

/** @throws EdgewiseError `value_too_large` */
function checked(given: Pick<Change, "config" | "context" | "metadata">) {
  const { config, context, metadata } = given;
  const texts = { config: config ?? {}, context: context ?? {}, metadata: metadata ?? {} };
  const size = JSON.stringify(texts).length;
  if (size <= MOST_CHARACTERS) return texts;
  const text = `Config, context and metadata have ${size} characters of JSON together; at most ${MOST_CHARACTERS} are kept.`;
  throw failure("value_too_large", text, { pointer: "" });
}
