import { createRoute, z } from "@hono/zod-openapi";
import { failure } from "../base/errors.ts";
import { secureRandom, uuidv7 } from "../base/ids.ts";
import type { ApiContext } from "./context.ts";
import { OptionalJsonObject, answers, jsonAnswer, jsonBody, newRouter, sendJson, Uuid } from "./routing.ts";
import { Thread } from "./views.ts";

const tags = ["Threads"];
const params = z.object({ thread_id: Uuid });

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
        if_exists: z.enum(["raise", "do_nothing"]).nullish(),
        supersteps: z.unknown().optional().openapi({ description: "Refused with `unsupported` when given." }),
        ttl: z.unknown().optional().openapi({ description: "Refused with `unsupported` when given." }),
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
  request: { params },
  responses: answers({ 200: jsonAnswer("The thread.", Thread) }),
});
const patchThread = createRoute({
  method: "patch",
  path: "/threads/{thread_id}",
  tags,
  summary: "Change a thread's metadata",
  description: "The keys given are merged into the metadata.",
  request: {
    params,
    body: jsonBody(z.object({ metadata: OptionalJsonObject, ttl: z.unknown().optional() })),
  },
  responses: answers({ 200: jsonAnswer("The thread.", Thread) }),
});
const deleteThread = createRoute({
  method: "delete",
  path: "/threads/{thread_id}",
  tags,
  summary: "Delete a thread with all its runs",
  request: { params },
  responses: answers({ 204: { description: "Gone." } }),
});

export const threads = newRouter()
  .openapi(createThread, async (c) => {
    const body = c.req.valid("json");
    refuse("supersteps", body.supersteps);
    refuse("ttl", body.ttl);
    const address = { tenant: c.var.tenant, threadId: body.thread_id ?? uuidv7(Date.now(), secureRandom) };
    const command = { ...address, metadata: body.metadata ?? {}, ifExists: body.if_exists ?? "raise" };
    return sendJson(c, await c.var.threads.once(address, (thread) => thread.createThread(command)));
  })
  .openapi(getThread, async (c) => {
    const address = addressOf(c, c.req.valid("param"));
    return sendJson(c, await c.var.threads.surely(address, (thread) => thread.getThread(address)));
  })
  .openapi(patchThread, async (c) => {
    const { metadata, ttl } = c.req.valid("json");
    refuse("ttl", ttl);
    const command = { ...addressOf(c, c.req.valid("param")), metadata: metadata ?? {} };
    return sendJson(c, await c.var.threads.surely(command, (thread) => thread.patchThread(command)));
  })
  .openapi(deleteThread, async (c) => {
    const address = addressOf(c, c.req.valid("param"));
    await c.var.threads.once(address, (thread) => thread.deleteThread(address));
    return c.body(null, 204);
  });

function addressOf(c: ApiContext, { thread_id: threadId }: { readonly thread_id: string }) {
  return { tenant: c.var.tenant, threadId };
}

function refuse(field: string, value: unknown): void {
  if (value === undefined || value === null || (Array.isArray(value) && value.length === 0)) return;
  throw failure("unsupported", `"${field}" is not supported yet; leave it out.`, { pointer: `/${field}` });
}
