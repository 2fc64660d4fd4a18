import type { Starter } from "../../durable-objects/scheduler-api.ts";
import { unwrap } from "../base/errors.ts";
import type { Config } from "../config.ts";
import { openDatabase } from "../storage/database.ts";
import { requireAssistant } from "./assistant-id.ts";
import { withGiven } from "./run-calls.ts";
import { RunCreate, toStartRun } from "./run-request.ts";
import { threadStub } from "./threads-port.ts";

/**
 * Starts what crons ask for, as the request for such a run would: by the assistant as it is at that moment. Its run id makes a
 * second start the first one again.
 */
export function cronStarter(config: Config): Starter {
  return {
    async start({ tenant, cronId, instant, runId, threadId, payload, onRunCompleted }) {
      const body = RunCreate.parse(payload);
      const graph = await requireAssistant(openDatabase(config.database), tenant, body.assistant_id);
      const place = { tenant, runId, threadId: threadId ?? runId };
      const ifNotExists = threadId === null ? "create" : "reject";
      const start = withGiven(toStartRun(body, graph, { ...place, ifNotExists }), graph);
      const metadata = { ...start.metadata, cron_id: cronId, cron_time: new Date(instant).toISOString() };
      const fate = threadId === null && onRunCompleted === "delete" ? { onCompletion: "delete" as const } : {};
      unwrap(await threadStub(config.threads, place).startRun({ ...start, ...fate, metadata }));
    },
  };
}
