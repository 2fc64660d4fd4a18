import { createRoute, z } from "@hono/zod-openapi";
import type { Address, UpdateState } from "../../durable-objects/thread-api.ts";
import { failure } from "../base/errors.ts";
import { requireAssistant } from "./assistant-id.ts";
import { pointedInto } from "./body-pointers.ts";
import { CheckpointBody, checkpointIdOf, namespaceIn, type NamedCheckpoint } from "./checkpoint.ts";
import type { ApiContext } from "./context.ts";
import {
  NullableJsonObject,
  OptionalJsonObject,
  answers,
  jsonAnswer,
  jsonBody,
  newRouter,
  sendJson,
  Uuid,
} from "./routing.ts";
import { toNodeName } from "./run-command.ts";
import { flattened, Values } from "./state-values.ts";
import { graphIdOf, versionOf } from "./thread-graph.ts";

/** Writes from outside (R7): to a thread's state, and to the version of the graph that its run is on. */
const tags = ["Threads"];
const params = z.object({ thread_id: Uuid });
/** LangGraph's name for a checkpoint that only repeats the one before. */
const COPY = "__copy__";

const StateUpdate = z
  .object({
    values: Values,
    as_node: z.string().min(1).max(128).nullish().openapi({
      description:
        "Whose edges are taken next: the update is that node's outcome, where it waits or has failed. `__start__` or `__input__`: as a run's input, what is in flight being left; `__end__`: nothing is to be done any more; `__copy__` or left out: nothing is activated.",
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
      checkpoint_map: NullableJsonObject,
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
    "With a `checkpoint_ns`, to what a node that stands still does inside. While no run is live (409 `thread_busy`). Not repeated by itself: when the answer is lost, look at the state before you send it again. A thread that has never run needs `metadata.graph_id`.",
  request: { params, body: jsonBody(StateUpdate) },
  responses: answers({ 200: jsonAnswer("Its checkpoint, the thread's newest.", NewCheckpoint) }),
});
const patchState = createRoute({
  method: "patch",
  path: "/threads/{thread_id}/state",
  tags,
  summary: "Change a thread's metadata",
  description:
    "As `PATCH /threads/{thread_id}` with `metadata`, for clients that know it by this name: checkpoints never change.",
  request: { params, body: jsonBody(z.object({ metadata: OptionalJsonObject })) },
  responses: answers({ 204: { description: "Done." } }),
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
    const namespace = namespaceIn(body.checkpoint);
    // Of a frame: without its name, which the thread's own checkpoints do not have.
    const checkpointId = checkpointIdOf(namespace === undefined ? body : withoutNamespace(body));
    const { as_node: asNode, metadata } = body;
    const command: UpdateState = {
      ...address,
      values: flattened(body.values ?? null),
      ...(asNode === undefined || asNode === null || asNode === COPY ? {} : { asNode: toNodeName(asNode) }),
      ...(checkpointId === undefined ? {} : { checkpointId }),
      ...(namespace === undefined ? {} : { namespace }),
      ...(metadata === undefined || metadata === null ? {} : { metadata }),
      ...(await graphOfNew(c, address)),
    };
    const updated = c.var.threads.once(command, (thread) => thread.updateState(command));
    return sendJson(c, await pointedInto(body, updated));
  })
  .openapi(patchState, async (c) => {
    const { metadata } = c.req.valid("json");
    const command = { tenant: c.var.tenant, threadId: c.req.valid("param").thread_id, metadata: metadata ?? {} };
    await c.var.threads.surely(command, (thread) => thread.patchThread(command));
    return c.body(null, 204);
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

function withoutNamespace({ checkpoint, ...body }: NamedCheckpoint): NamedCheckpoint {
  return { ...body, checkpoint: checkpoint && { ...checkpoint, checkpoint_ns: "" } };
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
