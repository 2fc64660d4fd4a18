import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { convertV4MiniflareOptions, Miniflare } from "miniflare";
import { bundleWorker } from "../scripts/local/bundle.ts";
import { type Client, openClient } from "../scripts/local/client.ts";
import { localKey } from "../scripts/local/key.ts";
import { readRuntimePid } from "../scripts/local/lock.ts";
import { ROOT } from "../scripts/local/repository.ts";
import { recordRuntimeProcess } from "../scripts/local/runtime-process.ts";
import { startServer } from "../scripts/local/server.ts";
import type { RawWork } from "./raw/object.ts";

/** The built Worker in Miniflare, spoken to over its public API. */
export interface EdgewiseServer extends Client {
  readonly url: string;
  readonly key: string;
  /** Its state folder, which goes with it. */
  readonly state: string;
  /** Of workerd itself. */
  readonly pid: number | undefined;
  stop(): Promise<void>;
}

/** A worker of the bench's own, in a workerd of its own. */
export interface WorkServer {
  readonly url: string;
  perform(work: object): Promise<unknown>;
  readonly pid: number | undefined;
  stop(): Promise<void>;
}

export interface Servers {
  readonly edgewise: EdgewiseServer;
  /** The raw object, behind a Worker that only passes the call on. */
  raw(work: RawWork & { readonly object: string }): Promise<unknown>;
  stop(): Promise<void>;
}

/** Both servers side by side, each in a workerd of its own, with state folders that go with them. */
export async function startServers(): Promise<Servers> {
  const edgewise = await startEdgewise();
  const raw = await startRaw();
  return {
    edgewise,
    raw: (work) => raw.perform(work),
    stop: async () => void (await Promise.all([edgewise.stop(), raw.stop()])),
  };
}

/** @param variables the Worker's, beside those that every bench has */
export async function startEdgewise(variables: Readonly<Record<string, string>> = {}): Promise<EdgewiseServer> {
  const state = mkdtempSync(join(tmpdir(), "edgewise-bench-"));
  const server = await startServer({
    root: ROOT,
    state,
    port: 0,
    variables: { EDGEWISE_MODEL: "builtin/extractive", ...variables },
    onLog: (level, message) => level === "error" && console.error(message),
    note: () => {},
  });
  const { key } = await localKey(state, server.database);
  return {
    ...openClient(server.url, key, PLAIN),
    url: server.url,
    key,
    state,
    pid: readRuntimePid(state),
    stop: async () => {
      await server.stop();
      rmSync(state, { recursive: true, force: true });
    },
  };
}

/** Miniflare compresses what a client takes compressed, as the edge does; on one machine that is work for nobody. */
const PLAIN = { "accept-encoding": "identity" };

export const RAW_BINDINGS = { durableObjects: { RAW: { className: "Raw", useSQLite: true } } };

export function startRaw(): Promise<WorkServer> {
  return startWorker("bench/raw/object.ts", RAW_BINDINGS);
}

/** @param bindings in the words of Miniflare's options before version 5 */
export async function startWorker(entry: string, bindings: object): Promise<WorkServer> {
  const folder = mkdtempSync(join(tmpdir(), "edgewise-bench-"));
  const options = await workerOptions(entry, folder, bindings);
  const miniflare = new Miniflare(
    convertV4MiniflareOptions({ ...options, unsafeRuntimeEnv: recordRuntimeProcess(folder) }),
  );
  const url = await miniflare.ready;
  return {
    url: url.origin,
    perform: async (work) => {
      const response = await fetch(url, { method: "POST", headers: PLAIN, body: JSON.stringify(work) });
      if (!response.ok) throw new Error(`${entry} answered ${response.status}: ${await response.text()}`);
      return response.json();
    },
    pid: readRuntimePid(folder),
    stop: async () => {
      await miniflare.dispose();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** Builds the worker; what it is to be started with is JSON. */
export async function workerOptions(entry: string, folder: string, bindings: object) {
  const bundle = await bundleWorker(join(ROOT, entry), join(folder, "worker.js"));
  return {
    name: "bench",
    host: "127.0.0.1",
    port: 0,
    cf: false as const,
    modules: true as const,
    scriptPath: bundle.path,
    modulesRoot: dirname(bundle.path),
    compatibilityDate: "2026-10-01",
    compatibilityFlags: ["nodejs_compat"],
    resourcePersistencePath: join(folder, "state"),
    ...bindings,
  };
}
