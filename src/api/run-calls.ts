import type { Address, RunResult, RunView, StartRun } from "../../durable-objects/thread-api.ts";
import { secureRandom, uuidv7 } from "../base/ids.ts";
import { mergeConfig } from "../base/run-config.ts";
import type { RunnableGraph } from "../storage/graphs.ts";
import { parseAssistantId, requireAssistant } from "./assistant-id.ts";
import { pointedInto } from "./body-pointers.ts";
import { configurableHeaders } from "./configurable-headers.ts";
import type { ApiContext } from "./context.ts";
import { refuseOtherRequest, requestHash, runIdOfKey } from "./idempotency.ts";
import { isPassing, type RunCreate, refuseContinuation, toStartRun } from "./run-request.ts";
import { waitingBody } from "./waiting.ts";
import { askedWebhook } from "./webhook-address.ts";

export interface RunPlace extends Address {
  readonly runId: string;
}

/**
 * What a request to start a run asks for, with the run's id made here: a call made again then meets the same run.
 * @param key the request's `Idempotency-Key`
 */
export async function prepareStart(
  c: ApiContext,
  body: RunCreate,
  threadId: string | undefined,
  key = c.req.header("idempotency-key"),
): Promise<StartRun> {
  if (threadId === undefined) refuseContinuation(body);
  const graph = await requireAssistant(c.var.database, c.var.tenant, body.assistant_id);
  const runId = key === undefined ? uuidv7(Date.now(), secureRandom) : runIdOfKey(c.var.tenant, threadId, key);
  const asked = toStartRun(body, graph, {
    tenant: c.var.tenant,
    runId,
    // A run without a thread gets one of its own, and of its name.
    threadId: threadId ?? runId,
    ifNotExists: threadId === undefined || body.if_not_exists === "create" ? "create" : "reject",
  });
  const fate = threadId === undefined && isPassing(body) ? { onCompletion: "delete" as const } : {};
  const start = { ...asked, ...fate, ...askedWebhook(c, body.webhook) };
  const given = withGiven(start, graph, c.req.raw.headers);
  if (key === undefined) return given;
  // Of what was asked for alone: neither a changed assistant nor another client makes it another request.
  return { ...given, requestHash: requestHash(start, parseAssistantId(body.assistant_id).version) };
}

/** With what the run is given besides its request: by its assistant, and in the headers. */
export function withGiven(start: StartRun, { assistant }: RunnableGraph, headers?: Headers): StartRun {
  const configurable = headers === undefined ? {} : configurableHeaders(headers);
  const config = Object.keys(configurable).length === 0 ? start.config : mergeConfig(start.config, { configurable });
  if (assistant === null) return { ...start, config };
  const { created_by: by, ...own } = assistant.metadata;
  const metadata = by === "system" ? own : assistant.metadata;
  return { ...start, config, defaults: { config: assistant.config, context: assistant.context, metadata } };
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

/** A run's events. */
export function sendEvents(
  c: ApiContext,
  place: RunPlace,
  frames: ReadableStream<Uint8Array> | null,
  headers: Record<string, string> = {},
): Response {
  return sendFrames(c, `/threads/${place.threadId}/runs/${place.runId}/stream`, frames, headers);
}

/** Server-sent events. `location` lets clients come back after a lost connection; it is relative to the API's URL. */
export function sendFrames(
  c: ApiContext,
  location: string,
  frames: ReadableStream<Uint8Array> | null,
  headers: Record<string, string> = {},
): Response {
  const all = { "content-type": "text/event-stream", location, ...headers };
  return frames === null ? c.body(null, 200, all) : c.body(frames, 200, all);
}
