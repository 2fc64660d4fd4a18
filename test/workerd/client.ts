import { applyD1Migrations } from "cloudflare:test";
import { env, exports } from "cloudflare:workers";
import { secureRandom } from "../../src/base/ids.ts";
import { mintKey } from "../../src/security/keys.ts";
import { openDatabase } from "../../src/storage/database.ts";
import { insertKey } from "../../src/storage/keys.ts";

/** The API inside workerd, called as a client would. */
export const BASE = "http://127.0.0.1:8787";

export function migrate(): Promise<void> {
  return applyD1Migrations(env.DB, env.TEST_MIGRATIONS);
}

/** A key of the tenant, as an operator would make it. */
export async function newKey(tenant: string): Promise<string> {
  const { key, row } = mintKey(tenant, "test", secureRandom);
  await insertKey(openDatabase(env.DB), tenant, row);
  return key;
}

export interface Call {
  readonly method?: string;
  readonly key?: string;
  /** Sent as JSON. */
  readonly json?: unknown;
  /** Sent as it is. */
  readonly body?: string | Uint8Array;
  readonly headers?: Record<string, string>;
}

export function call(path: string, options: Call = {}): Promise<Response> {
  const { key, json, body } = options;
  const headers = new Headers(options.headers);
  if (key !== undefined) headers.set("x-api-key", key);
  if (json !== undefined) headers.set("content-type", "application/json");
  const method = options.method ?? (json === undefined && body === undefined ? "GET" : "POST");
  const sent = json === undefined ? body : JSON.stringify(json);
  return exports.default.fetch(
    new Request(`${BASE}${path}`, { method, headers, ...(sent === undefined ? {} : { body: sent }) }),
  );
}

/** The body of a successful answer; a refusal fails the test with its text. */
export async function read<T = Record<string, unknown>>(answer: Response | Promise<Response>): Promise<T> {
  const response = await answer;
  const text = await response.text();
  if (!response.ok) throw new Error(`HTTP ${response.status}: ${text}`);
  return JSON.parse(text) as T;
}

/** Doubles a number: the smallest graph that computes. */
export const DOUBLE = {
  edgewise: 1,
  id: "double",
  channels: { number: { schema: { type: "integer" } }, doubled: {} },
  input: ["number"],
  output: ["doubled"],
  nodes: { double: { kind: "transform", set: { doubled: "state.number * 2" } } },
  edges: [
    { from: "start", to: "double" },
    { from: "double", to: "end" },
  ],
};
