import type { Json, JsonObject } from "../../src/base/json.ts";
import { isJsonObject } from "../../src/base/json.ts";
import type { ThreadRow as ThreadLine } from "../../src/storage/threads.ts";
import type { ThreadCore } from "../core.ts";
import type { RunRow, ThreadRow } from "../log/rows.ts";
import type { Values } from "../run/playback.ts";
import type { ThreadView } from "../thread-api.ts";
import { interruptsOf } from "./history.ts";

/** A thread as a whole: as its clients read it, and as the index keeps it. */

/** What a channel's value, and what all of them together, may weigh in the index: characters of JSON. */
export const MOST_OF_CHANNEL = 1_024;
export const MOST_OF_VALUES = 4_096;
/** The same of whatever else is told. */
const MOST_OF_MEMBER = 4_096;

/** @param row whose thread it is */
export function threadViewOf(core: ThreadCore, row: ThreadRow): ThreadView {
  const { live, asking } = core;
  const values = live?.playback.threadValues() ?? core.values;
  const last = core.store.lastRun();
  return {
    thread_id: row.threadId,
    created_at: timeOf(row.createdAt),
    updated_at: timeOf(updatedAt(core, row)),
    state_updated_at: timeOf(stateUpdatedAt(core, row)),
    metadata: row.metadata,
    status: core.status(),
    config: configOf(last),
    values: values.size === 0 ? null : Object.fromEntries(values),
    interrupts: asking === undefined ? {} : Object.fromEntries(interruptsOf(asking)),
    error: live === undefined ? errorOf(last) : null,
    ...ttlOf(core, row),
  };
}

function ttlOf(core: ThreadCore, row: ThreadRow): Pick<ThreadView, "ttl"> {
  const { ttl } = core.record.facts.all;
  const at = expiryOf(core, row);
  if (ttl === undefined || at === undefined) return {};
  return { ttl: { ttl: ttl.ms / 60_000, strategy: ttl.strategy, expires_at: timeOf(at) } };
}

/** What the index is told. */
export function threadLineOf(core: ThreadCore, row: ThreadRow): ThreadLine {
  const { threadId, createdAt, metadata } = row;
  const { live } = core;
  const last = core.store.lastRun();
  const kept = keptOf(core);
  const asking = live === undefined ? core.asking : undefined;
  const told = {
    interrupts: asking === undefined ? "{}" : within(Object.fromEntries(interruptsOf(asking))),
    config: within(configOf(last)),
    error: live === undefined ? within(errorOf(last)) : "null",
  };
  const wholeValues = kept?.leftOut.length === 0;
  return {
    threadId,
    graphId: typeof metadata["graph_id"] === "string" ? metadata["graph_id"] : null,
    status: core.status(),
    metadata: JSON.stringify(metadata),
    createdAt,
    updatedAt: updatedAt(core, row),
    stateUpdatedAt: stateUpdatedAt(core, row),
    values: kept === undefined || kept.values === "{}" ? null : kept.values,
    leftOut: kept === undefined ? null : JSON.stringify(kept.leftOut),
    ...told,
    whole: wholeValues && Object.values(told).every((text) => text !== null),
    expiresAt: core.status() === "busy" ? null : (expiryOf(core, row) ?? null),
  };
}

/** When it is to be erased, should nothing happen to it until then; undefined: it stays. */
export function expiryOf(core: ThreadCore, row: ThreadRow): number | undefined {
  const { ttl } = core.record.facts.all;
  return ttl === undefined ? undefined : updatedAt(core, row) + ttl.ms;
}

function updatedAt(core: ThreadCore, row: ThreadRow): number {
  return Math.max(row.updatedAt, core.lastCommit.at);
}

function stateUpdatedAt(core: ThreadCore, row: ThreadRow): number {
  return core.lastCommit.at === 0 ? row.createdAt : core.lastCommit.at;
}

/** Undefined where they cannot be read. */
function keptOf(core: ThreadCore): { readonly values: string; readonly leftOut: readonly string[] } | undefined {
  let values: Values;
  try {
    ({ values } = core);
  } catch {
    return undefined;
  }
  const kept: Record<string, Json> = {};
  const leftOut: string[] = [];
  let size = 0;
  for (const [name, value] of values) {
    const weight = weightOf(value, MOST_OF_CHANNEL) + name.length;
    if (weight > MOST_OF_CHANNEL || size + weight > MOST_OF_VALUES) leftOut.push(name);
    else {
      kept[name] = value;
      size += weight;
    }
  }
  return { values: JSON.stringify(kept), leftOut };
}

/** As JSON, if it is small. */
function within(value: Json): string | null {
  return weightOf(value, MOST_OF_MEMBER) > MOST_OF_MEMBER ? null : JSON.stringify(value);
}

/** About how many characters its JSON has; not counted on beyond `most`: a long conversation is not written out to be measured. */
function weightOf(value: Json, most: number): number {
  if (typeof value === "string") return value.length + 2;
  if (typeof value !== "object" || value === null) return 8;
  let weight = 2;
  const items: Iterable<Json> = Array.isArray(value) ? value : Object.values(value);
  if (!Array.isArray(value)) for (const key of Object.keys(value)) weight += key.length + 3;
  for (const item of items) {
    weight += weightOf(item, most - weight) + 1;
    if (weight > most) return weight;
  }
  return weight;
}

/** What its newest run was configured with. */
function configOf(last: RunRow | undefined): JsonObject {
  const config = last?.kwargs["config"];
  return isJsonObject(config) ? config : {};
}

/** As a stream tells it; null where the newest run did not fail. */
function errorOf(last: RunRow | undefined): JsonObject | null {
  if (last === undefined || last.error === null || (last.status !== "error" && last.status !== "timeout")) return null;
  const { code, message } = last.error;
  return { error: code, message };
}

function timeOf(at: number): string {
  return new Date(at).toISOString();
}
