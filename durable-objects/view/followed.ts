import { failure } from "../../src/base/errors.ts";
import type { ThreadCore } from "../core.ts";
import { checkpointAt } from "../log/standing.ts";
import type { RunRow } from "../log/rows.ts";
import { givenOf, globalsOf } from "../run/globals.ts";
import type { FollowRun } from "../thread-api.ts";
import type { Wish } from "./audience.ts";
import { Follower } from "./follower.ts";
import { Framer } from "./frames.ts";
import { stateOfStep } from "./step-state.ts";

type Asked = Pick<FollowRun, "modes" | "subgraphs" | "namespaces">;

/** What a follower of a run asks for; what it says nothing of is as the run was started. */
export function wishOf(run: RunRow, { modes, subgraphs, namespaces }: Asked): Wish {
  const deep = subgraphs ?? (namespaces !== undefined || run.kwargs["stream_subgraphs"] === true);
  return { modes, subgraphs: deep, ...(namespaces === undefined ? {} : { namespaces }) };
}

/** Follows a run that has begun. @param after only frames with a greater id */
export function followerOf(core: ThreadCore, run: RunRow, threadId: string, wish: Wish, after: number): Follower {
  const { runId } = run;
  const liveOf = () => (core.live?.row.runId === runId ? core.live : undefined);
  const plan = core.plan(run.graphHash);
  const root = core.past.rootOf(run);
  const look = {
    core,
    names: {
      row: run,
      threadId,
      plan,
      globals: globalsOf(plan, givenOf(run, root, threadId)),
      inputStep: inputStep(core, root),
    },
    begin: () => core.past.begin(run, liveOf()?.base),
    open: () => core.past.asked(core.store.run(runId) ?? run),
    stateOf: (row: RunRow) => stateOfStep(core, row, threadId),
  };
  const source = {
    store: core.store,
    run: () => core.store.run(runId) ?? run,
    lastSeq: () => core.lastCommit.seq,
    live: liveOf,
    watch: (listener: () => void) => core.watch(listener),
  };
  return new Follower(source, new Framer(look, wish), after);
}

/** Of runs from before there were steps their tasks say it: the input counts as step 0. */
function inputStep(core: ThreadCore, root: RunRow): number {
  const [first] = core.store.commits(root.firstSeq, root.firstSeq);
  if (first === undefined || first.shows === null) return 0;
  return first.step ?? checkpointAt(core.store, root.firstSeq)?.step ?? -1;
}

/**
 * @param after an id that a client says it has seen
 * @throws EdgewiseError `invalid_request` for one that this run has not handed out: it is another run's, or nobody's
 */
export function refuseUnknownEvent(core: ThreadCore, run: RunRow | undefined, after: number): void {
  const last = run === undefined ? -1 : lastEventOf(core, run);
  if (after <= last) return;
  const known = last < 0 ? "it has sent none yet" : `its last one is ${last}`;
  const message = `Last-Event-ID ${after} is no event of this run: ${known}. Send the id of an event of this run, or -1 for all of them.`;
  throw failure("invalid_request", message, { pointer: "/last-event-id" });
}

/** The last frame id that was given to a run. */
export function lastEventOf({ store, live, lastCommit }: ThreadCore, run: RunRow): number {
  // Taking none tells which would be next.
  if (live?.row.runId === run.runId) return live.takeEvents(0) - 1;
  const seq = run.lastSeq ?? lastCommit.seq;
  const [last] = store.commits(seq, seq);
  return Math.max(last?.lastEvent ?? -1, store.lastPiece(run.n), run.eventFloor - 1);
}
