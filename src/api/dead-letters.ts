import { createRoute, z } from "@hono/zod-openapi";
import { EdgewiseError, failure } from "../base/errors.ts";
import {
  type DeadLetterLine,
  type DeadLetterRow,
  discardDeadLetter,
  listDeadLetters,
} from "../storage/dead-letters.ts";
import type { ApiContext } from "./context.ts";
import { badCursor, fromCursor, toCursor, toPage } from "./cursor.ts";
import { forStrangers } from "./problem.ts";
import { redrive, requireDeadLetter, type Redriver } from "./redrive.ts";
import { answers, jsonAnswer, jsonBody, newRouter, queryNumber, sendJson, Uuid } from "./routing.ts";
import { BudgetBody, toBudget } from "./run-command.ts";
import { Failure, Run } from "./views.ts";

/** What failed for good: to be looked at, redriven or discarded (docs/reliability.md). */
const tags = ["Dead letters"];
const params = z.object({ dead_letter_id: Uuid });
const MOST_AT_ONCE = 100;
/** Redrives under way: each is a few calls, and an invocation has six connections. */
const LANES = 5;

const status = z.enum(["open", "redriven", "discarded"]);
const line = {
  dead_letter_id: Uuid,
  kind: z.enum(["run", "message", "webhook"]).openapi({
    description:
      "`run`: ended with failed tasks at rest. `message`: a thread that could not be reached, again and again. `webhook`: one that its receiver did not take, again and again.",
  }),
  status,
  thread_id: z.string().nullable(),
  run_id: z.string().nullable(),
  graph_id: z.string().nullable(),
  node: z.string().nullable().openapi({ description: "The failed node; in a frame with the nodes around it." }),
  task: z.string().nullable(),
  cause: Failure,
  redriven_run_id: z.string().nullable().openapi({
    description: "The run that goes on; set while the status is `open`: a redrive has begun.",
  }),
  created_at: z.iso.datetime(),
  updated_at: z.iso.datetime(),
};
const DeadLetter = z.object(line).openapi("DeadLetter");
const WholeDeadLetter = z
  .object({
    ...line,
    history: z
      .array(
        z.object({
          attempt: z.int().openapi({ description: "0: cut off by a restart, which costs none." }),
          at: z.iso.datetime(),
          error: z.object({ code: z.string(), message: z.string() }),
        }),
      )
      .openapi({ description: "Oldest first; of many the newest 50." }),
    payload: z.unknown().openapi({
      description:
        "What the task saw (`state`) and was sent (`payload`), `omitted` naming what is too large; or the message, or the delivery.",
    }),
  })
  .openapi("WholeDeadLetter");
const Redriven = z
  .object({ dead_letter: DeadLetter, run: Run.nullable().openapi({ description: "null for a message or webhook." }) })
  .openapi("Redriven");
const RedriveResult = z
  .object({
    dead_letter_id: Uuid,
    status: z.enum(["redriven", "refused"]),
    run_id: z.string().nullable(),
    error: z.object({ code: z.string(), detail: z.string(), retryable: z.boolean() }).nullable(),
  })
  .openapi("RedriveResult");

const list = createRoute({
  method: "get",
  path: "/dead-letters",
  tags,
  summary: "List dead letters, newest first",
  request: {
    query: z.object({
      limit: queryNumber({ min: 1, max: 100, default: 50 }),
      cursor: z.string().optional(),
      status: status.optional(),
      graph: z.string().max(512).optional().openapi({ description: "A graph's id." }),
      thread: Uuid.optional(),
    }),
  },
  responses: answers({
    200: jsonAnswer(
      "Without history and payload.",
      z.object({ dead_letters: z.array(DeadLetter), next_cursor: z.string().nullable() }),
    ),
  }),
});
const get = createRoute({
  method: "get",
  path: "/dead-letters/{dead_letter_id}",
  tags,
  summary: "Get a dead letter with its attempts and what the failed task saw",
  request: { params },
  responses: answers({ 200: jsonAnswer("The dead letter.", WholeDeadLetter) }),
});
const redriveOne = createRoute({
  method: "post",
  path: "/dead-letters/{dead_letter_id}/redrive",
  tags,
  summary: "Redrive a dead letter",
  description:
    "The run goes on with what failed, on the same version of its graph; what has succeeded stays. Asked again, or twice at once, it is one run and the same reply. 409 for a discarded one (`conflict`), and where the thread has moved on (`nothing_to_continue`).",
  request: {
    params,
    body: {
      required: false,
      content: { "application/json": { schema: z.strictObject({ budget: BudgetBody.nullish() }) } },
    },
  },
  responses: answers({ 200: jsonAnswer("The run that goes on is durable.", Redriven) }),
});
const redriveMany = createRoute({
  method: "post",
  path: "/dead-letters/redrive",
  tags,
  summary: "Redrive several dead letters",
  description: "Each for itself, as one alone; the reply says what became of each, in the order of `ids`.",
  request: {
    body: jsonBody(z.strictObject({ ids: z.array(Uuid).min(1).max(MOST_AT_ONCE), budget: BudgetBody.nullish() })),
  },
  responses: answers({ 200: jsonAnswer("What became of each.", z.object({ results: z.array(RedriveResult) })) }),
});
const discard = createRoute({
  method: "post",
  path: "/dead-letters/{dead_letter_id}/discard",
  tags,
  summary: "Discard a dead letter",
  description: "It stays in the list and is not redriven any more. Idempotent. 409 for one that was redriven.",
  request: { params },
  responses: answers({ 200: jsonAnswer("Discarded.", DeadLetter) }),
});

