/** Both lines of the published client: 1.15.0 is the living one, 2.0.0 what an install without a range hands out. */
export const VERSIONS = ["1.15.0", "2.0.0"] as const;
export type Version = (typeof VERSIONS)[number];

/** A method of the published clients, or a part of the protocol that is none, with the fields that must be proved. */
export interface Item {
  /** Names of the client's own fields; of a stream the events. */
  readonly fields: readonly string[];
  /** The methods or fields that only 1.15.0 has. */
  readonly newer?: true | readonly string[];
  /** Works in another way than on a LangGraph server: field (or "" for the method) → how. */
  readonly differs?: Readonly<Record<string, string>>;
  /** Not offered: field (or "" for the method) → why. */
  readonly absent?: Readonly<Record<string, string>>;
}

const CRON = [
  "schedule",
  "input",
  "config",
  "context",
  "metadata",
  "interruptBefore",
  "interruptAfter",
  "webhook",
  "durability",
  "enabled",
  "timezone",
  "endTime",
  "onRunCompleted",
  "streamMode",
  "streamSubgraphs",
  "streamResumable",
];
const CRON_NEWER = ["timezone", "endTime", "streamMode", "streamSubgraphs", "streamResumable", "durability"];
const NO_EFFECT = "taken and without effect: what was acknowledged is on disk, always";
const NO_BUFFER = "taken and without effect: every stream can be resumed, from the log";
const SOON = "what a run changed is found some 50 ms after it (`get` and `getState` are never late)";
const NO_UI = "not offered: generative UI is served by nobody here (404, which clients take for none)";
const V2 = "not offered yet: the protocol of `@langchain/react` (v2) is an issue of its own";

