import { createRoute, z } from "@hono/zod-openapi";
import type { AnswerInterrupt } from "../../durable-objects/thread-api.ts";
import { secureRandom, uuidv7 } from "../base/ids.ts";
import type { Json } from "../base/json.ts";
import { runIdOfKey } from "./idempotency.ts";
import { BudgetBody, toBudget } from "./run-command.ts";
import { shownRun } from "./run-view.ts";
import { answers, jsonAnswer, jsonBody, newRouter, sendJson, Uuid } from "./routing.ts";
import { Interrupt, Run } from "./views.ts";

/** Questions that runs ask people, and the answers (G9). */
const tags = ["Interrupts"];
const thread = z.object({ thread_id: Uuid });
const question = thread.extend({
  interrupt_id: z.string().regex(/^[0-9a-f]{32}$/, "must be 32 hexadecimal digits, as in the list of interrupts"),
});
const headers = z.object({
  "idempotency-key": z.string().optional().openapi({
    description: "Not needed: the same answer again is the same reply. It names the run that goes on.",
  }),
});

/** A schema of its own making has no type by itself. */
const ANY: ("string" | "number" | "boolean" | "object" | "array" | "null")[] = [
  "string",
  "number",
  "boolean",
  "object",
  "array",
  "null",
];
const AnswerBody = z
  .object({
    value: z
      .custom<unknown>((value) => value !== undefined, "must be given; it may be null")
      .openapi({
        type: ANY,
        description: "Any JSON value that fits the question's `schema`.",
        example: { approved: true },
      }),
    by: z
      .string()
      .min(1)
      .max(512)
      .nullish()
      .openapi({ description: "Who answers; one of `from`, where that is given.", example: "ada@example.com" }),
    budget: BudgetBody.nullish(),
  })
  .openapi("InterruptAnswer");
const Answered = z
  .object({
    status: z.literal("accepted"),
    run: Run.openapi({
      description: "The run that goes on: a new one, where the one that asked was at rest.",
    }),
  })
  .openapi("InterruptAnswered");

const listInterrupts = createRoute({
  method: "get",
  path: "/threads/{thread_id}/interrupts",
  tags,
  summary: "List a thread's open questions",
  description: "Of its newest run, in the order in which they were asked.",
  request: { params: thread },
  responses: answers({ 200: jsonAnswer("What waits for an answer.", z.array(Interrupt)) }),
});
const answerInterrupt = createRoute({
  method: "post",
  path: "/threads/{thread_id}/interrupts/{interrupt_id}",
  tags,
  summary: "Answer a question",
  description:
    "Durable when answered. Each question is answered once: a question that is not open is 409 `wait_over`, with `details.open`; an answer that does not fit is 422 `invalid_answer` and ends nothing.",
  request: { params: question, headers, body: jsonBody(AnswerBody) },
  responses: answers({ 200: jsonAnswer("The answer is durable, and the run goes on.", Answered) }),
});

export const interrupts = newRouter()
  .openapi(listInterrupts, async (c) => {
    const address = { tenant: c.var.tenant, threadId: c.req.valid("param").thread_id };
    return sendJson(c, await c.var.threads.surely(address, (object) => object.interruptsOf(address)));
  })
  .openapi(answerInterrupt, async (c) => {
    const { thread_id: threadId, interrupt_id: interruptId } = c.req.valid("param");
    const { value, by = null, budget } = c.req.valid("json");
    const { tenant, threads } = c.var;
    const key = c.req.header("idempotency-key");
    const runId =
      key === undefined
        ? uuidv7(Date.now(), secureRandom)
        : runIdOfKey(tenant, `${threadId} ${interruptId} answer`, key);
    const command: AnswerInterrupt = {
      tenant,
      threadId,
      interruptId,
      // A body is read as JSON.
      value: value as Json,
      by,
      runId,
      ...(budget === undefined || budget === null ? {} : { budget: toBudget(budget) }),
    };
    const { run, status } = await threads.surely(command, (object) => object.answerInterrupt(command));
    return sendJson(c, { status, run: shownRun(run) });
  });
