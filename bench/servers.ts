import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { convertV4MiniflareOptions, Miniflare } from "miniflare";
import { bundleWorker } from "../scripts/local/bundle.ts";
import { type Client, openClient } from "../scripts/local/client.ts";
import { localKey } from "../scripts/local/key.ts";
import { ROOT } from "../scripts/local/repository.ts";
import { startServer } from "../scripts/local/server.ts";

export interface Servers {
  /** The built Worker in Miniflare, spoken to over its public API. */
  readonly edgewise: Client & { readonly url: string; readonly key: string; readonly state: string };
  /** The raw object, behind a Worker that only passes the call on. */
  raw(work: object): Promise<unknown>;
  stop(): Promise<void>;
}

/** Both servers side by side, each in a workerd of its own, with state folders that go with them. */
export async function startServers(): Promise<Servers> {
  const state = mkdtempSync(join(tmpdir(), "edgewise-bench-"));
  const server = await startServer({
    root: ROOT,
    state,
    port: 0,
    variables: { EDGEWISE_MODEL: "builtin/extractive" },
    onLog: (level, message) => level === "error" && console.error(message),
    note: () => {},
  });
  const { key } = await localKey(state, server.database);
  const { miniflare, url } = await startRaw(join(state, "raw"));
  return {
    edgewise: { ...openClient(server.url, key), url: server.url, key, state },
    raw: async (work) => (await fetch(url, { method: "POST", body: JSON.stringify(work) })).json(),
    stop: async () => {
      await Promise.all([server.stop(), miniflare.dispose()]);
      rmSync(state, { recursive: true, force: true });
    },
  };
}

async function startRaw(folder: string): Promise<{ miniflare: Miniflare; url: URL }> {
  const bundle = await bundleWorker(join(ROOT, "bench/raw/object.ts"), join(folder, "object.js"));
  const miniflare = new Miniflare(
    convertV4MiniflareOptions({
      name: "raw",
      host: "127.0.0.1",
      port: 0,
      cf: false,
      modules: true,
      scriptPath: bundle.path,
      modulesRoot: dirname(bundle.path),
      compatibilityDate: "2026-10-01",
      compatibilityFlags: ["nodejs_compat"],
      durableObjects: { RAW: { className: "Raw", useSQLite: true } },
      resourcePersistencePath: join(folder, "state"),
    }),
  );
  return { miniflare, url: await miniflare.ready };
}
