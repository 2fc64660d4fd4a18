import { failure } from "../../base/errors.ts";
import type { ChatCall, ChatEvent, ChatReply, ModelIo, ToolCall, Usage } from "../contract.ts";
import { badReply, errorOfStatus, modelError } from "../errors.ts";
import { countWords } from "../words.ts";
import { chooseOutcome, type FaultOutcome, type Outcome, type ReplyOutcome } from "./script.ts";

const MODEL = "builtin/scripted";

/** A model for tests that answers what `options.script` says, faults and delays included; without one it echoes. */
export async function* chatScripted(call: ChatCall, io: ModelIo): AsyncGenerator<ChatEvent> {
  io.signal.throwIfAborted();
  const outcome = outcomeFor(call);
  if ("fault" in outcome) return yield* fail(outcome, io.signal);
  await pause(outcome.firstDelayMs, io.signal);
  yield* speak(outcome.reply, outcome, io.signal);
  yield { type: "finished", reply: toReply(call, outcome) };
}

function outcomeFor(call: ChatCall): Outcome {
  const script = call.options?.["script"];
  const turn = call.messages.filter((message) => message.role === "assistant").length;
  if (script !== undefined) return chooseOutcome(script, turn, call.attempt);
  const echo = call.messages.findLast((message) => message.role === "user")?.content ?? "";
  return chooseOutcome({ turns: [{ reply: echo }] }, 0, 1);
}

async function* fail(outcome: FaultOutcome, signal: AbortSignal): AsyncGenerator<ChatEvent> {
  switch (outcome.fault) {
    case "timeout":
      await pause(outcome.delayMs ?? Number.POSITIVE_INFINITY, signal);
      throw modelError("model_timeout", true, `${MODEL} did not answer in time, as its script says.`);
    case "status": {
      await pause(outcome.delayMs, signal);
      const retryAfter = outcome.retryAfter === undefined ? null : String(outcome.retryAfter);
      const body = `scripted status ${outcome.status}`;
      throw errorOfStatus({ model: MODEL, status: outcome.status, retryAfter, body, nowMs: Date.now() });
    }
    case "truncated":
      yield* speak(Array.from(outcome.reply).slice(0, outcome.after).join(""), outcome, signal);
      throw badReply(MODEL, "ended its stream before the end of the answer, as its script says");
    case "malformed":
      await pause(outcome.delayMs, signal);
      throw badReply(MODEL, "sent something that is not JSON, as its script says");
    default:
      throw failure("internal", `Unknown fault ${JSON.stringify(outcome satisfies never)}.`);
  }
}

async function* speak(
  text: string,
  pace: { readonly chunk: number; readonly delayMs: number },
  signal: AbortSignal,
): AsyncGenerator<ChatEvent> {
  const characters = Array.from(text);
  for (let start = 0; start < characters.length; start += pace.chunk) {
    await pause(start === 0 ? 0 : pace.delayMs, signal);
    yield { type: "text-delta", text: characters.slice(start, start + pace.chunk).join("") };
  }
  signal.throwIfAborted();
}

function toReply(call: ChatCall, outcome: ReplyOutcome): ChatReply {
  const turn = call.messages.filter((message) => message.role === "assistant").length;
  const toolCalls = outcome.toolCalls.map(
    (toolCall, index): ToolCall => ({
      id: toolCall.id ?? `call_${turn}_${index}`,
      name: toolCall.name,
      args: toolCall.args,
    }),
  );
  const usage: Usage = {
    inputTokens: outcome.usage?.inputTokens ?? call.messages.reduce((sum, { content }) => sum + countWords(content), 0),
    outputTokens: outcome.usage?.outputTokens ?? countWords(outcome.reply),
    unit: "tokens",
    costUsd: 0,
  };
  const finish = outcome.finish ?? (toolCalls.length > 0 ? "tool-calls" : "stop");
  return { text: outcome.reply, toolCalls, finish, usage, model: MODEL };
}

/** Resolves after the delay, or rejects with the signal's reason at once when it is aborted. */
function pause(delayMs: number, signal: AbortSignal): Promise<void> | undefined {
  signal.throwIfAborted();
  if (delayMs === 0) return undefined;
  return new Promise((resolve, reject) => {
    const onAbort = () => {
      clearTimeout(timer);
      reject(signal.reason);
    };
    // An endless delay is a timer that is never set: only the signal ends it.
    const timer = Number.isFinite(delayMs) ? setTimeout(done, delayMs) : undefined;
    function done() {
      signal.removeEventListener("abort", onAbort);
      resolve();
    }
    signal.addEventListener("abort", onAbort, { once: true });
  });
}
