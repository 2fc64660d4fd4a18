import type { RunProfile, TaskProfile } from "../../durable-objects/thread-api.ts";
import type { RecordedCall } from "../graph/describe/estimate.ts";

/** Of some values that were seen. */
export interface Spread {
  readonly min: number;
  readonly median: number;
  readonly max: number;
}

/** What a node took in runs that succeeded; inside a frame with the nodes around it, as `summaries/draft`. */
export interface Observed {
  readonly node: string;
  /** Of a run, those in which it did not run included. */
  readonly calls: Spread;
  /** Of one call; null where all calls were left out of a profile, or their price is not known. */
  readonly duration_ms: Spread | null;
  readonly input_tokens: Spread | null;
  readonly output_tokens: Spread | null;
  readonly cost_usd: Spread | null;
}

/** By node, in the order in which nodes first ran. */
export function observe(profiles: readonly RunProfile[]): readonly Observed[] {
  const byNode = Map.groupBy(profiles.flatMap(({ tasks }) => tasks).filter(hasEnded), ({ node }) => node);
  return [...byNode].map(([node, tasks]) => ({
    node,
    calls: spreadOf(profiles.map((run) => run.tasks.filter((task) => task.node === node).length)) ?? NONE,
    duration_ms: spreadOf(tasks.map(({ duration_ms: ms }) => ms)),
    input_tokens: spreadOf(tasks.map(({ input_tokens: count }) => count)),
    output_tokens: spreadOf(tasks.map(({ output_tokens: count }) => count)),
    cost_usd: spreadOf(tasks.map(({ cost_usd: cost }) => cost)),
  }));
}

/** What an estimate takes of a run: each call by itself, those in frames too, and of a composite how many frames it had. */
export function callsOf({ tasks, omitted_tasks: omitted }: RunProfile): readonly RecordedCall[] {
  const frames = framesOf(tasks);
  return tasks.filter(hasEnded).map((task) => ({
    node: task.node,
    inputTokens: task.input_tokens,
    outputTokens: task.output_tokens,
    costUsd: task.cost_usd,
    ms: task.duration_ms ?? 0,
    // Of tasks that are not listed nobody knows the frames.
    ...(omitted > 0 ? {} : { frames: frames.get(task.task)?.size ?? 0 }),
  }));
}

/** By composite's task, the frames that tasks were in: `1.2.0[3]/0.0.0` is in frame `[3]` of `1.2.0`. */
function framesOf(tasks: readonly TaskProfile[]): ReadonlyMap<string, ReadonlySet<string>> {
  const frames = new Map<string, Set<string>>();
  for (const { task } of tasks) {
    const end = task.lastIndexOf("/");
    if (end < 0) continue;
    const frame = task.slice(0, end);
    const composite = frame.replace(/\[\d+\]$/, "");
    const known = frames.get(composite);
    if (known === undefined) frames.set(composite, new Set([frame]));
    else known.add(frame);
  }
  return frames;
}

const NONE: Spread = { min: 0, median: 0, max: 0 };

function hasEnded({ status }: TaskProfile): boolean {
  return status === "succeeded";
}

/** Null where there are no values, or one is not known. */
function spreadOf(values: readonly (number | null)[]): Spread | null {
  const known = values.filter((value) => value !== null).sort((one, other) => one - other);
  const [min] = known;
  if (min === undefined || known.length < values.length) return null;
  const middle = known.length / 2;
  const [low = min, high = min] = [known[Math.ceil(middle) - 1], known[Math.floor(middle)]];
  return { min, median: (low + high) / 2, max: known.at(-1) ?? min };
}
