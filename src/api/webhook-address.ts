import { webhookUrl } from "../security/webhooks.ts";
import type { ApiContext } from "./context.ts";
import { requireScheduler } from "./schedulers-port.ts";

/**
 * The `webhook` of a run's body, as the run keeps it: whole, and allowed. Absent where none is asked for.
 * @throws EdgewiseError `invalid_request`, `egress_denied`, at `/webhook`; `misconfigured`
 */
export function askedWebhook(c: ApiContext, asked: string | null | undefined): { readonly webhook?: string } {
  if (asked === undefined || asked === null) return {};
  requireScheduler(c);
  const { declaredOrigins } = c.var.config;
  return { webhook: webhookUrl(asked, { origin: new URL(c.req.url).origin, declaredOrigins }) };
}
