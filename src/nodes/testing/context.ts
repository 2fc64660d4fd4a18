import type { Json, JsonObject } from "../../base/json.ts";
import type { MemoryStore, StoreItem } from "../../memory/contract.ts";
import { checkPlace } from "../../storage/item-place.ts";
import type { Models } from "../../models/contract.ts";
import type { NodeContext } from "../contract.ts";

/** Asked for something that the test did not give. */
const refuse = (what: string) => (): never => {
  throw new TypeError(`The node used ${what}, which this test does not give it.`);
};

/** A context in which a node can do nothing outside; `given` is what the test lets it have. */
export function contextOf(state: JsonObject, given: Partial<NodeContext> = {}): NodeContext {
  return {
    scope: { read: (channel) => state[channel] },
    node: "n",
    attempt: 1,
    idempotencyKey: "run:task",
    messageId: "message",
    signal: new AbortController().signal,
    fetch: refuse("fetch"),
    publicFetch: refuse("publicFetch"),
    models: { resolve: refuse("models") },
    store: {
      get: refuse("store"),
      put: refuse("store"),
      delete: refuse("store"),
      search: refuse("store"),
      namespaces: refuse("store"),
    },
    now: Date.UTC(2027, 0, 1),
    answers: [],
    expired: 0,
    since: Date.UTC(2027, 0, 1),
    once: refuse("once"),
    say: refuse("say"),
    emit: refuse("emit"),
    ...given,
  };
}

/** The store's rules without a database. */
export function storeInMemory(items: [readonly string[], string, JsonObject][] = []): MemoryStore & { size(): number } {
  const kept = new Map<string, StoreItem>();
  const put = (namespace: readonly string[], key: string, value: JsonObject): void => {
    checkPlace(namespace, key);
    kept.set(JSON.stringify([namespace, key]), { namespace, key, value, createdAt: 0, updatedAt: 0 });
  };
  for (const item of items) put(...item);
  return {
    get: async (namespace, key) => {
      checkPlace(namespace, key);
      return kept.get(JSON.stringify([namespace, key]));
    },
    put: async (namespace, key, value) => put(namespace, key, value),
    delete: async (namespace, key) => void kept.delete(JSON.stringify([namespace, key])),
    search: refuse("search"),
    namespaces: refuse("namespaces"),
    size: () => kept.size,
  };
}

/** A model that says `text`, until it is stopped. */
export function modelsSaying(text: string): Models {
  const reply = {
    text,
    toolCalls: [],
    finish: "stop" as const,
    usage: { inputTokens: 1, outputTokens: 1, unit: "tokens" as const, costUsd: 0 },
    model: "fake",
  };
  return {
    resolve: () => ({
      model: "fake",
      provider: {
        contract: 1,
        name: "fake",
        async *chat(_call, { signal }) {
          signal.throwIfAborted();
          yield { type: "text-delta", text };
          yield { type: "finished", reply };
        },
      },
    }),
  };
}

/** What a fetch was called with. */
export interface Sent {
  readonly url: string;
  readonly method: string;
  readonly headers: Headers;
  readonly body: string | undefined;
}

/** A fetch that answers each call with the next of the answers, and remembers what was sent. */
export function fetchAnswering(...answers: readonly (() => Response)[]): { fetch: typeof fetch; sent: Sent[] } {
  const sent: Sent[] = [];
  const answering = async (input: unknown, init: RequestInit = {}): Promise<Response> => {
    init.signal?.throwIfAborted();
    const { method = "GET", headers, body } = init;
    sent.push({
      url: String(input),
      method,
      headers: new Headers(headers),
      body: typeof body === "string" ? body : undefined,
    });
    const answer = answers[Math.min(sent.length, answers.length) - 1];
    if (answer === undefined) throw new TypeError("no answer is given");
    return answer();
  };
  return { fetch: answering as typeof fetch, sent };
}

export function jsonAnswer(value: Json, init: ResponseInit = {}): () => Response {
  return () => new Response(JSON.stringify(value), { headers: { "content-type": "application/json" }, ...init });
}
