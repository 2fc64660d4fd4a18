import { createRoute, z } from "@hono/zod-openapi";
import { REQUEST_HASH, type RunView, type StartRun, type ThreadApi } from "../../durable-objects/thread-api.ts";
import { EdgewiseError, failure, type Reply } from "../base/errors.ts";
import { pointedInto } from "./body-pointers.ts";
import type { ApiContext } from "./context.ts";
import { prepareStart } from "./run-calls.ts";
import { RunCreate } from "./run-request.ts";
import { shownRun } from "./run-view.ts";
import { answers, jsonAnswer, jsonBody, newRouter, sendJson } from "./routing.ts";
import { Run } from "./views.ts";

/** Several runs at once, each on a thread of its own. */
const MOST = 100;
const AT_ONCE = 10;

const batch = createRoute({
  method: "post",
  path: "/runs/batch",
  tags: ["Runs"],
  summary: "Start several runs, each on a thread of its own",
  description: "All are checked before any begins; what is wrong with one is pointed at by its place in the list.",
  request: {
    headers: z.object({
      "idempotency-key": z
        .string()
        .max(200)
        .optional()
        .openapi({ description: "The same key and list: the same runs." }),
    }),
    body: jsonBody(z.array(RunCreate).min(1).max(MOST)),
  },
  responses: answers({ 200: jsonAnswer("In the order of the list.", z.array(Run)) }),
});

export const runBatch = newRouter().openapi(batch, async (c) => {
  const bodies = c.req.valid("json");
  const key = c.req.header("idempotency-key");
  const starts: StartRun[] = [];
  for (const [index, body] of bodies.entries())
    starts.push(await at(index, prepareStart(c, body, undefined, key === undefined ? undefined : `${key} ${index}`)));
  // As each thread would refuse it: what is left to go wrong is what conditions make of an input.
  const known = new Set<StartRun>();
  const wrong = await inLanes(c, bodies, starts, async (thread, start) => {
    const reply = await thread.checkStart(start);
    if (reply.ok && reply.value) known.add(start);
    return reply;
  });
  if (wrong !== undefined) throw wrong.error;
  const runs = await startAll(c, bodies, starts, known);
  return sendJson(c, runs.map(shownRun));
});

/**
 * All of them, or none: what has begun when another cannot goes again with its thread.
 * @param known those that an earlier request under the same key has made, and been answered for: they stay
 */
async function startAll(
  c: ApiContext,
  bodies: readonly RunCreate[],
  starts: readonly StartRun[],
  known: ReadonlySet<StartRun>,
): Promise<RunView[]> {
  const runs = new Map<StartRun, RunView>();
  const begun: StartRun[] = [];
  const wrong = await inLanes(c, bodies, starts, async (thread, start) => {
    if (!known.has(start)) begun.push(start);
    const reply = await thread.startRun(start);
    if (reply.ok) runs.set(start, reply.value);
    return reply;
  });
  const mismatched = starts.findIndex((start) => {
    const run = runs.get(start);
    return start.requestHash !== undefined && run !== undefined && run.kwargs[REQUEST_HASH] !== start.requestHash;
  });
  if (mismatched < 0 && wrong === undefined) return starts.flatMap((start) => runs.get(start) ?? []);
  // Also what has failed: its answer alone may be lost. One that has not begun is not found.
  await Promise.allSettled(begun.map((start) => c.var.threads.surely(start, (thread) => thread.deleteThread(start))));
  if (mismatched >= 0) {
    const text = "This Idempotency-Key was used for another list; take a new key, or send the same body.";
    throw failure("idempotency_mismatch", text, { pointer: `/${mismatched}` });
  }
  throw wrong?.error;
}

/** Answers the first failure, after which nothing more is begun. */
async function inLanes<T>(
  c: ApiContext,
  bodies: readonly RunCreate[],
  starts: readonly StartRun[],
  work: (thread: ThreadApi, start: StartRun) => Promise<Reply<T>>,
): Promise<{ readonly error: unknown } | undefined> {
  const wrong: { readonly index: number; readonly error: unknown }[] = [];
  const rest = starts.entries();
  const lane = async (): Promise<void> => {
    for (const [index, start] of rest) {
      if (wrong.length > 0) return;
      const done = c.var.threads.surely(start, (thread) => work(thread, start));
      await at(index, pointedInto(bodies[index] ?? {}, done)).catch((error: unknown) => wrong.push({ index, error }));
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, lane));
  return wrong.sort((one, other) => one.index - other.index)[0];
}

async function at<T>(index: number, work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (thrown) {
    if (!(thrown instanceof EdgewiseError)) throw thrown;
    throw new EdgewiseError({ ...thrown.record, pointer: `/${index}${thrown.record.pointer ?? ""}` });
  }
}
