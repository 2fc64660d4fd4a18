import { createRoute, z } from "@hono/zod-openapi";
import type { ThreadStreamMode } from "../../durable-objects/thread-api.ts";
import { failure } from "../base/errors.ts";
import { answers, newRouter, Uuid } from "./routing.ts";
import { sendFrames } from "./run-calls.ts";
import { queriedNames } from "./run-request.ts";

/** A thread's stream, over all its runs. */
const MODES: readonly ThreadStreamMode[] = ["run_modes", "lifecycle", "state_update"];
const headers = z.object({
  "last-event-id": z
    .string()
    .regex(/^(?:-1|\d{1,32})$/, "must be the id of an event of this thread, or -1 for all of them")
    .optional()
    .openapi({
      description:
        "Goes on behind that event; `-1`: with everything there is. Absent: from the run that is live, or the next one, on.",
    }),
});
const followThread = createRoute({
  method: "get",
  path: "/threads/{thread_id}/stream",
  tags: ["Threads"],
  summary: "Follow a thread through all its runs",
  description:
    "Stays open between runs, and may be opened before the first. `run_modes` (if left out): each run as it was started to be streamed, then `run_done`. `lifecycle`: `metadata` where a run begins, `run_done` with its `status` where it is over. `state_update`: what was written from outside, and its checkpoint. Ids grow over the whole thread.",
  request: {
    params: z.object({ thread_id: Uuid }),
    query: z.object({
      stream_mode: z
        .union([z.string().max(200), z.array(z.string().max(200)).max(20)])
        .optional()
        .openapi({ description: "One or several of `run_modes`, `lifecycle`, `state_update`." }),
    }),
    headers,
  },
  responses: answers({
    200: {
      description: "Server-sent events; the stream ends with the thread.",
      content: { "text/event-stream": { schema: z.string() } },
    },
  }),
});

export const threadStream = newRouter().openapi(followThread, async (c) => {
  const address = { tenant: c.var.tenant, threadId: c.req.valid("param").thread_id };
  const modes = modesOf(queriedNames(c.req.queries("stream_mode") ?? []));
  const location = `/threads/${address.threadId}/stream`;
  // HEAD has no body to read a stream from: it says only that there is one.
  if (c.req.method === "HEAD") {
    await c.var.threads.surely(address, (thread) => thread.getThread(address));
    return sendFrames(c, location, null);
  }
  const after = c.req.valid("header")["last-event-id"];
  const query = { ...address, modes, ...(after === undefined ? {} : { after }) };
  return sendFrames(c, location, await c.var.threads.surely(address, (thread) => thread.followThread(query)));
});

/** @throws EdgewiseError `invalid_request`, naming the modes there are */
function modesOf(names: readonly string[]): readonly ThreadStreamMode[] {
  const modes = names.map((name) => {
    const mode = MODES.find((known) => known === name);
    if (mode !== undefined) return mode;
    const message = `A thread has no stream mode "${name.slice(0, 80)}"; these are: ${MODES.join(", ")}.`;
    throw failure("invalid_request", message, { pointer: "/stream_mode" });
  });
  return modes.length === 0 ? ["run_modes"] : [...new Set(modes)];
}
