import { createRoute, z } from "@hono/zod-openapi";
import type { MiddlewareHandler } from "hono";
import { failure } from "../base/errors.ts";
import { removeAllAssistants } from "../storage/assistants.ts";
import { removeAllItems, removeTracesOfRuns, threadsOfTenant } from "../storage/thread-erasure.ts";
import { graphShelf } from "./assistant-id.ts";
import type { ApiEnv } from "./context.ts";
import { eraseThreads } from "./erase-threads.ts";
import { answers, jsonAnswer, jsonBody, newRouter, sendJson } from "./routing.ts";

const flag = z.boolean().nullish();

/** Before the body is looked at: elsewhere this is answered as whatever is not there. */
const onTestServers: MiddlewareHandler<ApiEnv> = async (c, next) => {
  if (!c.var.config.testing) throw failure("not_found", `There is nothing at ${c.req.path}.`);
  return next();
};

const truncate = createRoute({
  method: "post",
  path: "/internal/truncate",
  middleware: onTestServers,
  tags: ["Server"],
  summary: "Empty a test server",
  description:
    "Only where `EDGEWISE_TEST=1` is set, and only what is the sender's tenant's. `threads`, `runs` and `checkpointer` each take the threads whole; graphs, keys and crons stay.",
  request: {
    body: jsonBody(z.object({ runs: flag, threads: flag, assistants: flag, checkpointer: flag, store: flag })),
  },
  responses: answers({ 200: jsonAnswer("Done.", z.object({ ok: z.literal(true) })) }),
});

/** LangGraph's own hook for its clients' tests. */
export const truncation = newRouter().openapi(truncate, async (c) => {
  const { database, tenant } = c.var;
  const { runs, threads, assistants, checkpointer, store } = c.req.valid("json");
  if (runs === true || threads === true || checkpointer === true) {
    await eraseThreads(c, (page) => threadsOfTenant(database, tenant, page));
    await removeTracesOfRuns(database, tenant);
  }
  if (assistants === true) {
    await removeAllAssistants(database, tenant);
    graphShelf.forgetAll(tenant);
  }
  if (store === true) await removeAllItems(database, tenant);
  return sendJson(c, { ok: true });
});
