import type { Range } from "./range.ts";

/** What one recorded call of a node took. */
export interface RecordedCall {
  readonly node: string;
  readonly inputTokens: number;
  readonly outputTokens: number;
  /** null where its price is not known. */
  readonly costUsd: number | null;
  readonly ms: number;
  /** Of a composite: how many graphs it has run. */
  readonly frames?: number;
}

/** What one call takes. */
export interface Use {
  readonly inputTokens: Range;
  readonly outputTokens: Range;
  readonly costUsd: Range;
  readonly ms: Range;
  /** Of a composite, where its calls say it. */
  readonly frames?: Range;
}

/** By node: between the smallest and the largest that was seen. */
export function usesOf(history: readonly RecordedCall[]): ReadonlyMap<string, Use> {
  const byNode = Map.groupBy(history, ({ node }) => node);
  const uses = new Map<string, Use>();
  for (const [node, calls] of byNode) {
    const frames = calls.flatMap((call) => call.frames ?? []);
    uses.set(node, {
      inputTokens: seen(calls.map(({ inputTokens }) => inputTokens)),
      outputTokens: seen(calls.map(({ outputTokens }) => outputTokens)),
      costUsd: seen(calls.map(({ costUsd }) => costUsd)),
      ms: seen(calls.map(({ ms }) => ms)),
      ...(frames.length < calls.length ? {} : { frames: seen(frames) }),
    });
  }
  return uses;
}

function seen(values: readonly (number | null)[]): Range {
  const known = values.filter((value): value is number => value !== null && Number.isFinite(value) && value >= 0);
  const calls = `${known.length} recorded call${known.length === 1 ? "" : "s"}`;
  // one call without a price may have been the dearest
  if (known.length < values.length || known.length === 0) {
    const reason = `${values.length - known.length} of ${values.length} recorded calls do not say it`;
    return { low: { value: 0, reason }, high: { value: null, reason } };
  }
  const low = known.reduce((least, value) => Math.min(least, value), Infinity);
  const high = known.reduce((most, value) => Math.max(most, value), 0);
  return {
    low: { value: low, reason: `the least of ${calls}` },
    high: { value: high, reason: `the most of ${calls}` },
  };
}
