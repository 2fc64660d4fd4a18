import { z } from "zod";
import { failure } from "../base/errors.ts";
import type { Json, JsonObject } from "../base/json.ts";
import type { Write } from "../engine/types.ts";
import type { NodeCompiler } from "../graph/kinds.ts";
import type { Expression, Scope, ValueTemplate } from "../graph/plan.ts";
import type { NodeContext, NodeResult, NodeWait } from "./contract.ts";

const answerSchema = z.record(z.string(), z.unknown());

/** Several questions of one node, asked one after the other. */
export const questionsSchema = z
  .array(
    z.strictObject({
      when: z.string().optional().describe("CEL: it is asked if this is true. It knows `answers`, the list so far"),
      ask: z.unknown().describe("Template of what is shown, which knows `answers`, those to the questions before it"),
      answer: answerSchema.optional().describe("JSON Schema of an answer; one that does not fit is refused"),
      write: z.string().optional().describe("Channel for the answer"),
    }),
  )
  .min(1)
  .max(50);

export interface Questions {
  readonly list: readonly OneQuestion[];
  /** After the first was asked, milliseconds. */
  readonly deadlineMs: number | undefined;
}

interface OneQuestion {
  readonly when: Expression | undefined;
  readonly ask: ValueTemplate;
  readonly schema: JsonObject | undefined;
  readonly write: string | undefined;
}

export function compileQuestions(
  questions: z.infer<typeof questionsSchema>,
  deadlineMs: number | undefined,
  compiler: NodeCompiler,
): Questions {
  const list = questions.map(({ when, ask, answer, write }, index): OneQuestion => {
    const path = ["questions", index];
    if (write !== undefined) compiler.channel(write, [...path, "write"]);
    if (answer !== undefined) compiler.schema(answer as JsonObject, [...path, "answer"]);
    return {
      when: when === undefined ? undefined : compiler.expression(when, [...path, "when"], ["answers"]),
      ask: compiler.value((ask ?? null) as Json, [...path, "ask"], ["answers"]),
      schema: answer as JsonObject | undefined,
      write,
    };
  });
  return { list, deadlineMs };
}

/**
 * Asks the first question that has no answer and is to be asked; writes all answers once there is none. The node goes on where
 * it asked: what was answered is not asked again, whatever its condition says by then.
 */
export function askInOrder({ list, deadlineMs }: Questions, context: NodeContext): NodeResult | NodeWait {
  const answers: Json[] = [];
  const writes: Write[] = [];
  for (const [index, { when, ask, schema, write }] of list.entries()) {
    const key = String(index);
    const scope = { ...context.scope, globals: { ...context.scope.globals, answers } };
    const given = context.answers.find((answer) => answer.key === key);
    if (given === undefined && asks(when, scope)) {
      const waitUntil = untilOf(deadlineMs, context);
      const value = ask.evaluate(scope);
      return { waitUntil, ask: { key, value, ...(schema === undefined ? {} : { schema }) } };
    }
    // a question that was not asked keeps its place, so that the others keep theirs
    answers.push(given?.value ?? null);
    if (given !== undefined && write !== undefined) writes.push({ channel: write, value: given.value });
  }
  return { writes };
}

/** @throws EdgewiseError `wait_expired` when the deadline has passed */
function untilOf(deadlineMs: number | undefined, { since, now, expired, answers, node }: NodeContext): number | null {
  if (deadlineMs === undefined) return null;
  const until = since + deadlineMs;
  if (expired === 0 && until > now) return until;
  const details = { answers: answers.map(({ by, value }) => ({ by, value })) };
  throw failure("wait_expired", `Not all answers to "${node}" came in time.`, { details });
}

/** Whether a condition holds; none does. @throws EdgewiseError `condition_failed` where it is neither true nor false */
export function asks(when: Expression | undefined, scope: Scope): boolean {
  if (when === undefined) return true;
  const value = when.evaluate(scope);
  if (typeof value === "boolean") return value;
  const given = JSON.stringify(value).slice(0, 100);
  throw failure("condition_failed", `when, "${when.source.slice(0, 200)}", must be true or false, not ${given}.`);
}
