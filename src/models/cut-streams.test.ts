import { readFileSync } from "node:fs";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { type ErrorRecord, toErrorRecord } from "../base/errors.ts";
import { createAnthropic } from "./anthropic/provider.ts";
import type { ModelProvider } from "./contract.ts";
import { createOllama } from "./ollama/provider.ts";
import { createOpenAi } from "./openai/provider.ts";
import { chatCall, replyTo } from "./testing/provider-suite.ts";
import type { WireReply } from "./testing/scripted-fetch.ts";

interface Dialect {
  readonly name: string;
  readonly provider: ModelProvider;
  readonly model: string;
  readonly contentType: string;
  readonly folder: string;
  readonly suffix: string;
  /** What stands around data that means nothing. */
  readonly comment: string;
}

const SSE = { contentType: "text/event-stream; charset=utf-8", suffix: "sse", comment: ": nothing\n\n" };
const DIALECTS: readonly Dialect[] = [
  { name: "openai", provider: createOpenAi({ apiKey: "sk-0" }), model: "gpt-6.1-terra", folder: "openai", ...SSE },
  {
    name: "anthropic",
    provider: createAnthropic({ apiKey: "sk-0" }),
    model: "claude-sonnet-5-5",
    folder: "anthropic",
    ...SSE,
  },
  {
    name: "ollama",
    provider: createOllama({ baseUrl: "http://127.0.0.1:11434" }),
    model: "llama3.2",
    folder: "ollama",
    contentType: "application/x-ndjson",
    suffix: "jsonl",
    comment: "\n",
  },
];
// One of the clients writes on the console what it cannot read, and throws then.
beforeEach(() => void vi.spyOn(console, "warn").mockImplementation(() => undefined));
afterEach(() => void vi.restoreAllMocks());

/** Cuts of each recorded answer, spread over its length; with the other scripts they are more than sixty for each dialect. */
const CUTS = 24;

describe.each(DIALECTS)("[F11] an answer of $name", ({ provider, model, folder, suffix, contentType, comment }) => {
  const fixture = (name: string) =>
    readFileSync(`${import.meta.dirname}/${folder}/__fixtures__/${name}.${suffix}`, "utf8");
  const call = chatCall({ model });
  const wire = (body: string, more: Partial<WireReply> = {}): WireReply => ({
    headers: { "content-type": contentType },
    body,
    ...more,
  });
  const outcome = (reply: WireReply) =>
    replyTo(provider, call, reply).catch((thrown: unknown) => toErrorRecord(thrown));

  it.each([
    ["text", "end"],
    ["text", "failure"],
    ["tools", "end"],
  ] as const)(
    "of %s that is cut anywhere (%s) is whole or a passing error, and never a part of it",
    async (name, ending) => {
      const body = fixture(name);
      const whole = await replyTo(provider, call, wire(body));
      let errors = 0;
      for (let cut = 0; cut < CUTS; cut += 1) {
        const length = Math.floor((body.length * cut) / CUTS);
        const came = await outcome(wire(body.slice(0, length), { ending, bytesPerChunk: 7 }));
        if (!("code" in came)) expect([came.text, came.toolCalls]).toEqual([whole.text, whole.toolCalls]);
        else {
          errors += 1;
          expect(came satisfies ErrorRecord).toMatchObject({ code: "model_bad_reply", retryable: true });
        }
      }
      expect(errors).toBeGreaterThan(CUTS / 2);
    },
  );

  it("is the same in pieces of any size, characters torn apart, and with comments between", async () => {
    const body = fixture("text");
    const whole = await replyTo(provider, call, wire(body));
    const commented = comment.repeat(500) + body.replaceAll("\n\n", `\n\n${comment}`);
    for (const bytesPerChunk of [1, 2, 3, 5, 1_000_000])
      for (const text of [body, commented])
        expect((await replyTo(provider, call, wire(text, { bytesPerChunk }))).text).toBe(whole.text);
  });
});
