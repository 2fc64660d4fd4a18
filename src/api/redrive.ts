import type { Budget, RunView, StartRun } from "../../durable-objects/thread-api.ts";
import { type Delivery, schedulerStub, webhooksName } from "../../durable-objects/scheduler-api.ts";
import { EdgewiseError, failure, unwrap } from "../base/errors.ts";
import { uuidv5 } from "../base/ids.ts";
import { canonicalJson } from "../base/json.ts";
import type { Database } from "../storage/database.ts";
import {
  claimRedrive,
  type DeadLetterRow,
  findDeadLetter,
  markRedriven,
  releaseRedrive,
} from "../storage/dead-letters.ts";
import { upsertLiveRun } from "../storage/live-runs.ts";
import { readWake } from "../storage/wakes.ts";
import { type ThreadsPort, threadTouch } from "./threads-port.ts";

/** Of the run ids of redrives; a random UUID, fixed for ever. */
const NAMESPACE = "2f0f6a52-6c39-4a7e-8f8e-9a3f7d1f5c64";
const NEWEST = { limit: 1, offset: 0 };
/** When the sweep looks at a run again whose thread was out of reach. */
const LOOK_AGAIN_MS = 60_000;

/** What a redrive works on; handed in, so that a double of the threads does in tests. */
export interface Redriver {
  readonly tenant: string;
  readonly database: Database;
  readonly threads: ThreadsPort;
  readonly namespace: DurableObjectNamespace;
  readonly schedulers: DurableObjectNamespace;
  readonly now: () => number;
}

export interface Redriven {
  readonly letter: DeadLetterRow;
  /** Null for a message or webhook. */
  readonly run: RunView | null;
}

/** The run by which a dead letter is redriven: always the same, so asking twice starts one. */
export function redriveRunId(tenant: string, id: string): string {
  return uuidv5(canonicalJson([tenant, id]), NAMESPACE);
}

/**
 * Does again what a dead letter is about, once, however often it is asked. @throws EdgewiseError `not_found`; `conflict` for a
 * discarded one and for a message that says nothing; `nothing_to_continue` where the thread has moved on; `thread_busy`.
 */
export async function redrive(redriver: Redriver, id: string, budget?: Budget): Promise<Redriven> {
  const letter = await requireDeadLetter(redriver.database, redriver.tenant, id);
  if (letter.status === "discarded")
    throw failure("conflict", "This dead letter was discarded, and is not redriven any more.");
  const run = await again(redriver, letter, budget);
  return { letter: await requireDeadLetter(redriver.database, redriver.tenant, id), run };
}

function again(redriver: Redriver, letter: DeadLetterRow, budget: Budget | undefined): Promise<RunView | null> {
  if (letter.kind === "run") return goOn(redriver, letter, budget);
  return letter.kind === "message" ? lookAgain(redriver, letter) : sendAgain(redriver, letter);
}

/** All attempts anew, under the same `webhook-id`; what is under way already is not begun twice. */
async function sendAgain({ tenant, database, schedulers, now }: Redriver, letter: DeadLetterRow): Promise<null> {
  if (letter.status === "redriven") return null;
  const { generation, ...rest } = letter.payload as unknown as Delivery;
  const delivery = { ...rest, generation: generation + 1 };
  const stub = schedulerStub(schedulers, webhooksName(tenant, delivery.threadId));
  unwrap(await stub.takeDelivery({ tenant, delivery }));
  await markRedriven(database, tenant, letter.id, null, now());
  return null;
}

/** @throws EdgewiseError `not_found`, in one text for what is not there and what is somebody else's. */
export async function requireDeadLetter(database: Database, tenant: string, id: string): Promise<DeadLetterRow> {
  const letter = await findDeadLetter(database, tenant, id);
  if (letter === undefined) throw failure("not_found", "There is no such dead letter.");
  return letter;
}

async function goOn(redriver: Redriver, letter: DeadLetterRow, budget: Budget | undefined): Promise<RunView> {
  const { tenant, database, threads } = redriver;
  const address = { tenant, threadId: letter.threadId ?? "" };
  const runId = letter.redrivenRunId ?? redriveRunId(tenant, letter.id);
  // Asked before: if another redrive begins between these two, its run is found by the second.
  const newest = await orMissing(threads.surely(address, (thread) => thread.listRuns({ ...address, ...NEWEST })));
  const run =
    (await orMissing(threads.surely(address, (thread) => thread.getRun({ ...address, runId })))) ??
    (await start(redriver, letter, startOf(tenant, letter, newest?.[0], { runId, budget })));
  await markRedriven(database, tenant, letter.id, run.run_id, redriver.now());
  return run;
}

async function start(
  { tenant, database, threads, now }: Redriver,
  letter: DeadLetterRow,
  command: StartRun,
): Promise<RunView> {
  await claimRedrive(database, tenant, letter.id, command.runId, now());
  try {
    return await threads.surely(command, (thread) => thread.startRun(command));
  } catch (thrown) {
    // Refused, so nothing has begun; an object that does not answer may have begun it, and the claim stays.
    if (thrown instanceof EdgewiseError && !thrown.retryable) await releaseRedrive(database, tenant, letter.id, now());
    throw thrown;
  }
}

/** The object goes on with what the run was given, on the version of the graph that it keeps. */
function startOf(
  tenant: string,
  letter: DeadLetterRow,
  newest: RunView | undefined,
  { runId, budget }: { readonly runId: string; readonly budget: Budget | undefined },
): StartRun {
  if (newest === undefined || newest.run_id !== letter.runId) throw movedOn(letter);
  const { graph_id: graphId, version, hash } = newest.graph;
  return {
    tenant,
    threadId: newest.thread_id,
    runId,
    assistantId: newest.assistant_id,
    graph: { graphId, version, hash, document: "" },
    input: null,
    command: {},
    config: {},
    context: {},
    metadata: newest.metadata,
    streamMode: ["values"],
    ifNotExists: "reject",
    ...(budget === undefined ? {} : { budget }),
  };
}

function movedOn({ runId }: DeadLetterRow) {
  const text = `Run ${runId} is not the newest of its thread any more: there is nothing of it to go on with. Discard it.`;
  return failure("nothing_to_continue", text);
}

/** A thread that was out of reach is looked at once more; if its run is live the sweep takes it up again. */
async function lookAgain({ tenant, database, namespace, now }: Redriver, letter: DeadLetterRow): Promise<null> {
  if (letter.status === "redriven") return null;
  const wake = readWake(letter.payload);
  if (wake === undefined || wake.tenant !== tenant)
    throw failure("conflict", "This message names no run that could be looked at; it can only be discarded.");
  const run = { tenant, threadId: wake.thread, runId: wake.run };
  let isLive: boolean;
  try {
    isLive = await threadTouch(namespace, run);
  } catch (thrown) {
    const text = "The thread is still out of reach; ask again later.";
    throw failure("unavailable", text, { retryable: true, retryAfterMs: 5_000, cause: String(thrown) });
  }
  if (isLive)
    await upsertLiveRun(database, tenant, { ...run, startedAt: letter.createdAt, dueAt: now() + LOOK_AGAIN_MS });
  await markRedriven(database, tenant, letter.id, wake.run, now());
  return null;
}

async function orMissing<T>(asked: Promise<T>): Promise<T | undefined> {
  try {
    return await asked;
  } catch (thrown) {
    if (thrown instanceof EdgewiseError && thrown.code === "not_found") return undefined;
    throw thrown;
  }
}
