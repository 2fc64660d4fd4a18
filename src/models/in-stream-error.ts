import type { EdgewiseError } from "../base/errors.ts";
import { badReply, errorOfStatus, shortCause } from "./errors.ts";

/**
 * Errors that arrive inside a stream that began with status 200 carry a name where others carry a status.
 * The names are those of OpenAI's and Anthropic's error tables; each stands for the status it has outside a stream.
 */
const STATUS_OF_NAME: Readonly<Record<string, number>> = {
  rate_limit_error: 429,
  rate_limit_exceeded: 429,
  insufficient_quota: 429,
  overloaded_error: 529,
  server_error: 500,
  api_error: 500,
  internal_server_error: 500,
  timeout_error: 504,
  authentication_error: 401,
  invalid_api_key: 401,
  permission_error: 403,
  not_found_error: 404,
  billing_error: 402,
  request_too_large: 413,
  context_length_exceeded: 400,
  invalid_request_error: 400,
};

export interface InStreamError {
  readonly model: string;
  /** The names the event gives, the most telling first. */
  readonly names: readonly unknown[];
  readonly message: string;
  readonly secrets: readonly string[];
}

export function errorOfEvent({ model, names, message, secrets }: InStreamError): EdgewiseError {
  const name = names.find((candidate) => typeof candidate === "string" && Object.hasOwn(STATUS_OF_NAME, candidate));
  const status = typeof name === "string" ? STATUS_OF_NAME[name] : undefined;
  if (typeof name !== "string" || status === undefined)
    return badReply(model, "broke its answer off with an error", shortCause(message, secrets));
  return errorOfStatus({ model, status, retryAfter: null, body: `${name}: ${message}`, secrets, nowMs: 0 });
}
