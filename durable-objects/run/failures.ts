import type { ErrorRecord } from "../../src/base/errors.ts";
import type { Json } from "../../src/base/json.ts";
import type { TaskId } from "../../src/engine/types.ts";

/** A run's reason stands in its row, in every view of it and in its last frame: texts are cut to this. */
const LONGEST_TEXT = 4_000;
/** JSON text of `details`, in UTF-16 units; longer ones are left out whole. */
const LONGEST_DETAILS = 64_000;
/** Of many failures so many are told beside the first. */
const MOST_OTHERS = 20;

/** One failure is the run's; when several tasks failed the first in canonical order leads and the others are its details. */
export function combine(failed: readonly TaskId[], errors: ReadonlyMap<TaskId, ErrorRecord>): ErrorRecord {
  const records = failed.flatMap((task) => errors.get(task) ?? []);
  const [first, ...others] = records;
  if (!first) return { code: "node_failed", message: "A task failed without saying why.", retryable: false };
  if (others.length === 0) return first;
  const told = others
    .slice(0, MOST_OTHERS)
    .map(({ code, message, node }): Json => ({ code, message, node: node ?? null }));
  const untold = others.length - told.length;
  return { ...first, details: untold === 0 ? told : [...told, { message: `And ${untold} more tasks failed.` }] };
}

/** The record with bounded texts: whoever threw it chose their length, and a row that is too long could never be written. */
export function bounded(record: ErrorRecord): ErrorRecord {
  const { message, cause, pointer, details, ...rest } = record;
  return {
    ...rest,
    message: short(message),
    ...(cause === undefined ? {} : { cause: short(cause) }),
    ...(pointer === undefined ? {} : { pointer: short(pointer) }),
    ...(details === undefined || JSON.stringify(details).length > LONGEST_DETAILS ? {} : { details }),
  };
}

function short(text: string): string {
  return text.length > LONGEST_TEXT ? `${text.slice(0, LONGEST_TEXT)}…` : text;
}
