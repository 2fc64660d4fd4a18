import type { ErrorRecord } from "../../src/base/errors.ts";
import type { TaskId } from "../../src/engine/types.ts";

/** One failure is the run's; when several tasks failed the first in canonical order leads and the others are its details. */
export function combine(failed: readonly TaskId[], errors: ReadonlyMap<TaskId, ErrorRecord>): ErrorRecord {
  const records = failed.flatMap((task) => errors.get(task) ?? []);
  const [first, ...others] = records;
  if (!first) return { code: "node_failed", message: "A task failed without saying why.", retryable: false };
  return others.length === 0
    ? first
    : { ...first, details: others.map(({ code, message, node }) => ({ code, message, node: node ?? null })) };
}
