import { threadTouch } from "./api/threads-port.ts";
import { toErrorRecord } from "./base/errors.ts";
import { type Json, isJson } from "./base/json.ts";
import type { Config } from "./config.ts";
import { openDatabase } from "./storage/database.ts";
import { deadMessage, insertDeadLetter } from "./storage/dead-letters.ts";
import { readWake, sendWake, type Wake } from "./storage/wakes.ts";

/** Deliveries of a message until the platform moves it to the dead-letter queue: `max_retries` of wrangler.toml, and the first. */
export const ATTEMPTS = 5;
const RETRY_FROM_S = 5;
const LONGEST_RETRY_S = 3600;
/** A clock that is a little behind must not send a message on for a second more. */
const EARLY_MS = 1_000;
const DEAD = /(?:^|-)dead(?:-|$)/;
/** Whose dead letter a message is that names no tenant: nobody's, so the API shows it to nobody; an operator finds it in D1. */
const NO_TENANT = "";

/**
 * The consumer of both queues. Each message is acknowledged or tried again for itself, and all of a batch are handled at once,
 * so that a poisoned one delays its neighbours by no more than its own deadline (F8). Never throws: that would repeat the
 * whole batch.
 */
export async function consume(batch: MessageBatch, config: Config, nowMs: number): Promise<void> {
  const isDead = DEAD.test(batch.queue);
  await Promise.all(
    batch.messages.map(async (message) => {
      try {
        await (isDead ? bury(config, message, nowMs) : follow(config, message, nowMs));
        message.ack();
      } catch (thrown) {
        console.error(`queue ${batch.queue}: message ${message.id} failed (attempt ${message.attempts}):`, thrown);
        message.retry({ delaySeconds: Math.min(RETRY_FROM_S * 2 ** (message.attempts - 1), LONGEST_RETRY_S) });
      }
    }),
  );
}

/** Looks at the thread that the message points at; whatever it finds there is right (F7). */
async function follow(config: Config, message: Message, nowMs: number): Promise<void> {
  const wake = readWake(message.body);
  try {
    if (wake === undefined) throw new TypeError("The message is not one that Edgewise sends.");
    if (wake.at > nowMs + EARLY_MS && config.wakes !== undefined) return await sendWake(config.wakes, wake, nowMs);
    await threadTouch(config.threads, { tenant: wake.tenant, threadId: wake.thread, runId: wake.run });
  } catch (thrown) {
    // Only here is the cause known: the platform hands on the message alone.
    if (message.attempts >= ATTEMPTS) await tell(config, message, wake, thrown, nowMs).catch(() => undefined);
    throw thrown;
  }
}

/** A message that failed so often is kept where somebody can look at it; why it failed stands there already, if that is known. */
async function bury(config: Config, message: Message, nowMs: number): Promise<void> {
  const unknown = "Its consumer could not handle it; the server's log says why.";
  await tell(config, message, readWake(message.body), new Error(unknown), nowMs);
}

async function tell(
  config: Config,
  message: Message,
  wake: Wake | undefined,
  thrown: unknown,
  nowMs: number,
): Promise<void> {
  const cause = toErrorRecord(thrown);
  const tenant = wake?.tenant ?? NO_TENANT;
  const place = { threadId: wake?.thread ?? null, runId: wake?.run ?? null };
  const last = { attempt: message.attempts, at: nowMs, error: { code: cause.code, message: cause.message } };
  const letter = deadMessage(tenant, place, readable(message), last, cause);
  await insertDeadLetter(openDatabase(config.database), tenant, letter);
}

/** A body may be anything that can be cloned; two such messages are not one dead letter. */
function readable({ body, id }: Message): Json {
  return isJson(body) ? body : { omitted: `The body of message ${id} is no JSON.` };
}
