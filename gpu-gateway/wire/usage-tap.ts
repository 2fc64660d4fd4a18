/** Usage, read from an answer's bytes as they pass: nothing is parsed but the object that tells it. */

export interface Tokens {
  readonly input: number;
  readonly output: number;
  /** Of the input, what was read from the provider's prompt cache. */
  readonly cachedInput: number;
  /** Of the input, what was written to it. */
  readonly cacheWrite: number;
  /** Of the output, what was thought and not said. */
  readonly reasoning: number;
}

/** Reads usage from an answer that passes. */
export interface Tap {
  push(piece: Buffer): void;
  /** What has been told so far. */
  readonly tokens: Tokens | undefined;
}

/** Longest piece of an answer that is kept for what follows it. */
const MOST_KEPT = 64 * 1024;
const NAME = Buffer.from('"usage"');
const [QUOTE, BACKSLASH, OPEN, CLOSE, COLON] = [0x22, 0x5c, 0x7b, 0x7d, 0x3a];

/**
 * Takes an answer in pieces, JSON or server-sent events, and keeps what its `usage` objects say: quotes in texts are escaped, so
 * `"usage"` stands for nothing else. A later object adds to or replaces what an earlier one said, as Anthropic's streams have it.
 */
export class UsageTap implements Tap {
  #kept: Buffer | undefined;
  #tokens: Tokens | undefined;

  push(piece: Buffer): void {
    const kept = this.#kept;
    const bytes = kept === undefined ? piece : Buffer.concat([kept, piece]);
    let from = 0;
    this.#kept = undefined;
    for (let at = bytes.indexOf(NAME); at >= 0; at = bytes.indexOf(NAME, from)) {
      const begin = valueAt(bytes, at + NAME.length);
      const end = begin === undefined ? undefined : objectEnd(bytes, begin);
      if (end === undefined || begin === undefined) return this.#keep(bytes, at);
      if (end > begin) this.#take(bytes.toString("utf8", begin, end));
      from = Math.max(end, at + NAME.length);
    }
    // The name itself may be cut in two.
    const tail = bytes.subarray(Math.max(from, bytes.length - NAME.length + 1));
    if (tail.includes(QUOTE)) this.#kept = Buffer.from(tail);
  }

  /** What has been told so far. */
  get tokens(): Tokens | undefined {
    return this.#tokens;
  }

  #keep(bytes: Buffer, from: number): void {
    if (bytes.length - from <= MOST_KEPT) this.#kept = Buffer.from(bytes.subarray(from));
  }

  #take(text: string): void {
    const told = tokensOf(text);
    if (told === undefined) return;
    const { input = this.#tokens?.input ?? 0, output = this.#tokens?.output ?? 0 } = told;
    this.#tokens = {
      input,
      output,
      cachedInput: told.cachedInput ?? this.#tokens?.cachedInput ?? 0,
      cacheWrite: told.cacheWrite ?? this.#tokens?.cacheWrite ?? 0,
      reasoning: told.reasoning ?? this.#tokens?.reasoning ?? 0,
    };
  }
}

/** Where the value begins, if it is an object; where it ends, if it is none; undefined: not there yet. */
function valueAt(bytes: Buffer, from: number): number | undefined {
  let at = from;
  while (at < bytes.length && isSpace(bytes[at])) at += 1;
  if (at >= bytes.length) return undefined;
  if (bytes[at] !== COLON) return at;
  at += 1;
  while (at < bytes.length && isSpace(bytes[at])) at += 1;
  return at < bytes.length ? at : undefined;
}

function isSpace(byte: number | undefined): boolean {
  return byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09;
}

/** One past the object's last byte; `from` where no object begins; undefined where its end is not there yet. */
function objectEnd(bytes: Buffer, from: number): number | undefined {
  if (bytes[from] !== OPEN) return from;
  let [depth, isText] = [0, false];
  for (let at = from; at < bytes.length; at++) {
    const byte = bytes[at];
    if (isText) {
      if (byte === BACKSLASH) at += 1;
      else if (byte === QUOTE) isText = false;
    } else if (byte === QUOTE) isText = true;
    else if (byte === OPEN) depth += 1;
    else if (byte === CLOSE && --depth === 0) return at + 1;
  }
  return undefined;
}

type Told = { readonly [name in keyof Tokens]?: number | undefined };

/** OpenAI's chat and responses, vLLM's, llama.cpp's, and Anthropic's names. */
function tokensOf(text: string): Told | undefined {
  let usage: unknown;
  try {
    usage = JSON.parse(text);
  } catch {
    return undefined;
  }
  const number = (...path: readonly string[]): number | undefined => {
    let value: unknown = usage;
    for (const name of path) value = isRecord(value) ? value[name] : undefined;
    return typeof value === "number" && Number.isFinite(value) && value >= 0 ? value : undefined;
  };
  const [cacheRead, cacheWrite] = [number("cache_read_input_tokens"), number("cache_creation_input_tokens")];
  const uncached = number("input_tokens");
  // Anthropic counts what comes from its cache beside the input, the others within.
  const beside = (cacheRead ?? 0) + (cacheWrite ?? 0);
  const input = number("prompt_tokens") ?? (uncached === undefined ? undefined : uncached + beside);
  const output = number("completion_tokens") ?? number("output_tokens");
  if (input === undefined && output === undefined) return undefined;
  return {
    input,
    output,
    cachedInput:
      number("prompt_tokens_details", "cached_tokens") ?? number("input_tokens_details", "cached_tokens") ?? cacheRead,
    cacheWrite,
    reasoning:
      number("completion_tokens_details", "reasoning_tokens") ?? number("output_tokens_details", "reasoning_tokens"),
  };
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null;
}

/** Of an Ollama's last line, which has the counts behind everything else. */
const MOST_TAIL = 4_096;

/** Ollama's own dialect: the counts stand in the last line, after whatever was said. */
export class OllamaTap implements Tap {
  #tail: Buffer = Buffer.alloc(0);

  push(piece: Buffer): void {
    const bytes = piece.length >= MOST_TAIL ? piece : Buffer.concat([this.#tail, piece]);
    this.#tail = Buffer.from(bytes.subarray(Math.max(0, bytes.length - MOST_TAIL)));
  }

  get tokens(): Tokens | undefined {
    const text = this.#tail.toString("latin1");
    const input = lastNumber(text, /"prompt_eval_count"\s*:\s*(\d+)/g);
    const output = lastNumber(text, /"eval_count"\s*:\s*(\d+)/g);
    if (input === undefined && output === undefined) return undefined;
    return { input: input ?? 0, output: output ?? 0, cachedInput: 0, cacheWrite: 0, reasoning: 0 };
  }
}

function lastNumber(text: string, pattern: RegExp): number | undefined {
  const found = [...text.matchAll(pattern)].at(-1)?.[1];
  return found === undefined ? undefined : Number(found);
}
