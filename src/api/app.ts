import { cors } from "hono/cors";
import { methodNotAllowed } from "hono/method-not-allowed";
import { failure } from "../base/errors.ts";
import { readConfig } from "../config.ts";
import { nodeKinds } from "../nodes/registry.ts";
import type { NodeKinds } from "../nodes/registry.ts";
import { openDatabase } from "../storage/database.ts";
import { storageFailure } from "../storage/failure.ts";
import { assistantGraph } from "./assistant-graph.ts";
import { assistantSearch } from "./assistant-search.ts";
import { assistantVersions } from "./assistant-versions.ts";
import { assistants } from "./assistants.ts";
import { authentication } from "./auth.ts";
import { jsonBodies, plainBodies } from "./body.ts";
import type { ApiContext } from "./context.ts";
import { crons } from "./crons.ts";
import { deadLetters } from "./dead-letters.ts";
import { description } from "./description.ts";
import { graphDiff } from "./graph-diff.ts";
import { graphEstimate } from "./graph-estimate.ts";
import { graphFix } from "./graph-fix.ts";
import { graphImport } from "./graph-import.ts";
import { graphMerge } from "./graph-merge.ts";
import { graphPreview } from "./graph-preview.ts";
import { graphVersions } from "./graph-versions.ts";
import { graphs } from "./graphs.ts";
import { interrupts } from "./interrupts.ts";
import { keys } from "./keys.ts";
import { meta } from "./meta.ts";
import { problemResponse, recordOf } from "./problem.ts";
import { responseHeaders } from "./response-headers.ts";
import { type ApiRouter, newRouter } from "./routing.ts";
import { runBatch } from "./run-batch.ts";
import { runCancel } from "./run-cancel.ts";
import { runPaths } from "./run-paths.ts";
import { runProfile } from "./run-profile.ts";
import { signals } from "./signals.ts";
import { runs } from "./runs.ts";
import { store } from "./store.ts";
import { threadCommits } from "./thread-commits.ts";
import { threadDiff } from "./thread-diff.ts";
import { threadCopies } from "./thread-copies.ts";
import { threadSearch } from "./thread-search.ts";
import { threadState } from "./thread-state.ts";
import { threadStream } from "./thread-stream.ts";
import { threadUpdates } from "./thread-updates.ts";
import { threads } from "./threads.ts";
import { threadsPort } from "./threads-port.ts";
import { truncation } from "./truncate.ts";
import { webhookSecret } from "./webhook-secret.ts";

/** What browsers' scripts may read of an answer; LangGraph's clients live by the first two. */
const EXPOSED = [
  "content-location",
  "location",
  "x-pagination-total",
  "x-pagination-next",
  "x-request-id",
  "retry-after",
];

/** The whole HTTP API. Order matters: headers and CORS also go on refusals, and no body is read before its sender is known. */
export function createApp(kinds: NodeKinds = nodeKinds): ApiRouter {
  const app = newRouter();
  app.onError((error, c) => sendProblem(c, error));
  app.notFound((c) => sendProblem(c, failure("not_found", `There is nothing at ${c.req.path}.`)));
  app.use(responseHeaders);
  app.use(cors({ origin: "*", exposeHeaders: EXPOSED, maxAge: 86_400 }));
  app.use(async (c, next) => {
    const config = readConfig(c.env);
    c.set("config", config);
    c.set("database", openDatabase(config.database));
    c.set("threads", threadsPort(config.threads, pause));
    c.set("kinds", kinds);
    return next();
  });
  app.use(authentication);
  app.use(methodNotAllowed({ app, onMethodNotAllowed: refuseMethod }));
  app.use(plainBodies);
  app.route("/", meta);
  app.route("/", description(app));
  for (const router of [graphs, graphVersions, graphDiff, graphPreview, graphImport, graphFix]) app.route("/", router);
  app.use(jsonBodies);
  for (const router of [graphMerge, graphEstimate]) app.route("/", router);
  for (const router of [
    keys,
    assistantSearch,
    assistants,
    assistantVersions,
    assistantGraph,
    threadSearch,
    threadCopies,
    threads,
    threadState,
    threadUpdates,
    threadDiff,
    threadCommits,
  ]) {
    app.route("/", router);
  }
  // Before the runs: a path of theirs would take "crons" for a run.
  for (const router of [crons, webhookSecret]) app.route("/", router);
  for (const router of [store, truncation]) app.route("/", router);
  for (const router of [
    runs,
    runBatch,
    runCancel,
    runPaths,
    threadStream,
    runProfile,
    signals,
    interrupts,
    deadLetters,
  ])
    app.route("/", router);
  return app;
}

function pause(delayMs: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, delayMs));
}

function refuseMethod(c: ApiContext, methods: readonly string[]): Response {
  const allow = [...methods, "OPTIONS"].join(", ");
  const text = `${c.req.path} does not take ${c.req.method}; it takes ${allow}.`;
  const response = sendProblem(c, failure("method_not_allowed", text));
  response.headers.set("allow", allow);
  return response;
}

function sendProblem(c: ApiContext, thrown: unknown): Response {
  const error = storageFailure(thrown) ?? thrown;
  const record = recordOf(error);
  // The one log line of a fault of ours; the client is told the request's id only.
  if (record.code === "internal") console.error(`request ${c.var.requestId}:`, error);
  return problemResponse(record, { method: c.req.method, path: c.req.path });
}
