import { Webhook } from "standardwebhooks";
import { failure } from "../base/errors.ts";
import type { RandomBytes } from "../base/ids.ts";
import { judgeDeclared, judgePublic } from "./egress-url.ts";

/** Outgoing webhooks: where they may go, and how they are signed (Standard Webhooks 1.0). */

const SECRET_BYTES = 32;
const LONGEST_URL = 2_048;

export function newWebhookSecret(random: RandomBytes): string {
  return `whsec_${Buffer.from(random(SECRET_BYTES)).toString("base64")}`;
}

/** @param secrets each signs, the newest first. @param sentAt Unix milliseconds */
export function webhookHeaders(
  message: { readonly id: string; readonly sentAt: number; readonly body: string },
  secrets: readonly string[],
): Record<string, string> {
  const { id, sentAt, body } = message;
  return {
    "content-type": "application/json",
    "webhook-id": id,
    "webhook-timestamp": String(Math.floor(sentAt / 1000)),
    "webhook-signature": secrets.map((secret) => new Webhook(secret).sign(id, new Date(sentAt), body)).join(" "),
  };
}

/**
 * The address that a request names for a webhook, whole. A path means the server that was asked.
 * @param origin of the request
 * @throws EdgewiseError `invalid_request` for what is no address, `egress_denied` for one that may not be called
 */
export function webhookUrl(
  asked: string,
  { origin, declaredOrigins }: { readonly origin: string; readonly declaredOrigins: readonly string[] },
  pointer = "/webhook",
): string {
  const url = asked.length > LONGEST_URL ? null : URL.parse(asked, asked.startsWith("/") ? origin : undefined);
  if (url === null) {
    const message = `The webhook is no URL of at most ${LONGEST_URL} characters, nor a path of this server.`;
    throw failure("invalid_request", message, { pointer });
  }
  const why = isDeclared(url, declaredOrigins) ? judgeDeclared(url, new Set(declaredOrigins)) : judgePublic(url, false);
  if (why === null) return url.href;
  // Only scheme and host: paths and queries may hold secrets.
  const message = `A webhook to ${url.protocol}//${url.host} is denied: ${why}. Name a public https address, or let the operator declare this origin (EDGEWISE_DECLARED_ORIGINS).`;
  throw failure("egress_denied", message, { pointer });
}

export function isDeclared(url: URL, declaredOrigins: readonly string[]): boolean {
  return declaredOrigins.includes(url.origin);
}
