import { randomUUID } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { Client as Published } from "langgraph-sdk-2";
import type { Client, Work } from "./clients.ts";
import { type Acknowledged, type Frame, toFrame } from "./record.ts";

/** The published LangGraph client, unchanged, through kills: what it can resume it resumes, what fails is asked for again. */
export const published: Client = async (work, index) => {
  const { scenes } = work.programs;
  for (let turn = index * 7 + 1; work.goesOn; turn += 1) {
    const program = scenes[turn % scenes.length];
    if (program === undefined) return;
    const [mark, threadId] = [work.mark(), randomUUID()];
    // One for the start alone: its header goes with every request.
    const starter = open(work, { "idempotency-key": `${mark} 0` });
    const client = open(work);
    const run = await work.operation(async () => {
      await until(work, () => client.threads.create({ threadId, ifExists: "do_nothing" }));
      const { run_id } = await until(work, () =>
        starter.runs.create(threadId, program.id, { input: program.input(mark, 0), ifNotExists: "create" }),
      );
      return work.acknowledge({ threadId, runId: run_id, program, mark, n: 0 });
    });
    await Promise.all([
      work.signal(run),
      work.answer(run),
      work.fork(run),
      run.seen === undefined ? joined(work, client, run) : watched(work, client, run),
    ]);
  }
};

function open(work: Work, defaultHeaders: Record<string, string> = {}): Published {
  const { url, key } = work.port.server;
  return new Published({
    apiUrl: url,
    apiKey: key,
    defaultHeaders,
    timeoutMs: 20_000,
    callerOptions: { maxRetries: 0 },
  });
}

async function joined(work: Work, client: Published, run: Acknowledged): Promise<void> {
  await work.operation(() => until(work, () => client.runs.join(run.threadId, run.runId)));
}

/** Reads its stream to the end, coming back after the last id. */
async function watched(work: Work, client: Published, run: Acknowledged): Promise<void> {
  const seen: Frame[] = run.seen ?? [];
  const streamMode = ["values", "updates", "messages-tuple", "tasks"] as const;
  for (;;) {
    work.ledger.connections += 1;
    const lastEventId = String(seen.at(-1)?.id ?? -1);
    try {
      const stream = client.runs.joinStream(run.threadId, run.runId, { lastEventId, streamMode: [...streamMode] });
      for await (const part of stream) {
        const { id, event, data } = part as { id?: string; event: string; data: unknown };
        seen.push(toFrame({ id, event, data }));
      }
      const { status } = await until(work, () => client.runs.get(run.threadId, run.runId));
      if (status !== "pending" && status !== "running") return;
    } catch {
      await work.port.again();
    }
  }
}

/** The library throws for whatever goes wrong. */
async function until<T>(work: Work, ask: () => Promise<T>): Promise<T> {
  for (;;) {
    try {
      return await ask();
    } catch (thrown) {
      const status = (thrown as { status?: number }).status;
      if (status !== undefined && status < 500) {
        work.port.unexpected.push(`the published client: ${status} ${String(thrown).slice(0, 200)}`);
        await sleep(200);
      }
      await work.port.again();
    }
  }
}
