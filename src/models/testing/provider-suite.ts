import { describe, expect, it } from "vitest";
import { EdgewiseError, type ErrorRecord } from "../../base/errors.ts";
import type { JsonObject } from "../../base/json.ts";
import type { ChatCall, ChatEvent, ChatReply, ModelProvider } from "../contract.ts";
import { scriptedNetwork, type WireReply } from "./scripted-fetch.ts";

/**
 * What every provider promises, whoever is behind it:
 * [P1] the deltas together are the reply's text; [P2] `finished` comes once, last; [P3] usage is counted;
 * [P4] the reply names who answered; [P5] an abort ends the call with the signal's own reason and closes the connection;
 * [P6] every failure is an EdgewiseError of the right code and never follows a `finished`;
 * [P7] nothing is retried by itself; [P8] no error holds a key; [P9] a reader that stops closes the connection;
 * [P10] a schema that the answer is to fit is sent, whatever is in it, or refused with `model_refused`.
 */
export interface ProviderUnderTest {
  readonly name: string;
  readonly provider: ModelProvider;
  readonly secret?: string;
  /** A call, and the network under it, which is answered with text. */
  readonly answered: Case;
  /** One that is answered in part, and then no more; a provider that never waits has none. */
  readonly silent?: Case;
  readonly faults: readonly Fault[];
  /** What becomes of a call's `responseSchema`; "as-told": a double that answers what its script says. */
  readonly structured: "sent" | "refused" | "as-told";
}

export interface Case {
  readonly call: ChatCall;
  readonly wire: WireReply | Error;
}

export interface Fault extends Case {
  readonly title: string;
  readonly expected: Partial<ErrorRecord> & Pick<ErrorRecord, "code" | "retryable">;
}

export function chatCall(more: Partial<ChatCall> = {}): ChatCall {
  return {
    model: "test",
    messages: [{ role: "user", content: "Say something." }],
    idempotencyKey: "run-1/task-1",
    attempt: 1,
    ...more,
  };
}

export async function collect(events: AsyncIterable<ChatEvent>): Promise<readonly ChatEvent[]> {
  const collected: ChatEvent[] = [];
  for await (const event of events) collected.push(event);
  return collected;
}

/** The reply of a call over a scripted network. */
export async function replyTo(provider: ModelProvider, call: ChatCall, wire: WireReply | Error): Promise<ChatReply> {
  const { fetch } = scriptedNetwork(wire);
  const last = (await collect(provider.chat(call, { fetch, signal: new AbortController().signal }))).at(-1);
  if (last?.type !== "finished") throw new Error("The stream ended without a reply.");
  return last.reply;
}

export function describeProvider(subject: ProviderUnderTest): void {
  describe(`${subject.name} keeps the contract of a provider`, () => {
    describeAnswers(subject);
    describeAborts(subject);
    describeFaults(subject);
    describeStructured(subject);
  });
}

function describeAnswers({ provider, answered }: ProviderUnderTest): void {
  const run = () => {
    const { fetch } = scriptedNetwork(answered.wire);
    return collect(provider.chat(answered.call, { fetch, signal: new AbortController().signal }));
  };

  it("[P1] the deltas together are the reply's text", async () => {
    const events = await run();
    const text = events.map((event) => (event.type === "text-delta" ? event.text : "")).join("");
    expect(events.length).toBeGreaterThan(2);
    expect(events.at(-1)).toMatchObject({ type: "finished", reply: { text, finish: "stop" } });
  });

  it("[P2] finished comes once, and last", async () => {
    const types = (await run()).map((event) => event.type);
    expect(types.indexOf("finished")).toBe(types.length - 1);
  });

  it("[P3] usage is counted, with its unit, and its cost where that is known", async () => {
    const last = (await run()).at(-1);
    const usage = last?.type === "finished" ? last.reply.usage : undefined;
    expect(usage?.inputTokens).toBeGreaterThan(0);
    expect(usage?.outputTokens).toBeGreaterThan(0);
    expect(["tokens", "words"]).toContain(usage?.unit);
    expect(usage?.costUsd === null || Number.isFinite(usage?.costUsd)).toBe(true);
  });

  it("[P4] the reply names the provider and the model that answered", async () => {
    const last = (await run()).at(-1);
    const model = last?.type === "finished" ? last.reply.model : "";
    expect(model.startsWith(`${provider.name}/`)).toBe(true);
    expect(model.length).toBeGreaterThan(provider.name.length + 1);
  });
}

