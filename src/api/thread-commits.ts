import { createRoute, z } from "@hono/zod-openapi";
import { badCursor, fromCursor, toCursor } from "./cursor.ts";
import { answers, jsonAnswer, newRouter, queryNumber, sendJson, Uuid } from "./routing.ts";

/** A thread's log, commit by commit: finer than its history, which has an entry for each step. */
const MOST_AT_ONCE = 100;

const Commit = z
  .object({
    seq: z.int().openapi({ description: "1, 2, 3 … in the thread." }),
    at: z.iso.datetime(),
    run_id: z.string(),
    type: z.string().openapi({ description: "What was committed.", example: "task-succeeded" }),
    task: z.string().nullable().openapi({ description: "As the run's profile names it; null for what is no task's." }),
    task_id: z.string().nullable().openapi({ description: "As states name it; null within frames." }),
    node: z.string().nullable().openapi({ description: "In a frame with the nodes around it: `summaries/draft`." }),
    step: z.int().nullable().openapi({ description: "The number of the last step that it shows; null for none." }),
    shows: z.int().openapi({ description: "How many steps it shows." }),
    checkpoint_id: z.string().nullable().openapi({
      description:
        "Names the position, shown as a step or not, in state reads, forks and updates; null where nobody can stand.",
    }),
  })
  .openapi("Commit");
export const CommitPage = z
  .object({ commits: z.array(Commit), next_cursor: z.string().nullable() })
  .openapi("CommitPage");

const listCommits = createRoute({
  method: "get",
  path: "/threads/{thread_id}/commits",
  tags: ["Threads"],
  summary: "List a thread's commits, newest first",
  description: "The log behind the history: each task's end where it was committed, whatever step shows it.",
  request: {
    params: z.object({ thread_id: Uuid }),
    query: z.object({
      limit: queryNumber({ min: 1, max: MOST_AT_ONCE, default: 20 }),
      cursor: z.string().optional(),
    }),
  },
  responses: answers({ 200: jsonAnswer("A page of them; it may hold fewer than asked for.", CommitPage) }),
});

export const threadCommits = newRouter().openapi(listCommits, async (c) => {
  const { limit, cursor } = c.req.valid("query");
  const place = { tenant: c.var.tenant, threadId: c.req.valid("param").thread_id };
  const query = { ...place, limit, ...(cursor === undefined ? {} : { before: seqIn(cursor) }) };
  const { commits, next } = await c.var.threads.surely(query, (thread) => thread.listCommits(query));
  return sendJson(c, { commits, next_cursor: next === null ? null : toCursor(String(next)) });
});

/** @throws EdgewiseError `invalid_request` */
function seqIn(cursor: string): number {
  const [text = ""] = fromCursor(cursor, 1);
  const seq = Number(text);
  if (!Number.isSafeInteger(seq) || seq < 1) throw badCursor();
  return seq;
}
