import type { Address, RunResult, RunView, StartRun } from "../../durable-objects/thread-api.ts";
import { secureRandom, uuidv7 } from "../base/ids.ts";
import { parseAssistantId, requireAssistant } from "./assistant-id.ts";
import { pointedInto } from "./body-pointers.ts";
import type { ApiContext } from "./context.ts";
import { refuseOtherRequest, requestHash, runIdOfKey } from "./idempotency.ts";
import { type RunCreate, refuseContinuation, refuseUnsupported, toStartRun } from "./run-request.ts";
import { waitingBody } from "./waiting.ts";

export interface RunPlace extends Address {
  readonly runId: string;
}

/** What a request to start a run asks for, with the run's id made here: a call made again then meets the same run. */
export async function prepareStart(c: ApiContext, body: RunCreate, threadId: string | undefined): Promise<StartRun> {
  refuseUnsupported(body);
  if (threadId === undefined) refuseContinuation(body);
  const graph = await requireAssistant(c.var.database, c.var.tenant, body.assistant_id);
  const key = c.req.header("idempotency-key");
  const runId = key === undefined ? uuidv7(Date.now(), secureRandom) : runIdOfKey(c.var.tenant, threadId, key);
  const start = toStartRun(body, graph, {
    tenant: c.var.tenant,
    runId,
    // A run without a thread gets one of its own, and of its name.
    threadId: threadId ?? runId,
    ifNotExists: threadId === undefined || body.if_not_exists === "create" ? "create" : "reject",
  });
  if (key === undefined) return start;
  return { ...start, requestHash: requestHash(start, parseAssistantId(body.assistant_id).version) };
}

export function hasIdempotencyKey(c: ApiContext): boolean {
  return c.req.header("idempotency-key") !== undefined;
}

/**
 * Durable when it answers: the run asked for, or the one that its `Idempotency-Key` made before.
 * @throws EdgewiseError `idempotency_mismatch` where the key already stood for another request
 */
export async function begin(c: ApiContext, body: RunCreate, start: StartRun): Promise<RunView> {
  const started = c.var.threads.surely(start, (thread) => thread.startRun(start));
  const run = await pointedInto(body, started);
  if (hasIdempotencyKey(c)) refuseOtherRequest(start, run);
  return run;
}

/** The run's path as the creating call's client knows it; nothing may follow the run id. */
export function contentLocation(start: StartRun, threadId: string | undefined): string {
  return threadId === undefined ? `/runs/${start.runId}` : `/threads/${threadId}/runs/${start.runId}`;
}

export function joinRun(c: ApiContext, place: RunPlace): Promise<RunResult> {
  return c.var.threads.surely(place, (thread) => thread.joinRun(place));
}

/** Whoever compresses JSON on the way (the platform does) would keep the beat back, and with it the news that a client left. */
const WAITING_HEADERS = {
  "content-type": "application/json",
  "content-encoding": "identity",
  "cache-control": "no-store, no-transform",
};

/** 200 at once, whatever comes of the run. */
export function sendWhenOver(
  c: ApiContext,
  place: RunPlace,
  options: { readonly cancelOnDisconnect: boolean; readonly headers?: Record<string, string> },
): Response {
  const body = waitingBody(joinRun(c, place), () => {
    if (options.cancelOnDisconnect) c.executionCtx.waitUntil(cancelQuietly(c, place));
  });
  return c.body(body, 200, { ...WAITING_HEADERS, ...options.headers });
}

/** Nobody is left to hear of a failure; the run then ends as it would have. */
async function cancelQuietly(c: ApiContext, place: RunPlace): Promise<void> {
  await c.var.threads.surely(place, (thread) => thread.cancelRun(place)).catch(() => undefined);
}

/** Server-sent events. `Location` lets clients come back after a lost connection; it is relative to the API's URL. */
export function sendEvents(
  c: ApiContext,
  place: RunPlace,
  frames: ReadableStream<Uint8Array> | null,
  headers: Record<string, string> = {},
): Response {
  const location = `/threads/${place.threadId}/runs/${place.runId}/stream`;
  const all = { "content-type": "text/event-stream", location, ...headers };
  return frames === null ? c.body(null, 200, all) : c.body(frames, 200, all);
}
