import { failure } from "../src/base/errors.ts";
import { secureRandom, uuidv7 } from "../src/base/ids.ts";
import type { JsonObject } from "../src/base/json.ts";
import type { Outcome, Task, Write } from "../src/engine/types.ts";
import { route } from "../src/graph/route.ts";
import { lastRun } from "./commands.ts";
import type { ThreadCore } from "./core.ts";
import type { LogEntry } from "./log/entry.ts";
import { refuseTooMuch } from "./run/budget-state.ts";
import { restOf } from "./run/ending.ts";
import { givenOf } from "./run/globals.ts";
import type { LiveRun } from "./run/live-run.ts";
import { nodeIndex, quiet, writesOf } from "./run/opening.ts";
import { scopeAfter } from "./run/scope.ts";
import type { Opening } from "./run/start.ts";
import type { UpdateState } from "./thread-api.ts";
import { goingOn, hiddenRow, rehearse } from "./updates.ts";
import { frameNamed, type NamedFrame } from "./view/frame-names.ts";
import { FramePositions } from "./view/frame-positions.ts";
import { checkpointId } from "./view/identity.ts";

/** Writes from outside (R7) to what a composite does inside, while it stands still there: what goes on then sees them (R8). */

type UpdateFrame = UpdateState & { readonly namespace: string };

/**
 * @returns its checkpoint
 * @throws EdgewiseError `not_found`, `conflict` where that frame is over, `unsupported` for an older checkpoint or a node that does not
 * wait there, and what a write is refused for; nothing is written then
 */
export function updateFrame(core: ThreadCore, command: UpdateFrame): JsonObject {
  const { threadId, namespace, values, asNode } = command;
  const frame = frameNamed(core, namespace);
  refuseOld(core, command, frame);
  const last = lastRun(core);
  if (last === undefined || last.lineage !== frame.run.lineage) throw over(namespace);
  const make = (): LiveRun => core.rebuilding.at(last, restOf(last), threadId);
  const live = make();
  const { composite, frame: number } = frame.place;
  if (!live.playback.engine.framesOf(composite).some((open) => open.frame === number)) throw over(namespace);
  const runId = uuidv7(core.now(), secureRandom);
  const writes = writesOf(frame.inside, values, ["values"], runId);
  refuseTooMuch(live.playback, writes, "/values");
  const as =
    asNode === undefined ? undefined : nodeIndex(frame.inside, asNode, ["as_node"], live.scopes.globals(frame.inside));
  const row = hiddenRow(core, live.row, runId, { command, at: undefined });
  const entries: Opening = function* (run) {
    run.goOn(row, givenOf(row, run.first, threadId));
    yield { type: "run-continued" };
    yield* quiet(run);
    if (as === undefined)
      yield { type: "frame-updated", task: composite, frame: number, outcome: { ...NOTHING, writes } };
    else yield* asOutcome(run, frame, as, writes);
  };
  const rehearsed = rehearse(make(), entries, core.now());
  core.rebuilding.remember(live, row);
  core.start(live, row, goingOn(row, rehearsed, threadId), {
    ...command,
    belongsTo: { graph_id: row.graphId, assistant_id: row.assistantId },
  });
  return newestOf(core, threadId, frameNamed(core, namespace));
}

const NOTHING: Outcome = { writes: [], takes: [], sends: [] };

function* asOutcome(
  run: LiveRun,
  { inside, prefix }: NamedFrame,
  as: number,
  writes: readonly Write[],
): Iterable<LogEntry> {
  const { engine } = run.playback;
  const isHere = ({ id, node }: Task) => node === as && id.startsWith(prefix) && !id.slice(prefix.length).includes("/");
  const flight = engine
    .inFrames()
    .find(({ task, state }) => isHere(task) && (state === "waiting" || state === "failed"));
  if (flight === undefined) {
    const text = `Inside of a node an update may be the outcome of what waits or has failed there; "${inside.nodes[as]?.id ?? ""}" does not. Leave "as_node" out to write to its state.`;
    throw failure("unsupported", text, { pointer: "/as_node" });
  }
  const { id } = flight.task;
  yield { type: "task-resumed", task: id };
  const task = engine.task(id) ?? flight.task;
  const outcome = { ...route(inside, as, scopeAfter(inside, run.scopes.of(task), writes)), writes } as Outcome;
  yield { type: "task-succeeded", task: id, attempt: 1, outcome };
}

/** The newest checkpoint counts as none given: clients send the state's own along. */
function refuseOld(core: ThreadCore, { threadId, checkpointId: id }: UpdateFrame, frame: NamedFrame): void {
  if (id === undefined || newestOf(core, threadId, frame)["checkpoint_id"] === id) return;
  const text = "What a node does inside can be written to as it stands now, not at an older checkpoint.";
  throw failure("unsupported", text, { pointer: "/checkpoint/checkpoint_id" });
}

function newestOf(core: ThreadCore, threadId: string, { run, segments, place, namespace }: NamedFrame): JsonObject {
  const positions = new FramePositions(core, threadId, run, segments);
  const head = positions.of(place).at(-1);
  if (head === undefined) throw over(namespace);
  return { ...positions.view(place, head), checkpoint_id: checkpointId(threadId, head) };
}

function over(namespace: string): Error {
  const text = `What "${namespace}" did is over, or was left: there is nothing to write to any more.`;
  return failure("conflict", text, { pointer: "/checkpoint/checkpoint_ns" });
}
