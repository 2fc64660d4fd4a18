import { failure } from "../base/errors.ts";
import type { Json } from "../base/json.ts";
import { toPointer } from "../base/pointer.ts";
import type { ValueSchema } from "../graph/plan.ts";
import type { ChatMessage, ChatReply, Usage } from "../models/contract.ts";
import { shortCause } from "../models/errors.ts";
import { schemaInstruction } from "../models/schema-instruction.ts";
import type { NodeContext } from "./contract.ts";
import { callModel } from "./model-call.ts";
import type { ModelRequest } from "./model-call.ts";
import { readJsonAnswer } from "./model-json.ts";

/** What a `model` node with `output` asks for. */
export interface OutputSpec {
  readonly schema: ValueSchema;
  /** How often the model is asked again about an answer that does not fit. */
  readonly repairs: number;
}

export interface StructuredAnswer {
  /** It fits the schema. */
  readonly value: Json;
  /** The one that holds the value. */
  readonly reply: ChatReply;
  /** 0 for the first answer, else the repair's number. */
  readonly round: number;
  /** Of all calls. */
  readonly usage: Usage;
}

/**
 * Asks until an answer fits the schema, with the answers so far and what is wrong with them.
 * @throws EdgewiseError `model_bad_reply`, final, when none of the answers fits or one is cut off; `model_refused` when the
 * model or its provider declines to answer. `details` holds what the calls have used.
 */
export async function askForJson(
  request: ModelRequest,
  { schema, repairs }: OutputSpec,
  messages: readonly ChatMessage[],
  context: NodeContext,
): Promise<StructuredAnswer> {
  const asked = [...messages];
  let usage: Usage | undefined;
  for (let round = 0; ; round += 1) {
    const reply = await callModel(request, asked, context, round);
    usage = usage === undefined ? reply.usage : sumOf(usage, reply.usage);
    const verdict = judge(reply, schema);
    if (verdict.kind === "fits") return { value: verdict.value, reply, round, usage };
    const spent = { calls: round + 1, usage: { ...usage } };
    if (verdict.kind === "hopeless")
      throw failure(verdict.code, verdict.message, { cause: shortCause(reply.text), details: spent });
    if (round >= repairs) throw unfit(context.node, reply, verdict.fault, spent);
    asked.push(
      // some providers refuse a message without text
      { role: "assistant", content: reply.text.trim() === "" ? "(nothing)" : reply.text },
      { role: "user", content: `This answer cannot be used: ${verdict.fault}. ${schemaInstruction(schema.document)}` },
    );
  }
}

type Verdict =
  | { readonly kind: "fits"; readonly value: Json }
  | { readonly kind: "faulty"; readonly fault: string }
  /** Asking again would end the same way. */
  | { readonly kind: "hopeless"; readonly code: "model_bad_reply" | "model_refused"; readonly message: string };

function judge(reply: ChatReply, schema: ValueSchema): Verdict {
  const { finish, model } = reply;
  if (finish === "content-filter")
    return {
      kind: "hopeless",
      code: "model_refused",
      message: `${model} declined to answer; change what it is asked.`,
    };
  if (reply.toolCalls.length > 0) {
    const message = `${model} called a tool instead of answering in JSON; a node with \`output\` cannot run tools.`;
    return { kind: "hopeless", code: "model_bad_reply", message };
  }
  const read = readJsonAnswer(reply.text);
  // A number's beginning is a number too.
  if (finish === "length" && (!read.ok || typeof read.value === "number")) {
    const message = `The JSON of ${model} was cut off where the answer may be no longer; raise the node's \`max_tokens\`.`;
    return { kind: "hopeless", code: "model_bad_reply", message };
  }
  if (!read.ok) return { kind: "faulty", fault: read.fault };
  const fault = schema.check(read.value);
  if (fault === undefined) return { kind: "fits", value: read.value };
  const at = fault.path.length === 0 ? "" : `at ${toPointer(fault.path)}: `;
  return { kind: "faulty", fault: `${at}${fault.message.replace(/\.$/, "")}`.slice(0, LONGEST_FAULT) };
}

const LONGEST_FAULT = 500;

function unfit(node: string, { model }: ChatReply, fault: string, details: { calls: number; usage: Json }): Error {
  const times = details.calls === 1 ? "one answer" : `${details.calls} answers`;
  return failure(
    "model_bad_reply",
    `${model} gave node "${node}" ${times}, none of which fits its \`output\`; see the cause, and make the schema simpler, allow more \`repairs\`, or use another model.`,
    { cause: shortCause(fault), details },
  );
}

/** Counts of words are not counts of tokens: a sum of both is called by the one that nobody bills. */
function sumOf(one: Usage, other: Usage): Usage {
  return {
    inputTokens: one.inputTokens + other.inputTokens,
    outputTokens: one.outputTokens + other.outputTokens,
    unit: one.unit === "tokens" ? other.unit : one.unit,
    costUsd: one.costUsd === null || other.costUsd === null ? null : one.costUsd + other.costUsd,
  };
}
