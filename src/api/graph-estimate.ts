import { createRoute, z } from "@hono/zod-openapi";
import type { RunProfile } from "../../durable-objects/thread-api.ts";
import { failure } from "../base/errors.ts";
import { estimate } from "../graph/describe/estimate.ts";
import { type GraphVersionRow, graphVersion, shownGraph } from "../storage/graphs.ts";
import type { ApiContext } from "./context.ts";
import { GraphPath, unknownGraph, VersionNumber } from "./graph-views.ts";
import { callsOf, type Observed, observe } from "./recorded-runs.ts";
import { answers, jsonAnswer, jsonBody, newRouter, sendJson, Uuid } from "./routing.ts";
import { planOf } from "./stored-plan.ts";

const MOST_RUNS = 20;

const BoundView = z.object({
  value: z.number().nullable().openapi({ description: "null: nobody can say." }),
  reason: z.string(),
});
const RangeView = z.object({ low: BoundView, high: BoundView }).openapi("EstimateRange");
const each = { calls: RangeView, input_tokens: RangeView, output_tokens: RangeView, cost_usd: RangeView };
const SpreadView = z.object({ min: z.number(), median: z.number(), max: z.number() });
const ObservedView = z
  .object({
    node: z.string().openapi({ description: "In a frame with the nodes around it: `summaries/draft`." }),
    calls: SpreadView.openapi({ description: "In one run." }),
    duration_ms: SpreadView.nullable().openapi({ description: "Of one call, retries included." }),
    input_tokens: SpreadView.nullable(),
    output_tokens: SpreadView.nullable(),
    cost_usd: SpreadView.nullable().openapi({ description: "null: the price of some call is not known." }),
  })
  .openapi("ObservedNode");
export const GraphEstimate = z
  .object({
    graph_id: z.string(),
    version: z.int(),
    ...each,
    duration_ms: RangeView,
    nodes: z.array(z.object({ node: z.string(), ...each, call_ms: RangeView })),
    observed: z.array(ObservedView).openapi({ description: "What the runs named took; empty where none are." }),
  })
  .openapi("GraphEstimate");

const answer = answers({ 200: jsonAnswer("Ranges, each bound with its reason.", GraphEstimate) });
const query = z.object({ version: VersionNumber.optional() });
const tags = ["Graphs"];

const estimateGraph = createRoute({
  method: "get",
  path: "/graphs/{graph_id}/estimate",
  tags,
  summary: "Estimate what a run takes",
  description: "Calls, tokens, money and time of a run that succeeds, from the structure of the graph alone.",
  request: { params: GraphPath, query },
  responses: answer,
});

const estimateFromRuns = createRoute({
  method: "post",
  path: "/graphs/{graph_id}/estimate",
  tags,
  summary: "Estimate what a run takes, from runs there were",
  description: "As without runs, with what each node took in those named: runs of this version that succeeded.",
  request: {
    params: GraphPath,
    query,
    body: jsonBody(
      z.object({
        runs: z
          .array(z.object({ thread_id: Uuid, run_id: Uuid }))
          .max(MOST_RUNS)
          .default([]),
      }),
    ),
  },
  responses: answer,
});

export const graphEstimate = newRouter()
  .openapi(estimateGraph, async (c) => {
    const row = await requireShown(c, c.req.valid("param").graph_id, c.req.valid("query").version);
    return sendEstimate(c, row, []);
  })
  .openapi(estimateFromRuns, async (c) => {
    const row = await requireShown(c, c.req.valid("param").graph_id, c.req.valid("query").version);
    const places = new Map(c.req.valid("json").runs.map((run) => [`${run.thread_id} ${run.run_id}`, run]));
    const profiles = await Promise.all(
      [...places.values()].map(({ thread_id: threadId, run_id: runId }) => {
        const place = { tenant: c.var.tenant, threadId, runId };
        return c.var.threads.surely(place, (thread) => thread.profileRun(place));
      }),
    );
    for (const profile of profiles) refuseOther(row, profile);
    return sendEstimate(c, row, profiles);
  });

async function requireShown(c: ApiContext, graphId: string, version: string | undefined): Promise<GraphVersionRow> {
  const { database, tenant } = c.var;
  const row = await (version === undefined
    ? shownGraph(database, tenant, graphId)
    : graphVersion(database, tenant, graphId, Number(version)));
  if (row === undefined) throw unknownGraph(graphId);
  return row;
}

/** What another graph took, or half a run, says nothing of a run that succeeds. */
function refuseOther(row: GraphVersionRow, { run_id: runId, graph, status }: RunProfile): void {
  const text =
    graph.hash !== row.hash
      ? `Run ${runId} was of version ${graph.version} of graph "${graph.graph_id}", not of version ${row.version} of "${row.graphId}".`
      : status !== "success"
        ? `Run ${runId} is not one that succeeded: its status is "${status}".`
        : undefined;
  if (text !== undefined) throw failure("invalid_request", text, { pointer: "/runs" });
}

function sendEstimate(c: ApiContext, row: GraphVersionRow, profiles: readonly RunProfile[]): Response {
  const { kinds } = c.var;
  const history = profiles.flatMap(callsOf);
  const view = toEstimate(row, estimate(planOf(row, kinds), kinds, history), observe(profiles));
  return sendJson(c, view);
}

function toEstimate(
  row: GraphVersionRow,
  { calls, inputTokens, outputTokens, costUsd, durationMs, nodes }: ReturnType<typeof estimate>,
  observed: readonly Observed[],
) {
  return {
    graph_id: row.graphId,
    version: row.version,
    calls,
    input_tokens: inputTokens,
    output_tokens: outputTokens,
    cost_usd: costUsd,
    duration_ms: durationMs,
    nodes: nodes.map((node) => ({
      node: node.node,
      calls: node.calls,
      input_tokens: node.inputTokens,
      output_tokens: node.outputTokens,
      cost_usd: node.costUsd,
      call_ms: node.callMs,
    })),
    observed,
  };
}
