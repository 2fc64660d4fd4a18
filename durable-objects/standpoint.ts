import type { ThreadCore } from "./core.ts";
import type { LogEntry } from "./log/entry.ts";
import type { Standing } from "./log/rows.ts";
import { checkpointAt } from "./log/standing.ts";
import { restOf } from "./run/ending.ts";
import { checkpointCommit } from "./view/identity.ts";

/** Where a run stands that was told a checkpoint. */
export interface Standpoint {
  /** The commit that it goes on from: what branches had finished beyond the checkpoint's step stays done. */
  readonly seq: number;
  /** The checkpoint's number. */
  readonly step: number;
  /** Of a run that goes on from there. */
  readonly from: Standing;
  /** Of one that begins anew, on the values that the checkpoint shows. */
  readonly anew: Standing;
}

/**
 * Undefined: at the thread's newest, also where its id is given: clients send it along.
 * @throws EdgewiseError `not_found` for an id of no checkpoint
 */
export function standpoint(core: ThreadCore, threadId: string, id: string | undefined): Standpoint | undefined {
  if (id === undefined) return undefined;
  const { seq, step, part, shows, isUnshown } = checkpointCommit(core.store, threadId, id, "/checkpoint_id");
  const newest = checkpointAt(core.store, core.lastCommit.seq);
  if (newest?.seq === seq && newest.part === part) return undefined;
  const run = core.store.runAt(seq);
  // Nobody goes on from a cancel, which drops what was in flight.
  const goesOnAt = run === undefined ? seq : Math.min(seq, restOf(run));
  const isLast = part === shows - 1;
  const named = isUnshown ? {} : { shown: { seq, part } };
  return {
    seq: goesOnAt,
    step,
    from: { seq: goesOnAt, anew: false, ...(goesOnAt === seq && isLast ? {} : named) },
    anew: { seq, anew: true, ...(run?.lastSeq === seq && isLast ? {} : named) },
  };
}

/** Where an answer stands that is given at a checkpoint. */
export function answeredAt(core: ThreadCore, at: Standpoint): Standpoint {
  const seq = askedBy(core, at.seq);
  return seq === at.seq ? at : { ...at, seq, from: { ...at.from, seq, shown: at.from.shown ?? shownAt(core, at) } };
}

function shownAt({ store }: ThreadCore, { seq, step }: Standpoint): { readonly seq: number; readonly part: number } {
  const here = store.checkpoints.heads(seq, seq).find((checkpoint) => checkpoint.step === step);
  return { seq, part: here?.part ?? 0 };
}

/** An answer given at a checkpoint is for what was asked there, before anything else was: a question follows its checkpoint. */
function askedBy(core: ThreadCore, checkpoint: number): number {
  let asked = checkpoint;
  for (let run = core.store.runAt(checkpoint); run !== undefined; run = core.past.next(run))
    for (const { seq, step, entry } of core.store.commits(
      Math.max(checkpoint + 1, run.firstSeq),
      run.lastSeq ?? core.lastCommit.seq,
    )) {
      if (!precedesAnswers(entry)) return asked;
      if (entry.type === "task-waiting" && entry.ask !== undefined) asked = seq;
      if (step !== null) return asked;
    }
  return asked;
}

/** What comes of itself and leaves nothing in doubt. */
const OF_ITSELF: ReadonlySet<LogEntry["type"]> = new Set([
  "run-continued",
  "task-waiting",
  "task-succeeded",
  "frames-announced",
  "frames-extended",
  "frame-started",
  "frame-failed",
  "step-recorded",
]);

function precedesAnswers(entry: LogEntry): boolean {
  if (entry.type === "task-resumed") return entry.answer === undefined && entry.signal === undefined;
  return OF_ITSELF.has(entry.type);
}
