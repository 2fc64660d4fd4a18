import type { Topology } from "../graph/topology.ts";
import type { Stamp } from "./order.ts";

/** R4 and R7 as a question about two commits: had `reader` seen `commit` when it was made ready? */
export function hasSeen(topology: Topology, reader: Stamp, commit: Stamp): boolean {
  if (commit.committedAt < 0) return false;
  let task = reader;
  // R11: a task of an each node saw what its cause saw and wrote; causes of each nodes form short chains.
  while (task.kind === "each") {
    if (commit.kind === "outside" && commit.outsideSeen < task.outsideSeen) return true;
    if (task.cause === undefined) return false;
    if (task.cause === commit) return true;
    task = task.cause;
  }
  if (commit.kind === "outside") return commit.outsideSeen < task.outsideSeen;
  // R7: a write from outside is ordered after all that was committed before it, and so has the last word over it.
  if (task.kind === "outside") return commit.committedAt < task.committedAt;
  if (commit.committedAt >= task.readyAt) return false;
  if (commit.node === task.node || topology.reaches(commit.node, task.node)) return true;
  return isOfEarlierTurn(topology, task, commit);
}

/** R4: when a turn begins nothing of its loop is in flight, so what was committed before it is of an earlier turn. */
function isOfEarlierTurn(topology: Topology, task: Stamp, commit: Stamp): boolean {
  const loops = topology.sharedLoops(commit.node, task.node);
  for (let loop = 0; loop < loops; loop += 1) {
    if (commit.committedAt < (task.turnsBeganAt[loop] ?? 0)) return true;
  }
  return false;
}
