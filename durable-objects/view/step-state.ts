import type { ThreadCore } from "../core.ts";
import type { Commit } from "../log/entry.ts";
import type { RunRow } from "../log/rows.ts";
import { checkpointAt, standsOn } from "../log/standing.ts";
import type { ThreadStore } from "../log/store.ts";
import type { Playback } from "../run/playback.ts";
import { BEFORE_INPUT, type ShownStep } from "../run/steps.ts";
import type { ThreadState } from "../thread-api.ts";
import { sourceOf, START_NODE, startTask, summaryOf } from "./checkpoints.ts";
import { loadFrames, type Stand, taskState } from "./frame-states.ts";
import { FramePositions } from "./frame-positions.ts";
import type { Position } from "./identity.ts";
import { shownIn } from "./shown.ts";

/** A step, by which commit and run it was shown, and the one before it. */
export interface Made {
  readonly run: RunRow;
  readonly commit: Commit;
  readonly shown: ShownStep;
  readonly parent: Position | undefined;
}

/** The state that a step shows; its entry was applied last. What history lists and what streams tell of it are made here. */
export function stateAt(stand: Stand, { run, commit, shown, parent }: Made): ThreadState {
  const { threadId, playback } = stand;
  loadFrames(stand);
  const tasks = playback.left.inFlight().map(({ task }) => task);
  const { plan } = playback;
  const names = (node: number): string => shownIn(stand, plan, plan.nodes[node]);
  const pending = playback.left.pending().map(({ node }) => names(node));
  const { seq, at, shows, entry } = commit;
  const { part, step, upTo } = shown;
  const summary = summaryOf(threadId, run, { seq, at, shows, part, step, source: sourceOf(entry, run, part) }, parent);
  const values = Object.fromEntries(playback.threadValues(upTo));
  if (upTo === BEFORE_INPUT) return { values, next: [START_NODE], tasks: [startTask(run)], interrupts: [], ...summary };
  return {
    values,
    next: [...new Set([...tasks.map((task) => names(task.node)), ...pending])],
    tasks: tasks.map(({ id, node }) => taskState(stand, id, errorOf(run, plan.nodes[node]?.id))),
    interrupts: [],
    ...summary,
  };
}

/**
 * The state that a step shows, for who plays the run's log and has just applied its commit: as history lists it, but for what was
 * asked since.
 */
export function stateOfStep(
  core: ThreadCore,
  run: RunRow,
  threadId: string,
): (playback: Playback, commit: Commit, shown: ShownStep) => ThreadState {
  const positions = new FramePositions(core, threadId, run, []);
  return (playback, commit, shown) => {
    const { seq } = commit;
    const stand = { core, threadId, run, playback, positions, seq, errorOf: () => null, questions: [], deep: false };
    return stateAt(stand, { run, commit, shown, parent: parentOf(core.store, run, { seq, part: shown.part }) });
  };
}

/** The checkpoint before a step: of the run's first it is that of what the run stands on. */
export function parentOf(
  store: ThreadStore,
  run: RunRow,
  { seq, part }: Pick<Position, "seq"> & { readonly part: number },
): Position | undefined {
  const [here] = part === 0 ? [] : store.checkpoints.newest({ seq, part }, 1);
  if (here !== undefined) return here;
  return seq > run.firstSeq ? checkpointAt(store, seq - 1) : standsOn(store, run);
}

function errorOf({ error }: RunRow, node: string | undefined): string | null {
  return error !== null && error.node === node ? error.message : null;
}
