import { createRoute, z } from "@hono/zod-openapi";
import type { Address, UpdateState } from "../../durable-objects/thread-api.ts";
import { failure } from "../base/errors.ts";
import type { Json, JsonObject } from "../base/json.ts";
import type { GraphVersionRow } from "../storage/graphs.ts";
import { requireAssistant } from "./assistant-id.ts";
import { pointedInto } from "./body-pointers.ts";
import { CheckpointBody, checkpointIdOf } from "./checkpoint.ts";
import type { ApiContext } from "./context.ts";
import {
  JsonObjectSchema,
  OptionalJsonObject,
  answers,
  jsonAnswer,
  jsonBody,
  newRouter,
  sendJson,
  Uuid,
} from "./routing.ts";
import { toNodeName, toWrites } from "./run-command.ts";

/** Writes from outside (R7): to a thread's state, and to the version of the graph that its run is on. */
const tags = ["Threads"];
const params = z.object({ thread_id: Uuid });
const MOST_WRITES = 10_000;
const VALUES = "must be an object of channel values, a list of such objects or of [channel, value], or null";

const StateUpdate = z
  .object({
    values: z
      .union(
        [
          JsonObjectSchema,
          z.array(z.tuple([z.string(), z.unknown()])).max(MOST_WRITES),
          z.array(JsonObjectSchema).max(MOST_WRITES),
        ],
        VALUES,
      )
      .nullish()
      .openapi({
        description:
          "Channel values: an object, a list of objects (one after the other), or a list of [channel, value].",
        example: { draft: "A better draft." },
      }),
    as_node: z.string().min(1).max(128).nullish().openapi({
      description:
        "Whose edges are taken next: the update is that node's outcome, where it waits or has failed. Without it nothing is activated.",
      example: "draft",
    }),
    checkpoint: CheckpointBody.nullish(),
    checkpoint_id: Uuid.nullish().openapi({ description: "Forks from there; what came after it stays as it is." }),
    metadata: OptionalJsonObject.openapi({ description: "Of the new checkpoint." }),
  })
  .openapi("StateUpdate");
const NewCheckpoint = z
  .object({
    checkpoint: z.object({
      thread_id: Uuid,
      checkpoint_id: Uuid,
      checkpoint_ns: z.string(),
      checkpoint_map: z.null(),
    }),
  })
  .openapi("NewCheckpoint");
const Migration = z
  .object({
    version: z.int().min(1).optional().openapi({ description: "Of the thread's graph.", example: 4 }),
    graph: z
      .string()
      .min(1)
      .max(512)
      .optional()
      .openapi({ description: "The graph with its version, or alone for the current one.", example: "brief@4" }),
  })
  .openapi("Migration", { description: "Either of the two." });

const updateState = createRoute({
  method: "post",
  path: "/threads/{thread_id}/state",
  tags,
  summary: "Write to a thread's state",
  description:
    "While no run is live (409 `thread_busy`). Not repeated by itself: when the answer is lost, look at the state before you send it again. A thread that has never run needs `metadata.graph_id`.",
  request: { params, body: jsonBody(StateUpdate) },
  responses: answers({ 200: jsonAnswer("Its checkpoint, the thread's newest.", NewCheckpoint) }),
});
const migrate = createRoute({
  method: "post",
  path: "/threads/{thread_id}/migrate",
  tags,
  summary: "Move what is at rest on a thread to another version of its graph",
  description:
    "Whole or not at all: where something does not fit, 409 `migration_refused` with a pointer into the other version, and nothing has changed. What waits asks again, on that version.",
  request: { params, body: jsonBody(Migration) },
  responses: answers({ 200: jsonAnswer("Its checkpoint, the thread's newest.", NewCheckpoint) }),
});

export const threadUpdates = newRouter()
  .openapi(updateState, async (c) => {
    const address = { tenant: c.var.tenant, threadId: c.req.valid("param").thread_id };
    const body = c.req.valid("json");
    const checkpointId = checkpointIdOf(body);
    const { as_node: asNode, metadata } = body;
    const command: UpdateState = {
      ...address,
      values: flattened(body.values ?? null),
      ...(asNode === undefined || asNode === null ? {} : { asNode: toNodeName(asNode) }),
      ...(checkpointId === undefined ? {} : { checkpointId }),
      ...(metadata === undefined || metadata === null ? {} : { metadata }),
      ...(await graphOfNew(c, address)),
    };
    const updated = c.var.threads.once(command, (thread) => thread.updateState(command));
    return sendJson(c, await pointedInto(body, updated));
  })
  .openapi(migrate, async (c) => {
    const address = { tenant: c.var.tenant, threadId: c.req.valid("param").thread_id };
    const { version, graph } = c.req.valid("json");
    if ((version === undefined) === (graph === undefined)) {
      throw failure("invalid_request", 'Say either the "version" or the "graph", such as "brief@4".', {
        pointer: version === undefined ? "" : "/graph",
      });
    }
    const { metadata } = await c.var.threads.surely(address, (thread) => thread.getThread(address));
    const graphId = graphIdOf(metadata);
    if (graphId === undefined) {
      throw failure("nothing_to_continue", "The thread has never run: there is nothing to migrate.");
    }
    const pointer = graph === undefined ? "/version" : "/graph";
    const row = await requireAssistant(c.var.database, c.var.tenant, graph ?? `${graphId}@${version}`, pointer);
    const command = { ...address, graph: versionOf(row) };
    return sendJson(c, await c.var.threads.once(command, (thread) => thread.migrate(command)));
  });

/** A list is one update after the other; its members are all pairs or all objects. */
function flattened(values: z.output<typeof StateUpdate>["values"]): UpdateState["values"] {
  if (values === null || values === undefined) return [];
  if (!Array.isArray(values)) return toWrites(values as JsonObject);
  return (values as ([string, Json] | JsonObject)[]).flatMap((each) =>
    Array.isArray(each) ? [[each[0], each[1]] as const] : toWrites(each as JsonObject),
  );
}

/**
 * A thread that has never run takes its graph from its metadata, as the reference server has it; one that has run keeps its own.
 * @throws EdgewiseError `invalid_request` where there is none to take
 */
async function graphOfNew(c: ApiContext, address: Address): Promise<Pick<UpdateState, "graph" | "assistantId">> {
  const [{ metadata }, { checkpoint }] = await Promise.all([
    c.var.threads.surely(address, (thread) => thread.getThread(address)),
    c.var.threads.surely(address, (thread) => thread.getState(address)),
  ]);
  if (checkpoint !== null) return {};
  const graphId = graphIdOf(metadata);
  if (graphId === undefined) {
    const text = `Thread ${address.threadId} has no graph ID: it has never run. Give it one by PATCH /threads/{thread_id} with {"metadata": {"graph_id": …}}, or start a run.`;
    throw failure("invalid_request", text, { pointer: "" });
  }
  const row = await requireAssistant(c.var.database, address.tenant, graphId, "/metadata/graph_id");
  return { graph: versionOf(row), assistantId: row.assistantId };
}

/** A run writes both into its thread's metadata; clients may have set either. */
function graphIdOf({ graph_id: graphId, assistant_id: assistantId }: JsonObject): string | undefined {
  return [graphId, assistantId].find((id) => typeof id === "string" && id !== "") as string | undefined;
}

function versionOf({ graphId, version, hash, document }: GraphVersionRow) {
  return { graphId, version, hash, document };
}
