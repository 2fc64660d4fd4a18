import { z } from "zod";
import type { Host } from "./host.ts";

/** What hosts say of themselves: what they offer, what they have in memory, and that they are there. */

const Listed = z.object({ data: z.array(z.object({ id: z.string().min(1).max(200) })) });
const Tagged = z.object({ models: z.array(z.object({ name: z.string().min(1).max(200) })) });

export interface Means {
  readonly now: () => number;
  readonly log: (line: string) => void;
  readonly env: NodeJS.ProcessEnv;
  /** Milliseconds for one answer. */
  readonly timeoutMs: number;
}

/** Looks at a host once. A host that is not there, or answers what makes no sense, is ejected; one that is back is not asked to wait. */
export async function look(host: Host, means: Means): Promise<void> {
  const { now, log } = means;
  const wasUp = host.breaker.state(now()) === "closed";
  try {
    if (host.loadsOnDemand) {
      const [tags, residents] = await Promise.all([get(host, "/api/tags", means), get(host, "/api/ps", means)]);
      host.offered = new Set(Tagged.parse(tags).models.map(({ name }) => name));
      host.saw(Tagged.parse(residents).models.map(({ name }) => name));
    } else host.offered = new Set(Listed.parse(await get(host, "/v1/models", means)).data.map(({ id }) => id));
    if (!wasUp) log(`host ${host.name} is back`);
    host.breaker.succeeded();
  } catch (thrown) {
    host.breaker.ejected(now());
    if (wasUp) log(`host ${host.name} is ejected: ${reasonOf(thrown)}`);
  }
}

async function get(host: Host, path: string, { env, timeoutMs }: Means): Promise<unknown> {
  const { statusCode, body } = await host.pool.request({
    method: "GET",
    path: host.path(path),
    headers: { accept: "application/json", ...authorizationOf(host, env) },
    headersTimeout: timeoutMs,
    bodyTimeout: timeoutMs,
    signal: AbortSignal.timeout(timeoutMs),
  });
  if (statusCode !== 200) {
    await body.dump();
    throw new Error(`${path} answered ${statusCode}`);
  }
  return body.json();
}

/**
 * Loads a model into an Ollama's memory, with the options that it will be asked with: an empty request does (Ollama's FAQ,
 * "preload a model").
 */
export async function loadModel(
  host: Host,
  model: string,
  { env, timeoutMs, options }: Pick<Means, "env" | "timeoutMs"> & { readonly options: object | undefined },
): Promise<void> {
  const { statusCode, body } = await host.pool.request({
    method: "POST",
    path: host.path("/api/generate"),
    headers: { "content-type": "application/json", ...authorizationOf(host, env) },
    body: JSON.stringify({ model, stream: false, ...(options === undefined ? {} : { options }) }),
    headersTimeout: timeoutMs,
    bodyTimeout: timeoutMs,
    signal: AbortSignal.timeout(timeoutMs),
  });
  const text = await body.text();
  if (statusCode !== 200) throw new Error(`it answered ${statusCode}: ${text.slice(0, 200)}`);
}

/** The host's own key; a client's is never passed on. */
export function authorizationOf({ config }: Host, env: NodeJS.ProcessEnv): Record<string, string> {
  const key = config.key_env === undefined ? undefined : env[config.key_env];
  if (config.kind === "anthropic")
    return { "anthropic-version": "2023-06-01", ...(key === undefined ? {} : { "x-api-key": key }) };
  return key === undefined ? {} : { authorization: `Bearer ${key}` };
}

function reasonOf(thrown: unknown): string {
  if (thrown instanceof z.ZodError) return "it answers what makes no sense";
  return thrown instanceof Error ? thrown.message : String(thrown);
}
