import { startEdgewise, startRaw, startWorker, type EdgewiseServer, type WorkServer } from "../servers.ts";
import type { RawWork } from "../raw/object.ts";
import { startModelServer, type ModelServer } from "./model-server.ts";
import { startPeer, type Peer } from "./peer.ts";
import { timed } from "../measure.ts";

/** Who is measured: each is started when a workload first asks for it, and runs in a process of its own. */
export interface Field {
  /** Ours: the built Worker in Miniflare, over HTTP. */
  edgewise(): Promise<EdgewiseServer>;
  /** Milliseconds that a run of this graph takes on this thread, waited for over HTTP. */
  ours(graph: string, thread: string, input?: object, more?: object): Promise<number>;
  /** Milliseconds that the raw object takes for it, over HTTP. */
  raw(object: string, work: RawWork): Promise<number>;
  /** LangGraph.js in a process of its own; its figures are what it measures inside. */
  langgraph(): Promise<Peer | NotRun>;
  /** Milliseconds that an instance of Cloudflare Workflows takes for it; a sentence where there is none. */
  workflow(work: object): Promise<number>;
  workflows(): Promise<WorkServer | NotRun>;
  /** A model's server that answers at once, for calls that leave the process. */
  models(): Promise<ModelServer>;
  stop(): Promise<void>;
}

/** Why an engine is not there. */
export interface NotRun {
  readonly notRun: string;
}

export function isThere<T extends object>(engine: T | NotRun): engine is T {
  return !("notRun" in engine);
}

export const STEPS_BINDINGS = {
  workflows: { STEPS: { name: "steps", className: "Steps", stepLimit: 25_000 } },
};

export function openField(): Field {
  const started: { stop(): Promise<void> }[] = [];
  const once = <T extends { stop(): Promise<void> }>(start: () => Promise<T>): (() => Promise<T>) => {
    let server: Promise<T> | undefined;
    return () =>
      (server ??= start().then((ready) => {
        started.push(ready);
        return ready;
      }));
  };
  const models = once(startModelServer);
  const edgewise = once(async () => startEdgewise({ OLLAMA_BASE_URL: (await models()).url }));
  const raw = once(startRaw);
  const langgraph = once(() => startPeer("langgraph.mjs"));
  const workflows = once(() => startWorker("bench/engine/workflow-worker.ts", STEPS_BINDINGS));
  return {
    edgewise,
    models,
    langgraph: () => langgraph().catch(reasonOf),
    workflows: () => workflows().catch(reasonOf),
    ours: async (graph, thread, input = {}, more = {}) => {
      const body = { assistant_id: graph, input, if_not_exists: "create", ...more };
      const server = await edgewise();
      return timed(async () => refuseFailure(await server.json("POST", `/threads/${thread}/runs/wait`, body)));
    },
    raw: async (object, work) => {
      const server = await raw();
      return timed(() => server.perform({ object, ...work }));
    },
    workflow: async (work) => {
      const server = await workflows();
      return timed(() => server.perform(work));
    },
    stop: async () => void (await Promise.all(started.map((server) => server.stop()))),
  };
}

/** A run that failed is fast, and no figure. */
function refuseFailure(result: unknown): void {
  if (typeof result === "object" && result !== null && "__error__" in result)
    throw new Error(`A run failed: ${JSON.stringify(result)}`);
}

export function reasonOf(error: unknown): NotRun {
  return { notRun: (error instanceof Error ? error.message : String(error)).split("\n")[0] ?? "it did not start" };
}
