import type { MiddlewareHandler } from "hono";
import { failure } from "../base/errors.ts";
import { presentedKey } from "../security/carriers.ts";
import { KeyRing } from "../security/key-ring.ts";
import { parseKey } from "../security/keys.ts";
import { findKey } from "../storage/keys.ts";
import type { ApiContext, ApiEnv } from "./context.ts";
import { refusalInOpenMode } from "./open-mode.ts";

/** The tenant of whoever needs no key, on a development server. */
export const LOCAL_TENANT = "local";

const PUBLIC = new Set(["/ok", "/info", "/docs", "/openapi.json"]);

export function needsNoKey(method: string, path: string): boolean {
  return (method === "GET" || method === "HEAD") && (PUBLIC.has(path) || path.startsWith("/schema/"));
}

/** One ring an isolate; what it remembers is bounded in number and time. */
export const keyRing = new KeyRing();

/** Every request has a tenant, or is refused before anything else of it is looked at. */
export const authentication: MiddlewareHandler<ApiEnv> = async (c, next) => {
  if (c.var.config.open) refuseStrangers(c);
  if (needsNoKey(c.req.method, c.req.path)) return next();
  const { tenant, keyId } = await senderOf(c);
  c.set("tenant", tenant);
  c.set("keyId", keyId);
  return next();
};

async function senderOf(c: ApiContext): Promise<{ readonly tenant: string; readonly keyId: string | null }> {
  const presented = presentedKey(c.req.raw.headers);
  if (presented.kind === "none" && c.var.config.open) return { tenant: LOCAL_TENANT, keyId: null };
  const parts = presented.kind === "key" ? parseKey(presented.key) : undefined;
  const find = (tenant: string, keyId: string) => findKey(c.var.database, tenant, keyId);
  if (parts !== undefined && (await keyRing.recognizes(parts, find, Date.now()))) return parts;
  // One text for every reason: which of them it was helps only those who guess.
  const text = "A valid API key is needed: `Authorization: Bearer <key>` or `x-api-key: <key>`.";
  throw failure("unauthenticated", text);
}

function refuseStrangers(c: ApiContext): void {
  const refusal = refusalInOpenMode(c.req.raw);
  if (refusal !== undefined) throw failure("forbidden", refusal);
}
