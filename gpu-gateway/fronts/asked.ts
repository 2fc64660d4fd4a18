import { Problem } from "../problem.ts";
import type { Dialect } from "./dialect.ts";

/** What the gateway reads of a request in any dialect; everything else is the host's business. */
export interface Asked {
  readonly model: string;
  readonly isStream: boolean;
  /** By which requests that begin alike are known; undefined where none is. */
  readonly prefix: string | undefined;
  /** The client of an OpenAI stream did not ask for its usage: it is asked for, and told to nobody else. */
  readonly wantsUsage: boolean;
  readonly body: Readonly<Record<string, unknown>>;
}

/** Characters of a prompt that decide where it goes: a system prompt and what was said first. */
const PREFIX_LENGTH = 1_024;

/** @throws Problem `invalid_request` */
export function readAsked(bytes: Buffer, dialect: Dialect): Asked {
  const body = parse(bytes);
  const { stream, stream_options: options } = body;
  const model = modelOf(body);
  if (stream !== undefined && stream !== null && typeof stream !== "boolean")
    throw new Problem("invalid_request", '"stream" must be true or false.');
  return {
    model,
    // Ollama streams unless it is told not to.
    isStream: stream === true || (dialect === "ollama" && stream !== false),
    prefix: prefixOf(body),
    wantsUsage: isRecord(options) && options["include_usage"] === true,
    body,
  };
}

/** @throws Problem `invalid_request` */
function parse(bytes: Buffer): Record<string, unknown> {
  let body: unknown;
  try {
    body = JSON.parse(bytes.toString("utf8"));
  } catch (thrown) {
    const why = thrown instanceof Error ? thrown.message.slice(0, 200) : "?";
    throw new Problem("invalid_request", `The body is not JSON: ${why}`);
  }
  if (!isRecord(body)) throw new Problem("invalid_request", "The body must be a JSON object.");
  return body;
}

/** Ollama's older clients say `name`. @throws Problem `invalid_request` */
function modelOf({ model, name }: Record<string, unknown>): string {
  const asked = model ?? name;
  if (typeof asked !== "string" || asked === "") throw new Problem("invalid_request", '"model" must name a model.');
  if (asked.length > 200 || /[\p{Cc}\s\\]|\.\./u.test(asked))
    throw new Problem("invalid_request", '"model" has characters that no model\'s name has.');
  return asked;
}

function prefixOf({ system, messages, prompt, input }: Record<string, unknown>): string | undefined {
  let text = textOf(system);
  if (Array.isArray(messages))
    for (const message of messages) {
      if (text.length >= PREFIX_LENGTH) break;
      text += textOf(isRecord(message) ? message["content"] : undefined);
    }
  else text += textOf(prompt ?? input);
  return text === "" ? undefined : text.slice(0, PREFIX_LENGTH);
}

function textOf(value: unknown): string {
  if (value === undefined || value === null) return "";
  return (typeof value === "string" ? value : JSON.stringify(value)).slice(0, PREFIX_LENGTH);
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
