import { createRoute, z } from "@hono/zod-openapi";
import { EdgewiseError } from "../base/errors.ts";
import { secureRandom, uuidv7 } from "../base/ids.ts";
import { inLanes } from "./lanes.ts";
import { answers, jsonAnswer, jsonBody, newRouter, sendJson, Uuid } from "./routing.ts";
import { Thread } from "./views.ts";

/** Threads made of others, and threads, or their histories, taken away (docs/decisions/0029-threads-as-a-resource.md). */
const tags = ["Threads"];
const MOST_THREADS = 1_000;

const copy = createRoute({
  method: "post",
  path: "/threads/{thread_id}/copy",
  tags,
  summary: "Copy a thread",
  description:
    "With all its runs and checkpoints, whose ids stay. 409 `thread_busy` while a run of it is live. From there both go their own ways, also with what waits: a question can be answered in each.",
  request: { params: z.object({ thread_id: Uuid }) },
  responses: answers({ 200: jsonAnswer("The copy.", Thread) }),
});
const prune = createRoute({
  method: "post",
  path: "/threads/prune",
  tags,
  summary: "Prune threads",
  description:
    "`delete`: as by DELETE. `keep_latest`: their history before the newest checkpoint is dropped, where no run is live. Threads that do not exist, and those that are left as they are, are not counted.",
  request: {
    body: jsonBody(
      z.object({
        thread_ids: z.array(Uuid).max(MOST_THREADS),
        strategy: z.enum(["delete", "keep_latest"]).nullish().openapi({ default: "delete" }),
      }),
    ),
  },
  responses: answers({
    200: jsonAnswer("How many were.", z.object({ pruned_count: z.int() }).openapi("PrunedThreads")),
  }),
});

/** Checkpoints' ids are made with the end of their thread's: so those of the copy are those of the original. */
function idLike(source: string): string {
  return `${uuidv7(Date.now(), secureRandom).slice(0, -6)}${source.slice(-6)}`;
}

export const threadCopies = newRouter()
  .openapi(copy, async (c) => {
    const { thread_id: source } = c.req.valid("param");
    const { tenant } = c.var;
    const command = { tenant, threadId: idLike(source), source };
    const { ttl: _ttl, ...view } = await c.var.threads.once(command, (thread) => thread.copyThread(command));
    return sendJson(c, view);
  })
  .openapi(prune, async (c) => {
    const { thread_ids: ids, strategy } = c.req.valid("json");
    const { tenant, threads } = c.var;
    const pruned = await inLanes([...new Set(ids)], async (threadId): Promise<boolean> => {
      const address = { tenant, threadId };
      try {
        if (strategy === "keep_latest") return await threads.once(address, (thread) => thread.pruneThread(address));
        await threads.once(address, (thread) => thread.deleteThread(address));
        return true;
      } catch (thrown) {
        if (thrown instanceof EdgewiseError && thrown.code === "not_found") return false;
        throw thrown;
      }
    });
    return sendJson(c, { pruned_count: pruned.filter(Boolean).length });
  });
