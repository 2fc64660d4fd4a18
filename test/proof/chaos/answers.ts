import { setTimeout as sleep } from "node:timers/promises";
import type { Port } from "./port.ts";
import type { Happened, Program, Question } from "./programs/program.ts";

/** A run that asked, and those that went on from it. */
export interface Chain {
  readonly threadId: string;
  readonly runId: string;
  readonly program: Program;
  readonly mark: string;
}

const AT_REST = new Set(["success", "error", "timeout", "interrupted"]);
const POLL_MS = 100;

/**
 * Answers what the run asks until it is over, each answer until it is acknowledged: by the question's own address, or all at once
 * by LangGraph's command. Answers the runs that went on, the last of which is over.
 */
export async function answerAll(
  port: Port,
  { threadId, runId, program, mark }: Chain,
  happened: Happened,
  byCommand: () => boolean,
): Promise<readonly string[]> {
  const path = `/threads/${threadId}`;
  const chain: string[] = [];
  for (let current = runId; ; ) {
    const { body: run } = await port.ask<{ status: string }>("GET", `${path}/runs/${current}`);
    if (!AT_REST.has(run.status)) {
      await sleep(POLL_MS);
      continue;
    }
    if (run.status !== "success") return chain;
    const { body: questions } = await port.ask<Question[]>("GET", `${path}/interrupts`);
    const [first] = questions;
    if (first === undefined) return chain;
    const values = questions.map((question) => [question.id, program.answer?.(mark, question, happened)] as const);
    const request = { headers: { "idempotency-key": `${mark} answer ${chain.length}` } };
    if (byCommand()) {
      const body = { assistant_id: program.id, command: { resume: Object.fromEntries(values) } };
      current = (await port.ask<{ run_id: string }>("POST", `${path}/runs`, { ...request, body })).body.run_id;
    } else {
      const body = { value: values[0]?.[1] };
      const answered = await port.ask<{ run: { run_id: string } }>("POST", `${path}/interrupts/${first.id}`, {
        ...request,
        body,
      });
      current = answered.body.run.run_id;
    }
    chain.push(current);
  }
}