export const deadLetters = newRouter()
  .openapi(list, async (c) => {
    const { limit, cursor, status, graph, thread } = c.req.valid("query");
    const rows = await listDeadLetters(c.var.database, c.var.tenant, {
      limit: limit + 1,
      ...(cursor === undefined ? {} : { after: placeOf(cursor) }),
      ...(status === undefined ? {} : { status }),
      ...(graph === undefined ? {} : { graphId: graph }),
      ...(thread === undefined ? {} : { threadId: thread }),
    });
    const { page, next } = toPage(rows, limit, (row) => toCursor(String(row.createdAt), row.id));
    return sendJson(c, { dead_letters: page.map(toLine), next_cursor: next });
  })
  .openapi(get, async (c) => {
    const { dead_letter_id: id } = c.req.valid("param");
    return sendJson(c, toWhole(await requireDeadLetter(c.var.database, c.var.tenant, id)));
  })
  .openapi(redriveMany, async (c) => {
    const { ids, budget } = c.req.valid("json");
    return sendJson(c, { results: await inLanes(ids, (id) => redriveFor(c, id, budget)) });
  })
  .openapi(redriveOne, async (c) => {
    const { dead_letter_id: id } = c.req.valid("param");
    // A body is no must: then there is nothing to read.
    const { budget } = (c.req.valid("json") ?? {}) as { budget?: z.output<typeof BudgetBody> | null };
    const { letter, run } = await redrive(redriverOf(c), id, budget ? toBudget(budget) : undefined);
    return sendJson(c, { dead_letter: toLine(letter), run });
  })
  .openapi(discard, async (c) => {
    const { dead_letter_id: id } = c.req.valid("param");
    const { database, tenant } = c.var;
    await requireDeadLetter(database, tenant, id);
    if (!(await discardDeadLetter(database, tenant, id, Date.now())))
      throw failure("conflict", "This dead letter was redriven, or is being redriven: it cannot be discarded.");
    return sendJson(c, toLine(await requireDeadLetter(database, tenant, id)));
  });

function redriverOf(c: ApiContext): Redriver {
  const { tenant, database, threads, config } = c.var;
  return { tenant, database, threads, namespace: config.threads, schedulers: config.schedulers, now: () => Date.now() };
}

async function redriveFor(
  c: ApiContext,
  id: string,
  budget: z.output<typeof BudgetBody> | null | undefined,
): Promise<z.input<typeof RedriveResult>> {
  try {
    const { letter } = await redrive(redriverOf(c), id, budget ? toBudget(budget) : undefined);
    return { dead_letter_id: id, status: "redriven", run_id: letter.redrivenRunId, error: null };
  } catch (thrown) {
    if (!(thrown instanceof EdgewiseError)) throw thrown;
    const { code, message: detail, retryable } = forStrangers(thrown.record);
    return { dead_letter_id: id, status: "refused", run_id: null, error: { code, detail, retryable } };
  }
}

/** In order, so many at once. */
async function inLanes<Item, Result>(
  items: readonly Item[],
  work: (item: Item) => Promise<Result>,
): Promise<readonly Result[]> {
  const results: Result[] = [];
  const rest = items.entries();
  const lane = async (): Promise<void> => {
    for (const [index, item] of rest) results[index] = await work(item);
  };
  await Promise.all(Array.from({ length: LANES }, lane));
  return results;
}

function placeOf(cursor: string) {
  const [createdAt = "", id = ""] = fromCursor(cursor, 2);
  if (!/^\d{1,15}$/.test(createdAt)) throw badCursor();
  return { createdAt: Number(createdAt), id };
}

function toLine(row: DeadLetterLine): z.input<typeof DeadLetter> {
  return {
    dead_letter_id: row.id,
    kind: row.kind,
    status: row.status,
    thread_id: row.threadId,
    run_id: row.runId,
    graph_id: row.graphId,
    node: row.node,
    task: row.task,
    cause: row.cause,
    redriven_run_id: row.redrivenRunId,
    created_at: timeOf(row.createdAt),
    updated_at: timeOf(row.updatedAt),
  };
}

function toWhole(row: DeadLetterRow): z.input<typeof WholeDeadLetter> {
  const history = row.history.map(({ attempt, at, error }) => ({ attempt, at: timeOf(at), error }));
  return { ...toLine(row), history, payload: row.payload };
}

function timeOf(ms: number): string {
  return new Date(ms).toISOString();
}
