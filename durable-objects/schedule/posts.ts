import { EdgewiseError, type ErrorRecord, failure, toErrorRecord } from "../../src/base/errors.ts";
import type { RandomBytes } from "../../src/base/ids.ts";
import type { Json } from "../../src/base/json.ts";
import { newWebhookSecret, webhookHeaders } from "../../src/security/webhooks.ts";
import type { Database } from "../../src/storage/database.ts";
import { deadWebhook, type FailedAttempt, insertDeadLetter } from "../../src/storage/dead-letters.ts";
import { ensureWebhookSecrets } from "../../src/storage/webhook-secrets.ts";
import type { Delivery } from "../scheduler-api.ts";
import type { Outcome } from "./agenda.ts";
import type { Due } from "./due.ts";

/** What deliveries reach. */
export interface PostWorld {
  readonly database: Database;
  readonly random: RandomBytes;
  now(): number;
  /** To where a webhook may go; time and redirects are bounded. */
  send(url: string, init: RequestInit): Promise<Response>;
}

export interface PostBody {
  readonly delivery: Delivery;
  readonly history: readonly FailedAttempt[];
  /** It failed for good, and only the dead letter is to be written. */
  readonly cause?: ErrorRecord;
}

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
/** Between attempts; up to a tenth is added by chance, so that many do not come at once. In all: 17 hours and a half. */
export const POST_DELAYS_MS = [5 * SECOND, 30 * SECOND, 5 * MINUTE, 30 * MINUTE, 2 * HOUR, 5 * HOUR, 10 * HOUR];
/** The receiver may ask for more time, but not for more than this. */
const LONGEST_ASKED_MS = 12 * HOUR;
const BURY_AGAIN_MS = MINUTE;

/** One attempt to deliver; at the end of all of them the dead letter. */
export async function postDue(tenant: string, due: Due, world: PostWorld): Promise<Outcome> {
  const { delivery, history, cause } = due.body as unknown as PostBody;
  if (cause !== undefined) return bury(tenant, due, { delivery, history, cause }, world);
  const failed = await attempt(tenant, delivery, world);
  if (failed === undefined) return { kind: "done" };
  const attempts = due.attempts + 1;
  const error = { code: failed.code, message: failed.message };
  const all = [...history, { attempt: attempts, at: world.now(), error }];
  const delay = failed.retryable ? POST_DELAYS_MS[attempts - 1] : undefined;
  if (delay === undefined) return bury(tenant, due, { delivery, history: all, cause: failed }, world);
  const wait = Math.max(jittered(delay, world.random), Math.min(failed.retryAfterMs ?? 0, LONGEST_ASKED_MS));
  return { kind: "again", at: world.now() + wait, attempts, body: { delivery, history: all } as unknown as Json };
}

function jittered(delayMs: number, random: RandomBytes): number {
  return Math.round(delayMs * (1 + (random(1)[0] ?? 0) / 2_560));
}

/** Why it did not arrive; undefined: it did, or its receiver is gone and wants no more. */
async function attempt(tenant: string, delivery: Delivery, world: PostWorld): Promise<ErrorRecord | undefined> {
  const sentAt = world.now();
  const body = JSON.stringify({ ...delivery.body, webhook_sent_at: new Date(sentAt).toISOString() });
  const fresh = () => newWebhookSecret(world.random);
  const { secret, previous, previousUntil } = await ensureWebhookSecrets(world.database, tenant, fresh, sentAt);
  const secrets = previous !== null && (previousUntil ?? 0) > sentAt ? [secret, previous] : [secret];
  try {
    const headers = webhookHeaders({ id: delivery.id, sentAt, body }, secrets);
    const answer = await world.send(delivery.url, { method: "POST", headers, body, redirect: "manual" });
    await answer.body?.cancel().catch(() => undefined);
    return answer.ok || answer.status === 410 ? undefined : refused(answer);
  } catch (thrown) {
    if (thrown instanceof EdgewiseError) return thrown.record;
    // The platform's words may hold the address, and that a secret.
    return failure("egress_failed", "The receiver could not be reached.", { retryable: true }).record;
  }
}

function refused({ status, headers }: Response): ErrorRecord {
  const asked = Number(headers.get("retry-after") ?? "");
  const wait = Number.isFinite(asked) && asked > 0 ? { retryAfterMs: asked * SECOND } : {};
  const why = status >= 300 && status < 400 ? "a redirect, which is not followed" : "not 2xx";
  return failure("http_failed", `The receiver answered ${status}: ${why}.`, { retryable: true, ...wait }).record;
}

async function bury(tenant: string, due: Due, body: Required<PostBody>, world: PostWorld): Promise<Outcome> {
  const { delivery, history, cause } = body;
  try {
    await insertDeadLetter(world.database, tenant, deadWebhook(tenant, { ...delivery }, history, cause, world.now()));
    return { kind: "done" };
  } catch (thrown) {
    console.warn(`The index did not take a dead letter and will be asked again: ${toErrorRecord(thrown).message}`);
    return { ...due, kind: "again", at: world.now() + BURY_AGAIN_MS, body: body as unknown as Json };
  }
}