function describeAborts({ provider, answered, silent }: ProviderUnderTest): void {
  const reason = new DOMException("The run was cancelled.", "AbortError");

  it("[P5] an abort before the start sends nothing", async () => {
    const { fetch, requests } = scriptedNetwork(answered.wire);
    const events = collect(provider.chat(answered.call, { fetch, signal: AbortSignal.abort(reason) }));
    await expect(events).rejects.toBe(reason);
    expect(requests).toEqual([]);
  });

  it("[P5] an abort between two deltas ends the call with the signal's reason", async () => {
    const { fetch } = scriptedNetwork(answered.wire);
    const controller = new AbortController();
    const readUntilAborted = async () => {
      for await (const event of provider.chat(answered.call, { fetch, signal: controller.signal })) {
        expect(event.type).toBe("text-delta");
        controller.abort(reason);
      }
    };
    await expect(readUntilAborted()).rejects.toBe(reason);
  });

  it.runIf(silent)("[P5] an abort while the provider is silent closes the connection", async () => {
    const { call, wire } = silent ?? answered;
    const network = scriptedNetwork(wire);
    const controller = new AbortController();
    const events = provider.chat(call, { fetch: network.fetch, signal: controller.signal })[Symbol.asyncIterator]();
    await events.next();
    const waiting = (async () => {
      while ((await events.next()).done !== true);
    })();
    controller.abort(reason);
    await expect(waiting).rejects.toBe(reason);
    expect(network.closedEarly()).toBe(network.requests.length);
  });

  it("[P9] a reader that stops early closes the connection", async () => {
    const network = scriptedNetwork(silent?.wire ?? answered.wire);
    const call = silent?.call ?? answered.call;
    for await (const event of provider.chat(call, { fetch: network.fetch, signal: new AbortController().signal })) {
      expect(event.type).toBe("text-delta");
      break;
    }
    expect(network.closedEarly()).toBe(network.requests.length);
  });
}

function describeFaults({ provider, secret, faults }: ProviderUnderTest): void {
  it.each(faults)("[P6] $title is $expected.code", async ({ call, wire, expected }) => {
    const network = scriptedNetwork(wire);
    const events: ChatEvent[] = [];
    let thrown: unknown;
    try {
      const io = { fetch: network.fetch, signal: new AbortController().signal };
      for await (const event of provider.chat(call, io)) events.push(event);
    } catch (caught) {
      thrown = caught;
    }
    expect(thrown).toBeInstanceOf(EdgewiseError);
    const record = thrown instanceof EdgewiseError ? thrown.record : undefined;
    expect(record).toMatchObject(expected);
    expect(events.filter((event) => event.type === "finished")).toEqual([]);
    expect(network.requests.length, "[P7] one attempt is one request").toBeLessThanOrEqual(1);
    if (secret) expect(JSON.stringify(record), "[P8] no key in an error").not.toContain(secret);
  });
}

/** Schemas of every sort that a document may hold: what one provider takes, and what none of them does. */
const SCHEMAS: readonly (readonly [string, JsonObject])[] = [
  [
    "closed",
    { type: "object", properties: { zebra: { type: "string" } }, required: ["zebra"], additionalProperties: false },
  ],
  ["with bounds", { type: "object", properties: { zebra: { type: "integer", minimum: 1, default: 2 } } }],
  ["open", { type: "object", additionalProperties: { enum: ["zebra"] } }],
  ["a list", { type: "array", items: { const: "zebra" } }],
  [
    "recursive",
    { $ref: "#/$defs/zebra", $defs: { zebra: { type: "object", properties: { below: { $ref: "#/$defs/zebra" } } } } },
  ],
  ["of any type", { title: "zebra" }],
];

function describeStructured({ provider, answered, structured }: ProviderUnderTest): void {
  const call = (schema: JsonObject): ChatCall => ({ ...answered.call, responseSchema: { name: "answer", schema } });

  if (structured === "sent")
    it.each(SCHEMAS)("[P10] a schema that is %s is sent", async (_, schema) => {
      const { fetch, requests } = scriptedNetwork(answered.wire);
      const events = await collect(provider.chat(call(schema), { fetch, signal: new AbortController().signal }));
      expect(await requests[0]?.text()).toContain("zebra");
      expect(events.at(-1)?.type).toBe("finished");
    });

  if (structured === "refused")
    it.each(SCHEMAS)("[P10] a schema that is %s is refused", async (_, schema) => {
      await expect(replyTo(provider, call(schema), answered.wire)).rejects.toMatchObject({
        code: "model_refused",
        retryable: false,
      });
    });
}
