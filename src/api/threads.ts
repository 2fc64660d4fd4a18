import { createRoute, z } from "@hono/zod-openapi";
import type { CreateThread, Superstep, ThreadView } from "../../durable-objects/thread-api.ts";
import { failure } from "../base/errors.ts";
import { secureRandom, uuidv7 } from "../base/ids.ts";
import type { JsonObject } from "../base/json.ts";
import { requireAssistant } from "./assistant-id.ts";
import { pointedInto } from "./body-pointers.ts";
import type { ApiContext } from "./context.ts";
import { OptionalJsonObject, answers, jsonAnswer, jsonBody, newRouter, sendJson, Uuid } from "./routing.ts";
import { CommandBody, toRunCommand } from "./run-command.ts";
import { Values, flattened } from "./state-values.ts";
import { graphIdOf, versionOf } from "./thread-graph.ts";
import { toTtl, Ttl } from "./ttl.ts";
import { Thread } from "./views.ts";

const tags = ["Threads"];
const params = z.object({ thread_id: Uuid });
/** Each step is played on all those before it: more would keep the thread's object longer than it may work. */
const MOST_STEPS = 250;
/** Of all steps together. */
const MOST_UPDATES = 500;

const Supersteps = z
  .array(
    z.object({
      updates: z
        .array(
          z.object({
            values: Values,
            command: CommandBody.nullish().openapi({
              description: "Its `update` and `goto` count; `goto` in place of the node's edges.",
            }),
            as_node: z.string().min(1).max(128).openapi({ example: "__input__" }),
          }),
        )
        .max(MOST_UPDATES),
    }),
  )
  .max(MOST_STEPS)
  .refine(
    (steps) => steps.reduce((sum, { updates }) => sum + updates.length, 0) <= MOST_UPDATES,
    `must have at most ${MOST_UPDATES} updates together`,
  )
  .openapi({
    description: `A history to begin with, step by step: what each node wrote (\`as_node\`), \`__input__\` and \`__start__\` being the input. All or nothing; needs \`metadata.graph_id\`. At most ${MOST_STEPS} steps, with ${MOST_UPDATES} updates together.`,
  });

const createThread = createRoute({
  method: "post",
  path: "/threads",
  tags,
  summary: "Create a thread",
  request: {
    body: jsonBody(
      z.object({
        thread_id: Uuid.nullish(),
        metadata: OptionalJsonObject,
        graph_id: z.string().min(1).max(512).nullish().openapi({ description: "The same as `metadata.graph_id`." }),
        if_exists: z.enum(["raise", "do_nothing"]).nullish(),
        supersteps: Supersteps.nullish(),
        ttl: Ttl.nullish(),
      }),
    ),
  },
  responses: answers({ 200: jsonAnswer("The thread.", Thread) }),
});
const getThread = createRoute({
  method: "get",
  path: "/threads/{thread_id}",
  tags,
  summary: "Get a thread",
  request: {
    params,
    query: z.object({
      include: z
        .union([z.string(), z.array(z.string())])
        .optional()
        .openapi({ description: "`ttl`: with its time to live." }),
    }),
  },
  responses: answers({ 200: jsonAnswer("The thread.", Thread) }),
});
const patchThread = createRoute({
  method: "patch",
  path: "/threads/{thread_id}",
  tags,
  summary: "Change a thread's metadata, or its time to live",
  description: "The keys given are merged into the metadata. With `Prefer: return=minimal` the answer is 204.",
  request: {
    params,
    body: jsonBody(
      z.object({
        metadata: OptionalJsonObject,
        ttl: Ttl.nullish().openapi({ description: "null: it stays for good." }),
      }),
    ),
  },
  responses: answers({
    200: jsonAnswer("The thread.", Thread),
    204: { description: "Done; nothing more was asked for." },
  }),
});
const deleteThread = createRoute({
  method: "delete",
  path: "/threads/{thread_id}",
  tags,
  summary: "Delete a thread with all its runs",
  description: "What runs is cancelled first.",
  request: { params },
  responses: answers({ 204: { description: "Gone." } }),
});

