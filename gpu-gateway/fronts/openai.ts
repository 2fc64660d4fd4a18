import { Problem } from "../problem.ts";

/** What the gateway reads of an OpenAI request; everything else is the host's business. */
export interface OpenAiRequest {
  readonly model: string;
  readonly isStream: boolean;
  /** By which requests that begin alike are known; undefined where none is. */
  readonly prefix: string | undefined;
  /** The client did not ask for the usage of its stream: it is asked for, and told to nobody else. */
  readonly wantsUsage: boolean;
  readonly body: Readonly<Record<string, unknown>>;
}

export const OPENAI_PATHS: ReadonlySet<string> = new Set([
  "/v1/chat/completions",
  "/v1/completions",
  "/v1/embeddings",
  "/v1/responses",
]);

/** Characters of a prompt that decide where it goes: a system prompt and what was said first. */
const PREFIX_LENGTH = 1_024;

/** @throws Problem `invalid_request` */
export function readOpenAi(bytes: Buffer): OpenAiRequest {
  let body: unknown;
  try {
    body = JSON.parse(bytes.toString("utf8"));
  } catch (thrown) {
    throw new Problem(
      "invalid_request",
      `The body is not JSON: ${thrown instanceof Error ? thrown.message.slice(0, 200) : "?"}`,
    );
  }
  if (!isRecord(body)) throw new Problem("invalid_request", "The body must be a JSON object.");
  const { model, stream, stream_options: options } = body;
  if (typeof model !== "string" || model === "") throw new Problem("invalid_request", '"model" must name a model.');
  if (model.length > 200 || /[\p{Cc}\s\\]|\.\./u.test(model))
    throw new Problem("invalid_request", '"model" has characters that no model\'s name has.');
  if (stream !== undefined && stream !== null && typeof stream !== "boolean")
    throw new Problem("invalid_request", '"stream" must be true or false.');
  return {
    model,
    isStream: stream === true,
    prefix: prefixOf(body),
    wantsUsage: isRecord(options) && options["include_usage"] === true,
    body,
  };
}

function prefixOf({ messages, prompt, input }: Record<string, unknown>): string | undefined {
  if (Array.isArray(messages)) {
    let text = "";
    for (const message of messages) {
      if (text.length >= PREFIX_LENGTH) break;
      const content = isRecord(message) ? message["content"] : undefined;
      text +=
        typeof content === "string"
          ? content.slice(0, PREFIX_LENGTH)
          : JSON.stringify(content ?? "").slice(0, PREFIX_LENGTH);
    }
    return text === "" ? undefined : text.slice(0, PREFIX_LENGTH);
  }
  const text = typeof prompt === "string" ? prompt : typeof input === "string" ? input : undefined;
  return text?.slice(0, PREFIX_LENGTH);
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
