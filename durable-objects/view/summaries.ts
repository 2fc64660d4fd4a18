import type { JsonObject } from "../../src/base/json.ts";
import type { ThreadCore } from "../core.ts";
import type { HistoryQuery, ThreadState } from "../thread-api.ts";
import { sourceOf, type Summary, summaryOf } from "./checkpoints.ts";
import { standsOn } from "../log/standing.ts";
import { checkpointsOf } from "./history.ts";
import type { Position } from "./identity.ts";

/** States without what only playing the log tells, and the members that somebody asked for. */

const IN_ROWS: ReadonlySet<string> = new Set(["metadata", "created_at", "checkpoint", "parent_checkpoint"]);

/** Whether what is asked for is more than the rows say. */
export function needsPlaying(select: readonly string[] | undefined): boolean {
  return select === undefined || select.some((field) => !IN_ROWS.has(field));
}

/** The same states as {@link historyOf}, newest first; a thousand of them are two range scans. */
export function summariesOf(core: ThreadCore, query: HistoryQuery): Summary[] {
  const asked = checkpointsOf(core, query);
  const [last, first] = [asked[0], asked.at(-1)];
  const firstRun = first && core.store.runAt(first.seq);
  if (last === undefined || firstRun === undefined) return [];
  const wanted = new Set(asked.map(placeOf));
  const summaries: Summary[] = [];
  const checkpoints = core.store.checkpoints.heads(firstRun.firstSeq, last.seq);
  let [next, newest]: [number, Position | undefined] = [0, undefined];
  for (const run of core.store.runsAfter(firstRun.firstSeq - 1, last.seq + 1)) {
    let parent: Position | undefined = newest !== undefined && run.from === null ? newest : standsOn(core.store, run);
    for (let at = checkpoints[next]; at?.run === run.n; at = checkpoints[++next]) {
      const commit = { ...at, source: sourceOf({ type: at.type }, run, at.part) };
      if (wanted.has(placeOf(at))) summaries.push(summaryOf(query.threadId, run, commit, parent));
      parent = at;
    }
    newest = parent;
  }
  return summaries.reverse();
}

function placeOf({ seq, part }: { readonly seq: number; readonly part: number }): string {
  return `${seq}.${part}`;
}

/** A state's members in `select`, `values.<channel>` among them. */
export function selected(state: Partial<ThreadState>, select: readonly string[] | undefined): JsonObject {
  if (select === undefined) return state as JsonObject;
  const members = Object.entries(state as JsonObject).filter(([name]) => select.includes(name));
  const channels = Object.entries(state.values ?? {}).filter(([name]) => select.includes(`values.${name}`));
  const asked = Object.fromEntries(members);
  if ("values" in asked || !select.some((field) => field.startsWith("values."))) return asked;
  return { ...asked, values: Object.fromEntries(channels) };
}
