import type { Call } from "./provider.ts";
import type { Acknowledged } from "./record.ts";

/** What the provider's ledger says of the server: nothing is asked of it here. */

export interface LedgerVerdict {
  readonly calls: number;
  readonly keys: number;
  /** Calls under a key that was answered to before: done twice by a provider that ignores keys. */
  readonly repeated: number;
  /** Tasks that called under two keys: done twice even where keys are honoured. */
  readonly severalKeys: readonly string[];
  /** Calls that neither a kill nor a failure of the one before explains. */
  readonly unexplained: readonly string[];
  readonly unsafeTwice: readonly string[];
  /** What the models say was done, and was not. */
  readonly undone: readonly string[];
  readonly earlyWaits: readonly string[];
  readonly waits: number;
  /** Calls of a cancelled run that came after the cancel, or stayed open for more than a second. */
  readonly afterCancel: readonly string[];
}

/** What a process sent before it died is read a little later. */
const LATE_MS = 500;
/** A call that was on its way when the cancel was answered for. */
const ON_ITS_WAY_MS = 250;
/** A provider's socket is closed within a second of a cancel (G10). */
const CLOSED_WITHIN_MS = 1_000;

/** @param kills Unix milliseconds */
export function judgeLedger(
  calls: readonly Call[],
  runs: readonly Acknowledged[],
  kills: readonly number[],
): LedgerVerdict {
  const byKey = Map.groupBy(calls, ({ key }) => key);
  const byId = new Map(runs.map((run) => [run.runId, run]));
  const runOf = (key: string) => byId.get(key.split(":")[0] ?? "");
  const groups = [...byKey];
  const forked = new Set(runs.flatMap(({ program, mark }) => (program.forks ? mark : [])));
  const asked = new Set(calls.map(({ what }) => what));
  return {
    calls: calls.length,
    keys: byKey.size,
    repeated: groups.reduce((sum, [, list]) => sum + Math.max(0, list.filter(isDone).length - 1), 0),
    // A fork does again what it goes back behind.
    severalKeys: severalKeys(calls.filter(({ what }) => !forked.has(what.split("/")[0] ?? ""))),
    unexplained: groups.flatMap(([key, list]) =>
      list.slice(1).flatMap((call, index) => {
        const before = list[index];
        if (before === undefined || before.end === "fault" || runOf(key)?.program.forks) return [];
        return kills.some((kill) => kill >= before.at - LATE_MS && kill <= call.at)
          ? []
          : [`${key} was called again (${call.what})`];
      }),
    ),
    unsafeTwice: groups.flatMap(([key, list]) =>
      runOf(key)?.program.isUnsafe && list.filter(({ isEffect }) => isEffect).length > 1 ? [key] : [],
    ),
    undone: runs.flatMap(({ program, mark, cancelledAt }) =>
      cancelledAt === undefined ? (program.effects?.(mark) ?? []).filter((what) => !asked.has(what)) : [],
    ),
    ...judgeWaits(calls),
    afterCancel: calls.flatMap((call) => {
      const at = runOf(call.key)?.cancelledAt;
      if (at === undefined) return [];
      if (call.at > at + ON_ITS_WAY_MS) return [`${call.key} was called ${call.at - at} ms after the cancel`];
      return call.endedAt > at + CLOSED_WITHIN_MS ? [`${call.key} stayed open after the cancel`] : [];
    }),
  };
}

/** A provider may have done it, whether or not anybody heard. */
const isDone = ({ end }: Call) => end !== "fault";

/** What is asked names the run by its mark and the task by its node, so it has one key. */
function severalKeys(calls: readonly Call[]): string[] {
  const byTask = Map.groupBy(
    calls.filter(({ what }) => what.includes("x")),
    ({ what }) => what,
  );
  return [...byTask].flatMap(([what, list]) => (new Set(list.map(({ key }) => key)).size > 1 ? [what] : []));
}

/** `done: m/0/250` follows `m/0` after a wait of 250 ms. */
function judgeWaits(calls: readonly Call[]): { readonly waits: number; readonly earlyWaits: string[] } {
  const first = new Map<string, Call>();
  for (const call of calls) if (!first.has(call.what)) first.set(call.what, call);
  let waits = 0;
  const earlyWaits = [...first].flatMap(([what, { at }]) => {
    const [, before, wait] = /^done: (.*)\/(\d+)$/.exec(what) ?? [];
    const begun = first.get(before ?? "");
    if (begun === undefined) return [];
    waits += 1;
    return at - begun.at >= Number(wait) ? [] : [`${what} after ${at - begun.at} ms`];
  });
  return { waits, earlyWaits };
}
