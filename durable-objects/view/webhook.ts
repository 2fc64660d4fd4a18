import { toErrorRecord } from "../../src/base/errors.ts";
import type { JsonObject } from "../../src/base/json.ts";
import type { ThreadCore } from "../core.ts";
import type { RunRow } from "../log/rows.ts";
import type { Delivery } from "../scheduler-api.ts";
import { inputOf, interruptsOf, resultOf } from "./history.ts";
import { shownStatus } from "../thread-api.ts";
import { runView } from "./views.ts";

/** Longest JSON text of a message, in UTF-16 units: it has to fit a row on its way. */
const LONGEST_MESSAGE = 400_000;

/** What is told of a run's end to whoever asked for it; undefined where nobody did. To be called when the run has ended. */
export function webhookOf(core: ThreadCore, run: RunRow): Delivery | undefined {
  const url = run.kwargs["webhook"];
  const { row } = core.record;
  if (typeof url !== "string" || run.hidden || row === undefined) return undefined;
  const { threadId } = row;
  const { runId, graphId } = run;
  const { error, ...shown } = runView(
    run,
    threadId,
    hasBegun(run) ? inputOf(core, run) : core.queue.request(runId).input,
  );
  const body = bounded({
    ...(shown as unknown as JsonObject),
    status: shownStatus(run),
    run_started_at: hasBegun(run) ? new Date(run.createdAt).toISOString() : null,
    run_ended_at: new Date(run.updatedAt).toISOString(),
    ...valuesOf(core, run),
    ...(error === null ? {} : { error: error as unknown as JsonObject }),
  });
  return { id: `msg_${runId}`, url, threadId, runId, graphId, body, generation: 0 };
}

/** One that waited for its turn, and was cancelled, has no log. */
function hasBegun({ n }: RunRow): boolean {
  return n > 0;
}

/** The result as a wait for the run would have it, and what the run asks. */
function valuesOf(core: ThreadCore, run: RunRow): JsonObject {
  if (!hasBegun(run)) return { values: {} };
  try {
    const { asking } = core;
    const asked = asking?.row.runId === run.runId ? [...interruptsOf(asking).values()].flat() : [];
    const values = resultOf(core, run);
    return { values: asked.length === 0 ? values : { ...values, __interrupt__: asked } };
  } catch (thrown) {
    return { values: null, values_omitted: `They cannot be read: ${toErrorRecord(thrown).message}` };
  }
}

/** What is too long is left out, and said to be: first the values, then what was asked for. */
function bounded(body: JsonObject): JsonObject {
  const { length } = JSON.stringify(body);
  if (length <= LONGEST_MESSAGE) return body;
  const why = `The message would have ${length} characters of JSON, of ${LONGEST_MESSAGE}; read the thread's state.`;
  const short = { ...body, values: null, values_omitted: why };
  return JSON.stringify(short).length <= LONGEST_MESSAGE ? short : { ...short, kwargs: {} };
}
