import assert from "node:assert/strict";
import { Client as Client1 } from "langgraph-sdk-1";
import { Client as Client2 } from "langgraph-sdk-2";
import type { Hook } from "./hook.ts";
import { has, isMethod, type Version } from "./contract.ts";

export type Client = Client1;

/** Where cases run: an address, and a key unless the server is open. */
export interface Place {
  readonly url: string;
  readonly key: string | undefined;
  /** A receiver of webhooks whose origin the server was told of. */
  readonly hook: Hook;
}

/** What a case works with. */
export interface Desk extends Place {
  readonly version: Version;
  readonly client: Client;
  /** Another client of the same kind, with other settings. */
  open(settings?: ConstructorParameters<typeof Client1>[0]): Client;
  /** A new thread; answers its id. */
  thread(metadata?: Record<string, unknown>): Promise<string>;
  /** Plain HTTP, for what a client hides. Never throws for a status. */
  ask(method: string, path: string, body?: unknown, headers?: Record<string, string>): Promise<Answer>;
}

export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  /** Undefined when the text is no JSON. */
  readonly json: unknown;
}

/** One claim about the protocol, tried with a published client. */
export interface Case {
  readonly name: string;
  /** What of contract.ts it proves; a method or field among it must really have been used. */
  readonly about: readonly string[];
  /** Takes a minute or so: not in `npm test`. */
  readonly long?: true;
  run(desk: Desk): Promise<void>;
}

export interface Part {
  readonly id?: string;
  readonly event: string;
  readonly data: unknown;
}

/** Whether the client's version has all that the case is about. */
export const fits = (version: Version, { about }: Case): boolean => about.every((promise) => has(version, promise));

/** @throws what the case throws, or that it did not use what it says it is about */
export async function play(one: Case, version: Version, place: Place): Promise<void> {
  const used = new Set<string>();
  await one.run(openDesk(version, place, used));
  const unused = one.about.filter((promise) => isMethod(promise.split(":")[0] ?? "") || promise.startsWith("a run's"));
  assert.deepEqual(
    unused.filter((promise) => !used.has(promise)),
    [],
    "the case does not use what it is about",
  );
}

function openDesk(version: Version, { url, key, hook }: Place, used: Set<string>): Desk {
  const Client = version === "1.15.0" ? Client1 : (Client2 as unknown as typeof Client1);
  const open: Desk["open"] = (settings) =>
    recorded(new Client({ apiUrl: url, apiKey: key ?? null, callerOptions: { maxRetries: 0 }, ...settings }), used);
  const client = open();
  return {
    url,
    key,
    hook,
    version,
    client,
    open,
    thread: async (metadata) => (await client.threads.create(metadata === undefined ? {} : { metadata })).thread_id,
    ask: async (method, path, body, headers) => {
      const response = await fetch(`${url}${path}`, {
        method,
        headers: { "content-type": "application/json", ...(key !== undefined && { "x-api-key": key }), ...headers },
        ...(body !== undefined && { body: typeof body === "string" ? body : JSON.stringify(body) }),
      });
      const text = await response.text();
      return { status: response.status, headers: response.headers, text, json: parsed(text) };
    },
  };
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

type Methods = Record<string, (...given: unknown[]) => unknown>;

/** The client, remembering which methods were called with which fields. */
function recorded(client: Client, used: Set<string>): Client {
  for (const [resource, methods] of Object.entries(client as unknown as Record<string, Methods>)) {
    if (typeof methods !== "object" || methods === null) continue;
    for (const name of Object.getOwnPropertyNames(Object.getPrototypeOf(methods))) {
      const method = methods[name];
      if (name === "constructor" || typeof method !== "function") continue;
      methods[name] = (...given) => {
        for (const promise of promisesOf(`${resource}.${name}`, given)) used.add(promise);
        return method.apply(methods, given);
      };
    }
  }
  return client;
}

/** Of some methods fields are arguments by place. */
const PLACES: Readonly<Record<string, readonly (string | undefined)[]>> = {
  "threads.getState": [undefined, "checkpoint"],
  "threads.patchState": [undefined, "metadata"],
  "runs.cancel": [undefined, undefined, "wait", "action"],
};
const BODY = new Set(["runs.create", "runs.stream", "runs.wait"]);

function* promisesOf(method: string, given: readonly unknown[]): Generator<string> {
  yield method;
  for (const [at, value] of given.entries()) {
    const place = PLACES[method]?.[at];
    if (place !== undefined && value !== undefined && value !== null) yield `${method}:${place}`;
    else if (typeof value === "object" && value !== null && !Array.isArray(value)) {
      for (const [field, each] of Object.entries(value)) {
        if (each === undefined) continue;
        yield `${method}:${field}`;
        if (!BODY.has(method)) continue;
        yield `a run's body:${field}`;
        if (field === "command") for (const name of Object.keys(each as object)) yield `a run's body:command.${name}`;
      }
    }
  }
}

export async function collect(stream: AsyncIterable<unknown>): Promise<Part[]> {
  const parts: Part[] = [];
  for await (const part of stream as AsyncIterable<Part>) parts.push(part);
  return parts;
}

/** Data of the events of that name, in their order. */
export const dataOf = (parts: readonly Part[], event: string): unknown[] =>
  parts.filter((part) => part.event === event).map((part) => part.data);

/** Without what comes twice, in the order of its texts. */
export const sorted = (values: Iterable<unknown>): string[] => [...new Set(values)].map(String).sort();

export const namesOf = (parts: readonly Part[]): string[] => sorted(parts.map(({ event }) => event));

/** What the pieces of messages come to. */
export const textOf = (parts: readonly Part[]): string =>
  dataOf(parts, "messages")
    .map((data) => (data as [{ content: string }])[0].content)
    .join("");

/** What is wrong in a request for good: no client tries it again, whichever it is. */
export const WRONG = [400, 422];

/** The client must throw, with that status (or one of them) and a message that says it. */
export async function refused(call: Promise<unknown>, status: number | number[], says?: RegExp): Promise<void> {
  const error = await call.then(
    (value) => assert.fail(`expected ${String(status)}, and it answered ${JSON.stringify(value)?.slice(0, 300)}`),
    (reason: unknown) => reason as Error & { status?: number },
  );
  assert.ok([status].flat().includes(error.status ?? 0), `expected ${String(status)}: ${error.message}`);
  if (says !== undefined) assert.match(error.message, says);
}

export async function until<Value>(look: () => Promise<Value | false | undefined>, what: string): Promise<Value> {
  const startedAt = Date.now();
  for (;;) {
    const found = await look();
    if (found !== false && found !== undefined) return found;
    assert.ok(Date.now() - startedAt < 20_000, `${what} did not come within 20 s`);
    await sleep(30);
  }
}

export const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** Equal in what is named; more may be there. */
export const includes = (actual: unknown, expected: unknown, message?: string): void =>
  assert.partialDeepStrictEqual(actual, expected, message);
