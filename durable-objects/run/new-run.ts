import type { Json, JsonObject } from "../../src/base/json.ts";
import type { RunRow } from "../log/rows.ts";
import { type BreakpointNodes, REQUEST_HASH, type StartRun } from "../thread-api.ts";

/** Where a run stands in its thread. */
export interface Place {
  readonly n: number;
  readonly firstSeq: number;
  readonly now: number;
  readonly from: RunRow["from"];
  readonly lineage?: string;
  readonly hidden?: boolean;
  /** For its kwargs: what of its limits was used before it, where its log does not tell. */
  readonly used?: JsonObject;
}

/** The row of a run that begins with the thread's next commit. */
export function newRun(command: StartRun, place: Place): RunRow {
  const { graph, config, context, streamMode } = command;
  return {
    n: place.n,
    runId: command.runId,
    status: "running",
    assistantId: command.assistantId,
    graphId: graph.graphId,
    graphVersion: graph.version,
    graphHash: graph.hash,
    metadata: command.metadata,
    // Not the input: that is the run's first commit.
    kwargs: { config, context, stream_mode: [...streamMode], ...askedFor(command), ...place.used },
    createdAt: place.now,
    updatedAt: place.now,
    firstSeq: place.firstSeq,
    lastSeq: null,
    eventFloor: 0,
    usage: null,
    error: null,
    lineage: place.lineage ?? command.runId,
    from: place.from,
    hidden: place.hidden ?? false,
  };
}

/** Longer than this a command is left out: the run's first commits say what came of it. */
const LONGEST_COMMAND = 50_000;

/** What is asked for now and then: absent where it is not. */
function askedFor(command: StartRun): JsonObject {
  const { budget, requestHash, interruptBefore, interruptAfter, onCompletion, multitask, webhook, streamSubgraphs } =
    command;
  const kept = {
    budget: budget && { ...budget },
    command: commandOf(command),
    checkpoint_id: command.checkpointId,
    interrupt_before: listed(interruptBefore),
    interrupt_after: listed(interruptAfter),
    on_completion: onCompletion,
    multitask_strategy: multitask === "reject" ? undefined : multitask,
    webhook,
    stream_subgraphs: streamSubgraphs === true ? true : undefined,
    [REQUEST_HASH]: requestHash,
  };
  return Object.fromEntries(Object.entries(kept).filter((entry): entry is [string, Json] => entry[1] !== undefined));
}

function listed(nodes: BreakpointNodes | undefined): Json | undefined {
  return nodes === undefined || nodes === "*" ? nodes : [...nodes];
}

/** In the form in which clients send it. */
function commandOf({ command }: StartRun): Json | undefined {
  if (command === undefined) return undefined;
  const { resume, update, goto } = command;
  const said: JsonObject = {
    ...(resume === undefined ? {} : { resume: "byId" in resume ? resume.byId : resume.value }),
    ...(update === undefined ? {} : { update: update.map(([name, value]) => [name, value]) }),
    ...(goto === undefined ? {} : { goto: goto.map((target) => ({ ...target })) }),
  };
  return JSON.stringify(said).length > LONGEST_COMMAND ? undefined : said;
}
