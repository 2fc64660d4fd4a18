import { EdgewiseError } from "../base/errors.ts";
import type { ModelIo } from "./contract.ts";
import { badReply, errorOfStatus, modelError, shortCause } from "./errors.ts";
import { checkedLines } from "./json-lines.ts";

/** For SDKs that end calls by themselves: longer than any deadline of the outgoing function, which is the one that does. */
export const SDK_TIMEOUT_MS = 24 * 60 * 60 * 1000;

export interface WireOptions {
  /** `provider/model` that is called. */
  readonly model: string;
  readonly io: ModelIo;
  /** How a streamed answer of this provider travels; anything else with status 200 is not an answer. */
  readonly dialect: "server-sent-events" | "json-lines";
  /** Never to appear in a cause. */
  readonly secrets: readonly string[];
}

/**
 * The transport under a provider's SDK. It judges status and content type before the SDK does, so that every provider's
 * failures are classified in one place, and so that whatever the SDK wraps around a failure can be taken off again.
 */
export interface Wire {
  readonly fetch: typeof fetch;
  /** What to throw for what the SDK threw: the signal's reason after an abort, else an EdgewiseError. */
  judge(thrown: unknown): unknown;
}

const CONTENT_TYPES = {
  "server-sent-events": /^text\/event-stream\b/i,
  "json-lines": /^application\/(?:x-ndjson|jsonl?|json-seq)\b/i,
} as const;

export function openWire(options: WireOptions): Wire {
  let failed: EdgewiseError | undefined;
  const wireFetch = async (...[input, init]: Parameters<typeof fetch>): Promise<Response> => {
    try {
      return await call(options, input, init);
    } catch (thrown) {
      if (thrown instanceof EdgewiseError) failed = thrown;
      else if (!options.io.signal.aborted) failed = unreachable(options, thrown);
      throw failed ?? thrown;
    }
  };
  return {
    fetch: wireFetch,
    judge(thrown) {
      if (options.io.signal.aborted) return options.io.signal.reason;
      if (thrown instanceof EdgewiseError) return thrown;
      return failed ?? badReply(options.model, "sent a reply that cannot be read", causeOf(thrown, options.secrets));
    },
  };
}

async function call(
  { io, model, dialect, secrets }: WireOptions,
  ...[input, init]: Parameters<typeof fetch>
): Promise<Response> {
  // The SDK's own signal ends the call when its reader stops early; ours when the task is cancelled.
  const signal = init?.signal ? AbortSignal.any([io.signal, init.signal]) : io.signal;
  // Taken off its object first: the platform's own fetch refuses to be called as a method of another.
  const { fetch: outgoing } = io;
  const response = await outgoing(input, { ...init, signal });
  if (!response.ok) {
    const retryAfter = response.headers.get("retry-after");
    const body = await firstCharacters(response);
    throw errorOfStatus({ model, status: response.status, retryAfter, body, secrets, nowMs: Date.now() });
  }
  const contentType = response.headers.get("content-type") ?? "nothing";
  if (!CONTENT_TYPES[dialect].test(contentType) || response.body === null) {
    const body = await firstCharacters(response);
    throw badReply(model, `answered with ${shortCause(contentType)} where a stream belongs`, shortCause(body, secrets));
  }
  return dialect === "json-lines" ? checkedLines(response, model) : response;
}

function unreachable({ model, secrets }: WireOptions, thrown: unknown): EdgewiseError {
  return modelError("egress_failed", true, `${model} could not be reached.`, { cause: causeOf(thrown, secrets) });
}

function causeOf(thrown: unknown, secrets: readonly string[]): string {
  return shortCause(thrown instanceof Error ? thrown.message : String(thrown), secrets);
}

const LONGEST_ERROR_BYTES = 4_096;

/** Enough of an error's body to say what it objects to; the rest is not waited for. */
async function firstCharacters(response: Response): Promise<string> {
  if (response.body === null) return "";
  const reader: ReadableStreamDefaultReader<Uint8Array> = response.body.getReader();
  const decoder = new TextDecoder();
  let text = "";
  let byteCount = 0;
  try {
    while (byteCount < LONGEST_ERROR_BYTES) {
      const { done, value } = await reader.read();
      if (done) break;
      byteCount += value.byteLength;
      text += decoder.decode(value, { stream: true });
    }
  } catch {
    // The status says enough; a body that breaks off adds nothing.
  }
  reader.cancel().catch(() => {});
  return text.slice(0, LONGEST_ERROR_BYTES);
}
