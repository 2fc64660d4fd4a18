import { REQUEST_HASH, type RunView, type StartRun } from "../../durable-objects/thread-api.ts";
import { failure } from "../base/errors.ts";
import { sha256Hex } from "../base/hash.ts";
import { uuidv5 } from "../base/ids.ts";
import { canonicalJson, type JsonObject } from "../base/json.ts";
import { cacheKey } from "../security/tenant.ts";

const MAX_KEY_LENGTH = 255;
/** Of run ids made from idempotency keys; a random UUID, fixed for ever. */
const NAMESPACE = "6d1f0b5e-8a55-4f0c-9d5e-2b7c0f3f6a41";

/**
 * The run id that an `Idempotency-Key` stands for: on one thread (or none) of one tenant always the same. The Thread object
 * takes a second start with a run's id for the first, so a request sent again meets the run that it made.
 */
export function runIdOfKey(tenant: string, threadId: string | undefined, key: string): string {
  if (key === "" || key.length > MAX_KEY_LENGTH) {
    throw failure("invalid_request", `An Idempotency-Key has 1 to ${MAX_KEY_LENGTH} characters.`, {
      pointer: "/idempotency-key",
    });
  }
  return uuidv5(cacheKey(tenant, "idempotency", threadId ?? "", key), NAMESPACE);
}

/**
 * What a request asked for, as one short text: kept with the run, so that another request under its key is noticed. A version
 * counts only where it was asked for: the same request sent again after a publication is still the same.
 */
export function requestHash(start: StartRun, pinned: number | undefined): string {
  const { assistantId, input, config, context, metadata, streamMode } = start;
  const { checkpointId = null, command = null, budget = null } = start;
  const { multitask, afterMs, interruptBefore, interruptAfter, webhook } = start;
  const pin = pinned === undefined ? [] : [pinned];
  const isPlain = checkpointId === null && command === null && budget === null;
  // Counts only where it is given: the hashes of runs that earlier releases started stay what they are.
  const more = isPlain ? [] : [{ checkpointId, command, budget } as JsonObject];
  const ways = Object.entries({ multitask, afterMs, interruptBefore, interruptAfter, webhook });
  const how = Object.fromEntries(ways.filter(([, value]) => value !== undefined)) as JsonObject;
  if (Object.keys(how).length > 0) more.push(how);
  return sha256Hex(canonicalJson([assistantId, input, config, context, metadata, [...streamMode], ...pin, ...more]));
}

/** @throws EdgewiseError `idempotency_mismatch` when the run that the key made was asked for in other words. */
export function refuseOtherRequest(start: StartRun, run: RunView): void {
  if (run.kwargs[REQUEST_HASH] === start.requestHash) return;
  const text = "This Idempotency-Key was used for another request; take a new key, or send the same body.";
  throw failure("idempotency_mismatch", text, { pointer: "/idempotency-key" });
}
