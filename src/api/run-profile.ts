import { createRoute, z } from "@hono/zod-openapi";
import { answers, jsonAnswer, newRouter, sendJson, Uuid } from "./routing.ts";
import { Run } from "./views.ts";

const time = z.iso.datetime();
const ms = z.int();
const node = z.string().openapi({ description: "In a frame with the nodes around it: `summaries/draft`." });
const share = z.number().openapi({ description: "Of the run's whole time, 0 to 1." });

const TaskProfile = z
  .object({
    task: z.string(),
    node,
    status: z.enum(["succeeded", "failed", "open"]),
    ready_at: time,
    started_at: time.nullable().openapi({ description: "Later than `ready_at` where it waited for a slot." }),
    ended_at: time.nullable(),
    duration_ms: ms.nullable().openapi({ description: "From start to end, retries and their delays included." }),
    attempts: z.int(),
    input_tokens: z.int(),
    output_tokens: z.int(),
    unit: z.string(),
    cost_usd: z.number().nullable(),
  })
  .openapi("TaskProfile");
const PathStep = z
  .object({ task: z.string().nullable(), node: node.nullable(), from: time, to: time, ms, share })
  .openapi("PathStep", {
    description:
      "From the commit that let a task begin to the one that ended it; `task` is null for what came from outside.",
  });
export const RunProfile = z
  .object({
    run_id: Uuid,
    thread_id: Uuid,
    status: Run.shape.status,
    graph: Run.shape.graph,
    started_at: time,
    last_commit_at: time.openapi({ description: "The run's end, or how far it has come." }),
    duration_ms: ms,
    tasks: z.array(TaskProfile).openapi({ description: "In the order in which they were made ready." }),
    omitted_tasks: z.int(),
    critical_path: z.array(PathStep).openapi({
      description: "The chain of commits that determined the last one; its pieces follow each other without a gap.",
    }),
    omitted_steps: z.int().openapi({ description: "Steps of the path before those listed." }),
    bottleneck: z
      .object({ node, ms, share })
      .nullable()
      .openapi({ description: "The node that most of the critical path went to, with all its tasks on it." }),
    concurrency: z
      .object({ max: z.int(), mean: z.number() })
      .openapi({ description: "Tasks performed at once; what waits, or only has frames, is not counted." }),
  })
  .openapi("RunProfile");

const getProfile = createRoute({
  method: "get",
  path: "/threads/{thread_id}/runs/{run_id}/profile",
  tags: ["Runs"],
  summary: "See where a run's time went",
  description: "From its log: each task's times and use, the critical path, the bottleneck and the concurrency.",
  request: { params: z.object({ thread_id: Uuid, run_id: Uuid }) },
  responses: answers({ 200: jsonAnswer("The profile; of a run that goes on, as far as it has come.", RunProfile) }),
});

export const runProfile = newRouter().openapi(getProfile, async (c) => {
  const { thread_id: threadId, run_id: runId } = c.req.valid("param");
  const place = { tenant: c.var.tenant, threadId, runId };
  return sendJson(c, await c.var.threads.surely(place, (thread) => thread.profileRun(place)));
});
