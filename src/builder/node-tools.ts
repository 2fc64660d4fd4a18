import type { Json } from "../base/json.ts";
import { failure } from "../base/errors.ts";
import type { MemoryStore } from "../memory/contract.ts";
import type { ChatCall, ChatEvent, ChatReply } from "../models/contract.ts";
import type { AiMessage, NodeContext, NodeResult } from "../nodes/contract.ts";

/** What is asked of a model; the rest of a {@link ChatCall} is filled in. */
export interface Question extends Omit<ChatCall, "model" | "idempotencyKey" | "attempt"> {
  /** A reference such as `openai/gpt-5-mini`; the deployment's default if left out. */
  readonly model?: string;
}

/** What a node written in TypeScript may use while one attempt at it runs; to be taken apart at will. */
export interface NodeTools {
  /** Of the channels that the definition, or a `channel("reads")` of its configuration, names. Absent: undefined. */
  readonly state: { readonly read: (channel: string) => Json | undefined };
  /** The payload of the send that activated the task, if there was one. */
  readonly payload: Json | undefined;
  /** The node's id. */
  readonly node: string;
  /** From 1. */
  readonly attempt: number;
  /** The same in every attempt at a task: hand it to whom takes one. */
  readonly idempotencyKey: string;
  /** Aborted at the time-out and when the run is cancelled. */
  readonly signal: AbortSignal;
  /** To public addresses only; pass `signal` on. */
  readonly fetch: typeof fetch;
  readonly models: {
    /** The whole reply, counted to the node's usage. @throws EdgewiseError `unknown_model`, `model_*` … */
    readonly ask: (question: Question) => Promise<ChatReply>;
    /** The same piece by piece; the last event has the reply. */
    readonly stream: (question: Question) => AsyncIterable<ChatEvent>;
  };
  /** Long-term memory, across threads. */
  readonly store: MemoryStore;
  /** A step whose result is kept before this answers, and not made again by a later attempt; keys are unique in a task. */
  readonly once: <T extends Json>(key: string, step: () => T | Promise<T>) => Promise<T>;
  /** Takes the edge to a `target()` of the configuration, besides those whose condition holds. */
  readonly goto: (target: string) => void;
  /** Activates such a target once more, by itself, with this as its payload; in the order of the calls. */
  readonly send: (target: string, payload: Json) => void;
  /** Streams a piece of the node's message. */
  readonly say: (text: string) => void;
  /** Streams an event of one's own. */
  readonly emit: (value: Json) => void;
}

/** What an attempt said and used, for its result. */
export interface OpenTools {
  readonly tools: NodeTools;
  readonly result: () => Pick<NodeResult, "usage" | "message" | "goto" | "sends">;
}

/** The friendly side of a node's context. @param reads channels that `state.read` may be asked for */
export function openTools(context: NodeContext, reads: ReadonlySet<string>): OpenTools {
  const said: string[] = [];
  const used: Usage[] = [];
  const goto: string[] = [];
  const sends: NonNullable<NodeResult["sends"]>[number][] = [];
  const stream = (question: Question) => asked(context, question, (usage) => used.push(usage));
  const { node, attempt, idempotencyKey, signal, publicFetch, store, scope } = context;
  const tools: NodeTools = {
    state: { read: (channel) => scope.read(known(channel, reads, node)) },
    payload: scope.payload,
    node,
    attempt,
    idempotencyKey,
    signal,
    fetch: publicFetch,
    models: { stream, ask: async (question) => lastOf(stream(question)) },
    store,
    once: (key, step) => context.once(key, step),
    goto: (target) => void goto.push(target),
    send: (to, payload) => void sends.push({ to, payload }),
    say(text) {
      said.push(text);
      context.say(text);
    },
    emit: (value) => context.emit(value),
  };
  return {
    tools,
    result: () => ({
      ...(said.length === 0 ? {} : { message: messageOf(context.messageId, said.join("")) }),
      ...(used.length === 0 ? {} : { usage: used.reduce(addUsage) }),
      ...(goto.length === 0 ? {} : { goto }),
      ...(sends.length === 0 ? {} : { sends }),
    }),
  };
}

type Usage = NonNullable<NodeResult["usage"]>;

/** @throws EdgewiseError `node_failed` */
export function known(channel: string, reads: ReadonlySet<string>, node: string): string {
  if (reads.has(channel)) return channel;
  const way = `Name it in the kind's \`reads\`, or by a field channel("reads") of its configuration.`;
  throw failure(
    "node_failed",
    `Node "${node}" reads the channel "${channel}", which its kind does not declare. ${way}`,
  );
}

async function* asked(
  { models, fetch, signal, idempotencyKey, attempt }: NodeContext,
  { model: reference = "default", ...question }: Question,
  onUsage: (usage: Usage) => void,
): AsyncGenerator<ChatEvent> {
  const { provider, model } = models.resolve(reference);
  for await (const event of provider.chat({ ...question, model, idempotencyKey, attempt }, { fetch, signal })) {
    if (event.type === "finished") onUsage({ ...event.reply.usage, model: event.reply.model });
    yield event;
  }
}

async function lastOf(events: AsyncIterable<ChatEvent>): Promise<ChatReply> {
  for await (const event of events) if (event.type === "finished") return event.reply;
  throw failure("model_bad_reply", "The model ended its answer before it was finished.", { retryable: true });
}

/** The last model's name stands for all; a sum with an unknown price has none. */
function addUsage(one: Usage, other: Usage): Usage {
  return {
    inputTokens: one.inputTokens + other.inputTokens,
    outputTokens: one.outputTokens + other.outputTokens,
    unit: other.unit,
    costUsd: one.costUsd === null || other.costUsd === null ? null : one.costUsd + other.costUsd,
    model: other.model,
  };
}

function messageOf(id: string, content: string): AiMessage {
  return {
    type: "ai",
    id,
    content,
    tool_calls: [],
    invalid_tool_calls: [],
    additional_kwargs: {},
    response_metadata: {},
  };
}
