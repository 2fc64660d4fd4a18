import type { JsonObject } from "../../src/base/json.ts";
import type { RunRow } from "../log/rows.ts";
import { REQUEST_HASH, type StartRun } from "../thread-api.ts";

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
  const { graph, config, context, streamMode, requestHash, budget } = command;
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
    kwargs: {
      config,
      context,
      stream_mode: [...streamMode],
      ...(budget === undefined ? {} : { budget: { ...budget } }),
      ...place.used,
      ...(requestHash === undefined ? {} : { [REQUEST_HASH]: requestHash }),
    },
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
