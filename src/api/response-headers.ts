import type { MiddlewareHandler } from "hono";
import type { ApiEnv } from "./context.ts";

const REQUEST_ID = /^[\w.-]{1,128}$/;
/** W3C Trace Context, version 00. */
const TRACEPARENT = /^00-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}$/;

/** On every answer: which request it was, and that nobody on the way may keep or guess it. */
export const responseHeaders: MiddlewareHandler<ApiEnv> = async (c, next) => {
  const given = c.req.header("x-request-id") ?? "";
  const requestId = REQUEST_ID.test(given) ? given : crypto.randomUUID();
  c.set("requestId", requestId);
  await next();
  const headers = c.res.headers;
  headers.set("x-request-id", requestId);
  headers.set("x-content-type-options", "nosniff");
  if (!headers.has("cache-control")) headers.set("cache-control", "no-store");
  const traceparent = c.req.header("traceparent") ?? "";
  if (TRACEPARENT.test(traceparent)) headers.set("traceparent", traceparent);
};
