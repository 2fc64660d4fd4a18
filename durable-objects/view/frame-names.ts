import { failure } from "../../src/base/errors.ts";
import type { TaskId } from "../../src/engine/types.ts";
import type { Plan } from "../../src/graph/plan.ts";
import type { ThreadCore } from "../core.ts";
import { type FramePlace, frameOf, nodeOf, prefixOf } from "../log/places.ts";
import type { RunRow } from "../log/rows.ts";
import type { Segment } from "../run/past.ts";
import { taskUuid } from "./identity.ts";

/**
 * A frame's name: `node:<task's UUID>`, of a composite that has many with `:<number>` behind it, and after a `|` what is inside
 * of it. Tasks keep their names when a run goes on, so frames do.
 */
export function namespaceOf(plan: Plan, lineage: string, place: FramePlace): string {
  const name = compositeName(plan, lineage, place.composite);
  return nodeOf(plan, place.composite).many === true ? `${name}:${place.frame}` : name;
}

/** The same without the number: that of its one frame, or with what those of its many frames begin. */
export function compositeName(plan: Plan, lineage: string, composite: TaskId): string {
  const own = `${nodeOf(plan, composite).id}:${taskUuid(lineage, composite)}`;
  const around = frameOf(composite);
  return around === undefined ? own : `${namespaceOf(plan, lineage, around)}|${own}`;
}

/** A frame that was announced, and the runs in which it is. */
export interface NamedFrame {
  readonly namespace: string;
  readonly place: FramePlace;
  /** With which the names of its tasks begin. */
  readonly prefix: string;
  /** Of the run, and of the frame. */
  readonly plan: Plan;
  readonly inside: Plan;
  /** The newest run in which it may have gone on. */
  readonly run: RunRow;
  /** That run, behind what it goes on from. */
  readonly segments: readonly Segment[];
}

const INNERMOST = /(?:^|\|)[^|:]+:([0-9a-f-]{36})(?::(\d{1,9}))?$/;

/**
 * The frame that a name means. Finding it is a scan of rows; each fork has names of its own.
 * @throws EdgewiseError `not_found`
 */
export function frameNamed(core: ThreadCore, namespace: string): NamedFrame {
  const [, uuid, frame = "0"] = INNERMOST.exec(namespace) ?? [];
  const at = uuid === undefined ? undefined : announced(core, uuid);
  if (at === undefined) throw noFrame(namespace);
  const plan = core.plan(at.run.graphHash);
  const place = { composite: at.task, frame: Number(frame) };
  const { inside } = nodeOf(plan, place.composite);
  if (inside === undefined || namespaceOf(plan, at.run.lineage, place) !== namespace) throw noFrame(namespace);
  const segments = segmentsOf(core, at.run);
  return { namespace, place, prefix: prefixOf(plan, place), plan, inside, run: at.run, segments };
}

export function noFrame(namespace: string): Error {
  const text = `No frame "${namespace}" has begun. The tasks of a state name theirs, in checkpoint.checkpoint_ns or frames.`;
  return failure("not_found", text, { pointer: "/checkpoint/checkpoint_ns" });
}

/** A run's log, what it goes on from first. */
export function segmentsOf(core: ThreadCore, run: RunRow): readonly Segment[] {
  return [...core.past.before(run), { row: run, to: run.lastSeq ?? core.lastCommit.seq }];
}

interface Found {
  readonly task: string;
  readonly run: RunRow;
}

/** Its task's name is made of the run's, or of that of what the run goes on from; a fork has names of its own for all it has. */
function announced(core: ThreadCore, uuid: string): Found | undefined {
  const continuing = core.store.continuingRuns();
  const lineages = new Map<number, string>();
  for (const { seq, run, task } of core.store.announcements(1, core.lastCommit.seq)) {
    const lineage = lineages.get(run) ?? core.store.runAt(seq)?.lineage ?? "";
    lineages.set(run, lineage);
    if (taskUuid(lineage, task) !== uuid) continue;
    const newest = continuing.find((row) => row.lineage === lineage) ?? core.store.runAt(seq);
    return newest && { task, run: newest };
  }
  const seen = new Set<string>();
  for (const run of continuing) {
    if (seen.has(run.lineage)) continue;
    seen.add(run.lineage);
    for (const { row, to } of core.past.before(run))
      for (const { task } of core.store.announcements(row.firstSeq, to))
        if (taskUuid(run.lineage, task) === uuid) return { task, run };
  }
  return undefined;
}