/** Every method and field of the contract. A method of the clients that is not here fails the tests. */
export const CONTRACT: Readonly<Record<string, Item>> = {
  "assistants.get": { fields: [] },
  "assistants.getGraph": { fields: ["xray"] },
  "assistants.getSchemas": { fields: [] },
  "assistants.getSubgraphs": { fields: ["namespace", "recurse"] },
  "assistants.create": {
    fields: ["graphId", "config", "context", "metadata", "assistantId", "ifExists", "name", "description"],
    differs: { "": "config, context and metadata together at most 256 Ki characters (413)" },
  },
  "assistants.update": {
    fields: ["graphId", "config", "context", "metadata", "name", "description"],
    differs: { "": "a graph's own assistant stays of that graph (403)" },
  },
  "assistants.delete": {
    fields: ["deleteThreads"],
    newer: ["deleteThreads"],
    differs: { "": "a graph's own assistant is not deleted (403)" },
  },
  "assistants.search": {
    fields: ["graphId", "name", "metadata", "limit", "offset", "sortBy", "sortOrder", "select", "includePagination"],
  },
  "assistants.count": { fields: ["metadata", "graphId", "name"] },
  "assistants.getVersions": { fields: ["metadata", "limit", "offset"] },
  "assistants.setLatest": { fields: [] },
  "threads.get": { fields: ["include"], newer: ["include"] },
  "threads.create": {
    fields: ["metadata", "graphId", "threadId", "ifExists", "supersteps", "ttl"],
    differs: { ttl: "works; its strategy is `delete`" },
  },
  "threads.copy": { fields: [], differs: { "": "runs are copied too; 409 while one is live" } },
  "threads.update": { fields: ["metadata", "ttl", "returnMinimal"], newer: ["returnMinimal"] },
  "threads.delete": { fields: [] },
  "threads.prune": {
    fields: ["strategy"],
    newer: true,
    differs: { strategy: "works; with `keep_latest` older runs go as well" },
  },
  "threads.search": {
    fields: ["metadata", "ids", "limit", "offset", "status", "sortBy", "sortOrder", "select", "values", "extract"],
    newer: ["extract"],
    differs: { "": SOON },
  },
  "threads.count": { fields: ["metadata", "values", "status"], differs: { "": SOON } },
  "threads.getState": { fields: ["checkpoint", "subgraphs", "select"], newer: ["select"] },
  "threads.updateState": {
    fields: ["values", "checkpoint", "checkpointId", "asNode"],
    differs: { asNode: "works; without it nothing is activated (LangGraph guesses who wrote last)" },
  },
  "threads.patchState": { fields: ["metadata"], differs: { metadata: "goes to the thread: checkpoints never change" } },
  "threads.getHistory": {
    fields: ["limit", "before", "metadata", "checkpoint", "select"],
    newer: ["select"],
    differs: { checkpoint: "its namespace is looked at, its id is not: `before` goes back from an id" },
  },
  "threads.joinStream": { fields: ["lastEventId", "streamMode"] },
  "threads.stream": { fields: [], newer: true, absent: { "": V2 } },
  "runs.create": { fields: ["onRunCreated"] },
  "runs.stream": {
    fields: ["onRunCreated", "streamNamespaces", "streamIdleReconnect"],
    newer: ["streamNamespaces", "streamIdleReconnect"],
  },
  "runs.wait": { fields: ["raiseError", "onRunCreated"] },
  "runs.createBatch": { fields: [] },
  "runs.list": { fields: ["limit", "offset", "status", "select"], newer: ["select"] },
  "runs.get": { fields: [] },
  "runs.cancel": { fields: ["wait", "action", "reason"], newer: ["reason"] },
  "runs.cancelMany": { fields: ["threadId", "runIds", "status", "action"], newer: true },
  "runs.join": { fields: ["cancelOnDisconnect"], newer: ["cancelOnDisconnect"] },
  "runs.joinStream": {
    fields: [
      "lastEventId",
      "streamMode",
      "cancelOnDisconnect",
      "streamNamespaces",
      "checkpointId",
      "streamIdleReconnect",
    ],
    newer: ["streamNamespaces", "checkpointId", "streamIdleReconnect"],
    differs: { checkpointId: "taken and without effect: a run has one stream" },
  },
  "runs.delete": { fields: [] },
  // What `runs.create`, `runs.stream` and `runs.wait` take alike.
  "a run's body": {
    fields: [
      "input",
      "command.resume",
      "command.update",
      "command.goto",
      "config",
      "context",
      "metadata",
      "streamMode",
      "streamSubgraphs",
      "streamResumable",
      "feedbackKeys",
      "interruptBefore",
      "interruptAfter",
      "checkpoint",
      "checkpointId",
      "webhook",
      "strictResume",
      "multitaskStrategy",
      "onCompletion",
      "onDisconnect",
      "afterSeconds",
      "ifNotExists",
      "checkpointDuring",
      "durability",
      "_langsmithTracer",
    ],
    newer: ["strictResume"],
    differs: {
      streamResumable: NO_BUFFER,
      checkpointDuring: NO_EFFECT,
      durability: NO_EFFECT,
      ifNotExists: "works; a thread that is missing is 404 (there 422)",
      onCompletion:
        "works; for five minutes the run's own paths still answer, for who lost the connection; a failed run's thread is kept",
      webhook: "works; signed (Standard Webhooks) and tried again for 17½ hours; a private address is 403",
      feedbackKeys: "taken and without effect: there is no LangSmith behind it, so no `feedback` event comes",
      _langsmithTracer: "taken and without effect: nothing is sent to LangSmith",
    },
  },
  "crons.createForThread": { fields: CRON.filter((name) => name !== "onRunCompleted"), newer: CRON_NEWER },
  "crons.create": { fields: CRON, newer: CRON_NEWER },
  "crons.update": { fields: CRON, newer: true },
  "crons.delete": { fields: [] },
  "crons.search": {
    fields: ["assistantId", "threadId", "enabled", "limit", "offset", "sortBy", "sortOrder", "select", "metadata"],
    newer: ["enabled", "metadata"],
  },
  "crons.count": { fields: ["assistantId", "threadId", "metadata"], newer: ["metadata"] },
  "store.putItem": { fields: ["index", "ttl"] },
  "store.getItem": { fields: ["refreshTtl"] },
  "store.deleteItem": { fields: [] },
  "store.searchItems": {
    fields: ["filter", "limit", "offset", "query", "refreshTtl"],
    differs: {
      "": "items come by namespace and key; an unknown operator is 400",
      query: "ignored without an index, as there; search by meaning is not offered yet",
    },
  },
  "store.listNamespaces": { fields: ["prefix", "suffix", "maxDepth", "limit", "offset"] },
  "~ui.getComponent": { fields: [], absent: { "": NO_UI } },
  // What is no method.
  "a stream's events": {
    fields: [
      "metadata",
      "values",
      "updates",
      "messages",
      "messages/metadata",
      "messages/partial",
      "messages/complete",
      "custom",
      "tasks",
      "checkpoints",
      "debug",
      "events",
      "tools",
      "error",
      "__interrupt__",
      "mode|namespace",
    ],
  },
  "a stream that is cut": {
    fields: ["Last-Event-ID", "Location", "Content-Location", "reconnect", "kill -9", "two followers", "heartbeat"],
  },
  "the server": { fields: ["GET /ok", "GET /info", "x-api-key", "x-* headers", "CORS", "Idempotency-Key"] },
  RemoteGraph: {
    fields: [
      "invoke",
      "stream",
      "subgraphs",
      "interrupt and Command",
      "getState",
      "updateState",
      "getStateHistory",
      "getGraphAsync",
      "getSubgraphsAsync",
      "error",
      "as a node",
    ],
  },
  "useStream (@langchain/langgraph-sdk/react)": {
    fields: [
      "submit",
      "messages",
      "interrupt",
      "resume",
      "reconnectOnMount",
      "history and branches",
      "stop",
      "error",
      "CORS",
    ],
  },
  "agent-chat-ui": { fields: ["its calls, recorded"] },
};

/** Everything that must be proved: `method` and `method:field`. */
export function promises(): readonly string[] {
  return Object.entries(CONTRACT).flatMap(([method, { fields }]) => [
    ...(isMethod(method) ? [method] : []),
    ...fields.map((field) => `${method}:${field}`),
  ]);
}

export const isMethod = (name: string): boolean => /^[~a-z]+\.[a-zA-Z]+$/.test(name);

/** Whether a client of that version has it at all. */
export function has(version: Version, promise: string): boolean {
  if (version === "1.15.0") return true;
  const [method = "", field] = promise.split(":");
  const newer = CONTRACT[method]?.newer;
  return newer !== true && !(field !== undefined && newer?.includes(field) === true);
}
