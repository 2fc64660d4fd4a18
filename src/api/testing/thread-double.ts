import type { ThreadApi } from "../../../durable-objects/thread-api.ts";
import type { Reply } from "../../base/errors.ts";
import { LOCAL_TENANT } from "../auth.ts";
import { createApp } from "../app.ts";
import { graphShelf } from "../assistant-id.ts";

/** The API without workerd: what it hands to a Thread object, and what it makes of the replies. */

export const THREAD_ID = "0190a5a0-0000-7000-8000-000000000001";
export const CHECKPOINT_ID = "1ef4a9b8-0000-6000-8000-000000000001";

/** What a call of the object was made with. */
export interface HandedOn {
  readonly method: string;
  readonly command: Record<string, unknown>;
}

export interface Asked {
  readonly status: number;
  readonly body: unknown;
  readonly headers: Headers;
}

/**
 * @param replies by the method's name: its reply, or what the platform throws
 * @param graphs ids, with or without a version, that there are
 */
export function apiWith(
  replies: Partial<Record<keyof ThreadApi, Reply<unknown> | Error>>,
  graphs: readonly string[] = ["brief"],
) {
  const calls: HandedOn[] = [];
  const object = new Proxy(
    {},
    {
      get: (_, method: string) => async (command: Record<string, unknown>) => {
        calls.push({ method, command });
        const reply = replies[method as keyof ThreadApi] ?? new TypeError(`${method} was not expected`);
        if (reply instanceof Error) throw reply;
        return reply;
      },
    },
  );
  const env = {
    THREADS: { idFromName: (name: string) => name, get: () => object },
    SCHEDULER: { idFromName: (name: string) => name, get: () => object },
    // Nothing is looked up there: the graphs are on the shelf.
    DB: { prepare: () => undefined },
    EDGEWISE_OPEN: "1",
    EDGEWISE_OPEN_NONCE: "ab".repeat(16),
  };
  const app = createApp();
  return {
    calls,
    async ask(path: string, json?: unknown, headers: Record<string, string> = {}): Promise<Asked> {
      for (const name of graphs) await shelve(name);
      const request = new Request(`http://127.0.0.1${path}`, {
        method: json === undefined ? "GET" : "POST",
        headers: { "content-type": "application/json", ...headers },
        ...(json === undefined ? {} : { body: JSON.stringify(json) }),
      });
      const answer = await app.fetch(request, env);
      const text = await answer.text();
      return { status: answer.status, body: text === "" ? null : JSON.parse(text), headers: answer.headers };
    },
  };
}

async function shelve(name: string): Promise<void> {
  const [graphId = "", version = "1"] = name.split("@");
  const row = {
    graphId,
    version: Number(version),
    hash: `hash-${version}`,
    document: "{}",
    assistantId: `of-${graphId}`,
    assistant: null,
  };
  await graphShelf.find(LOCAL_TENANT, name, async () => row as Awaited<ReturnType<typeof graphShelf.find>>, Date.now());
}
