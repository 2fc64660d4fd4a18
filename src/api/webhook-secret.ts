import { createRoute, z } from "@hono/zod-openapi";
import { secureRandom } from "../base/ids.ts";
import { newWebhookSecret } from "../security/webhooks.ts";
import { ensureWebhookSecrets, rotateWebhookSecret } from "../storage/webhook-secrets.ts";
import type { ApiContext } from "./context.ts";
import { answers, jsonAnswer, newRouter, sendJson } from "./routing.ts";

/** What the tenant's webhooks are signed with (docs/schedules-and-webhooks.md). */
const tags = ["Webhooks"];
/** After a rotation both secrets sign for so long. */
const OVERLAP_MS = 24 * 3_600_000;

const WebhookSecret = z
  .object({
    secret: z.string().openapi({ description: "As the libraries of Standard Webhooks take it.", example: "whsec_…" }),
    created_at: z.iso.datetime(),
    previous_until: z.iso.datetime().nullable().openapi({
      description: "Until then the secret before signs too; null: none does.",
    }),
  })
  .openapi("WebhookSecret");
const responses = answers({ 200: jsonAnswer("The secret.", WebhookSecret) });

const get = createRoute({
  method: "get",
  path: "/webhooks/secret",
  tags,
  summary: "Get the secret that webhooks are signed with",
  description: "Made when it is first asked for or needed. Whoever has an API key of the tenant may read it.",
  responses,
});
const rotate = createRoute({
  method: "post",
  path: "/webhooks/secret/rotate",
  tags,
  summary: "Make a new secret",
  description: "For 24 hours messages carry two signatures, that of the secret before too.",
  responses,
});

export const webhookSecret = newRouter()
  .openapi(get, (c) => sendSecret(c))
  .openapi(rotate, async (c) => {
    const { database, tenant } = c.var;
    const nowMs = Date.now();
    const fresh = newWebhookSecret(secureRandom);
    await ensureWebhookSecrets(database, tenant, () => newWebhookSecret(secureRandom), nowMs);
    await rotateWebhookSecret(database, tenant, fresh, { nowMs, previousUntil: nowMs + OVERLAP_MS });
    return sendSecret(c);
  });

async function sendSecret(c: ApiContext): Promise<Response> {
  const now = Date.now();
  const fresh = () => newWebhookSecret(secureRandom);
  const kept = await ensureWebhookSecrets(c.var.database, c.var.tenant, fresh, now);
  const until = kept.previousUntil !== null && kept.previousUntil > now ? kept.previousUntil : null;
  c.header("cache-control", "no-store");
  return sendJson(c, {
    secret: kept.secret,
    created_at: new Date(kept.createdAt).toISOString(),
    previous_until: until === null ? null : new Date(until).toISOString(),
  });
}
