import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { type Place, sleep, sorted } from "./case.ts";
import { CLIENTS } from "./packages.ts";
import { type Result, tried } from "./results.ts";

interface Call {
  readonly name: string;
  readonly method: string;
  readonly path: string;
  readonly body?: unknown;
  readonly status: number;
  /** Asked again until it holds: what a run changed is found a moment later. */
  readonly soon?: boolean;
  /** What the answer holds at least. */
  readonly shape?: unknown;
  /** Of a stream: the names of all its events. */
  readonly events?: readonly string[];
  /** Values to keep: name → path in the answer. */
  readonly keep?: Readonly<Record<string, string>>;
}

/** The recorded sequence, call by call; after one that fails the rest is not tried. */
export async function playChatUi({ url, key }: Pick<Place, "url" | "key">): Promise<Result[]> {
  const text = readFileSync(join(CLIENTS, "agent-chat-ui.json"), "utf8");
  const { graph, calls } = JSON.parse(text) as { graph: string; calls: readonly Call[] };
  const kept: Record<string, string> = { graph };
  const results: Result[] = [];
  for (const call of calls) {
    const about = ["agent-chat-ui:its calls, recorded"];
    const who = key === undefined ? "recorded, open" : "recorded";
    const result = await tried({ name: `agent-chat-ui: ${call.name}`, about }, who, () =>
      soon(call.soon === true ? 50 : 0, () => send(url, key, filled(call, kept), kept)),
    );
    results.push(result);
    if (result.fault !== undefined) break;
  }
  return results;
}

async function send(url: string, key: string | undefined, call: Call, kept: Record<string, string>): Promise<void> {
  const response = await fetch(url + call.path, {
    method: call.method,
    headers: {
      origin: "http://localhost:3000",
      ...(call.body !== undefined && { "content-type": "application/json" }),
      ...(key !== undefined && { "x-api-key": key }),
    },
    ...(call.body !== undefined && { body: JSON.stringify(call.body) }),
  });
  const text = await response.text();
  assert.equal(response.status, call.status, text);
  if (call.events !== undefined) {
    assert.match(response.headers.get("content-location") ?? "", /\/runs\/[0-9a-f-]{36}$/);
    const names = [...text.matchAll(/^event: (.*)$/gm)].map(([, name]) => name?.split("|")[0]);
    assert.deepEqual(sorted(names), sorted(call.events));
    return;
  }
  const answer = JSON.parse(text) as unknown;
  holds(answer, call.shape, "");
  for (const [name, path] of Object.entries(call.keep ?? {})) {
    const value = path.split(".").reduce<unknown>((each, step) => (each as Record<string, unknown>)[step], answer);
    assert.equal(typeof value, "string", path);
    kept[name] = value as string;
  }
}

async function soon(times: number, work: () => Promise<void>): Promise<void> {
  for (let left = times; ; left--) {
    const fault = await work().then(
      () => undefined,
      (error: unknown) => error,
    );
    if (fault === undefined) return;
    if (left === 0) throw fault;
    await sleep(50);
  }
}

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

function holds(actual: unknown, shape: unknown, at: string): void {
  if (shape === "<any>") return;
  if (shape === "<string>") return assert.equal(typeof actual, "string", at);
  if (shape === "<array>") return assert.ok(Array.isArray(actual), at);
  if (shape === "<uuid>") return assert.match(String(actual), UUID, at);
  if (typeof shape !== "object" || shape === null) return assert.deepEqual(actual, shape, at);
  assert.ok(typeof actual === "object" && actual !== null, `${at} is ${JSON.stringify(actual)}`);
  if (Array.isArray(shape) && shape.length === 0) return assert.deepEqual(actual, shape, at);
  for (const [name, each] of Object.entries(shape))
    holds((actual as Record<string, unknown>)[name], each, `${at}/${name}`);
}

function filled<Value>(value: Value, kept: Readonly<Record<string, string>>): Value {
  const text = JSON.stringify(value).replace(/\$([a-z]+)/g, (whole, name: string) => kept[name] ?? whole);
  return JSON.parse(text) as Value;
}