export const threads = newRouter()
  .openapi(createThread, async (c) => {
    const body = c.req.valid("json");
    const address = { tenant: c.var.tenant, threadId: body.thread_id ?? uuidv7(Date.now(), secureRandom) };
    const metadata = { ...body.metadata, ...(body.graph_id ? { graph_id: body.graph_id } : {}) };
    const command: CreateThread = {
      ...address,
      metadata,
      ifExists: body.if_exists ?? "raise",
      ...(body.ttl ? { ttl: toTtl(body.ttl) } : {}),
      ...(await begunWith(c, metadata, body.supersteps ?? [])),
    };
    const created = c.var.threads.once(address, (thread) => thread.createThread(command));
    return sendJson(c, withoutTtl(await pointedInto(body, created)));
  })
  .openapi(getThread, async (c) => {
    const address = addressOf(c, c.req.valid("param"));
    const view = await c.var.threads.surely(address, (thread) => thread.getThread(address));
    return sendJson(c, included(c).has("ttl") ? { ...view, ttl: view.ttl ?? null } : withoutTtl(view));
  })
  .openapi(patchThread, async (c) => {
    const { metadata, ttl } = c.req.valid("json");
    const command = {
      ...addressOf(c, c.req.valid("param")),
      metadata: metadata ?? {},
      ...(ttl === undefined ? {} : { ttl: ttl === null ? null : toTtl(ttl) }),
    };
    const view = await c.var.threads.surely(command, (thread) => thread.patchThread(command));
    if (/\breturn\s*=\s*minimal\b/i.test(c.req.header("prefer") ?? "")) return c.body(null, 204);
    return sendJson(c, withoutTtl(view));
  })
  .openapi(deleteThread, async (c) => {
    const address = addressOf(c, c.req.valid("param"));
    await c.var.threads.once(address, (thread) => thread.deleteThread(address));
    return c.body(null, 204);
  });

function addressOf(c: ApiContext, { thread_id: threadId }: { readonly thread_id: string }) {
  return { tenant: c.var.tenant, threadId };
}

/** Repeated keys, or one JSON list, as the clients write lists. */
function included(c: ApiContext): ReadonlySet<string> {
  return new Set((c.req.queries("include") ?? []).flatMap((text) => text.replaceAll(/[[\]"\s]/g, "").split(",")));
}

function withoutTtl(thread: ThreadView): Omit<ThreadView, "ttl"> {
  const { ttl: _ttl, ...view } = thread;
  return view;
}

/** @throws EdgewiseError `invalid_request` where no graph is named, as the reference server has it, `unknown_graph` */
async function begunWith(
  c: ApiContext,
  metadata: JsonObject,
  supersteps: z.output<typeof Supersteps>,
): Promise<Pick<CreateThread, "supersteps">> {
  if (supersteps.length === 0) return {};
  const graphId = graphIdOf(metadata);
  if (graphId === undefined) {
    const text = "Supersteps need a graph: say which in `metadata.graph_id`.";
    throw failure("invalid_request", text, { pointer: "/metadata/graph_id" });
  }
  const row = await requireAssistant(c.var.database, c.var.tenant, graphId, "/metadata/graph_id");
  const steps = supersteps.map(({ updates }) => updates.map(toUpdate));
  return { supersteps: { steps, graph: versionOf(row), assistantId: row.assistantId } };
}

function toUpdate({
  values,
  command,
  as_node: asNode,
}: z.output<typeof Supersteps>[number]["updates"][number]): Superstep[number] {
  const { update = [], goto } = command ? toRunCommand(command) : {};
  return { values: [...flattened(values), ...update], asNode, ...(goto === undefined ? {} : { goto }) };
}
