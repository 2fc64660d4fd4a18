import { z } from "zod";
import type { Json, JsonObject } from "../base/json.ts";
import type { ReducerName } from "../graph/channels.ts";
import type { NodeCompiler } from "../graph/kinds.ts";
import type { Expression, Scope, Template, ValueTemplate } from "../graph/plan.ts";
import type { ChatMessage } from "../models/contract.ts";
import { estimateCall } from "../models/estimate.ts";
import type { Estimate, NodeContext, NodeKind, NodeResult } from "./contract.ts";
import { toAiMessage, toChatMessages } from "./messages.ts";
import { callModel } from "./model-call.ts";
import type { ModelRequest } from "./model-call.ts";
import { askForJson } from "./model-output.ts";
import type { OutputSpec } from "./model-output.ts";
import { declaredBy } from "./tool-declarations.ts";

const MOST_REPAIRS = 5;
const USUAL_REPAIRS = 2;

export const schema = z
  .strictObject({
    model: z.string().min(1).max(200).default("default").describe("Which model: provider/name, or default"),
    system: z.string().optional().describe("Template of the system message"),
    prompt: z.string().optional().describe("Template of the user's message"),
    messages: z.string().optional().describe("CEL expression of a list of messages, instead of prompt"),
    output: z
      .record(z.string(), z.unknown())
      .optional()
      .describe("JSON Schema of the answer: the model is asked for JSON that fits, and the value is written"),
    repairs: z
      .number()
      .int()
      .min(0)
      .max(MOST_REPAIRS)
      .optional()
      .describe(`How often it is asked again for an answer that fits output; ${USUAL_REPAIRS} if left out`),
    temperature: z.number().min(0).max(10).optional().describe("How freely it answers; 0 is the least, more is freer"),
    max_tokens: z.number().int().min(1).max(10_000_000).optional().describe("Longest answer, in the provider's tokens"),
    stop: z.array(z.string().min(1)).max(16).optional().describe("Texts at which the model stops"),
    tools: z.string().optional().describe("Node of kind tools: what it says of its tools is told to the model"),
    options: z
      .record(z.string(), z.unknown())
      .optional()
      .describe("Handed to the provider: a value whose texts are templates"),
    write: z
      .string()
      .describe("Channel for the answer: its text or value, or the message where the reducer is messages"),
  })
  .superRefine(({ prompt, messages, output, repairs }, issues) => {
    if (prompt === undefined && messages === undefined)
      issues.addIssue("A model node needs something to ask: prompt, a template, or messages, an expression.");
    if (prompt !== undefined && messages !== undefined) {
      const message = "A model node has either prompt or messages; put the prompt at the list's end, or take one away.";
      issues.addIssue({ code: "custom", path: ["messages"], message });
    }
    if (repairs !== undefined && output === undefined) {
      const message = "Without output there is nothing to repair: add output, a JSON Schema, or take repairs away.";
      issues.addIssue({ code: "custom", path: ["repairs"], message });
    }
  });

type Config = z.infer<typeof schema>;

interface Compiled {
  readonly request: ModelRequest;
  readonly options: ValueTemplate | undefined;
  readonly system: Template | undefined;
  readonly asked:
    | { readonly kind: "prompt"; readonly template: Template }
    | { readonly kind: "messages"; readonly expression: Expression };
  readonly output: OutputSpec | undefined;
  readonly write: string;
  readonly reducer: ReducerName;
}

const EXAMPLE = `edgewise: 1
id: brief
channels:
  report:
    default: The bridge was closed on Monday. Engineers found a crack in its second pillar. Repairs take three weeks.
  answer: { schema: { type: string } }
input: [report]
output: [answer]
nodes:
  summarize:
    kind: model
    model: builtin/extractive # needs no key; default takes what is configured
    system: You answer briefly.
    prompt: |
      <document title="Report">{{ state.report }}</document>
      Summarize this in one sentence.
    write: answer
edges:
  - { from: start, to: summarize }
`;

/** Asks a language model, streams what it says, and writes its answer. */
export const model: NodeKind<Config, Compiled> = {
  kind: "model",
  summary: "Asks a language model",
  schema,
  effect: "idempotent",
  defaults: { retry: { attempts: 3, delayMs: 500, maxDelayMs: 30_000 }, timeoutMs: 120_000 },
  example: EXAMPLE,
  compile(config, compiler) {
    const { system, prompt, messages } = config;
    return {
      request: { reference: config.model, settings: settingsOf(config, compiler) },
      options: config.options === undefined ? undefined : compiler.value(config.options as JsonObject, ["options"]),
      system: system === undefined ? undefined : compiler.template(system, ["system"]),
      asked:
        messages === undefined
          ? { kind: "prompt", template: compiler.template(prompt ?? "", ["prompt"]) }
          : { kind: "messages", expression: compiler.expression(messages, ["messages"]) },
      output: outputOf(config, compiler),
      write: config.write,
      reducer: compiler.channel(config.write, ["write"])?.reducer ?? "last",
    };
  },
  estimate(compiled, context) {
    return estimateOf(compiled, context);
  },
  async run(compiled, context) {
    const messages = messagesOf(compiled, context);
    const { output } = compiled;
    const request = requestOf(compiled, context.scope);
    if (output !== undefined) return askedForJson(compiled, { request, output, messages }, context);
    const reply = await callModel(request, messages, context);
    const message = toAiMessage(reply, context.messageId);
    return resultOf(compiled, reply.text, { message, usage: { ...reply.usage, model: reply.model } });
  },
};

function settingsOf(config: Config, compiler: NodeCompiler): ModelRequest["settings"] {
  const tools = config.tools === undefined ? undefined : declaredBy(config.tools, ["tools"], compiler);
  return {
    ...(tools === undefined ? {} : { tools }),
    ...(config.temperature === undefined ? {} : { temperature: config.temperature }),
    ...(config.max_tokens === undefined ? {} : { maxTokens: config.max_tokens }),
    ...(config.stop === undefined ? {} : { stop: config.stop }),
  };
}

interface Asked {
  readonly request: ModelRequest;
  readonly output: OutputSpec;
  readonly messages: readonly ChatMessage[];
}

/** With the options for what the task sees. A mapping stays one: holes stand in its values. */
function requestOf({ request, options }: Compiled, scope: Scope): ModelRequest {
  if (options === undefined) return request;
  return { ...request, settings: { ...request.settings, options: options.evaluate(scope) as JsonObject } };
}

function outputOf({ model: reference, output, repairs }: Config, compiler: NodeCompiler): OutputSpec | undefined {
  if (output === undefined) return undefined;
  if (reference === "builtin/extractive") {
    const message = "builtin/extractive quotes sentences and cannot answer in JSON; name another model.";
    compiler.problem("invalid_value", message, ["model"]);
  }
  // a document is JSON
  return { schema: compiler.schema(output as JsonObject, ["output"]), repairs: repairs ?? USUAL_REPAIRS };
}

async function askedForJson(
  compiled: Compiled,
  { request: { reference, settings }, output, messages }: Asked,
  context: NodeContext,
): Promise<NodeResult> {
  const responseSchema = { name: context.node, schema: output.schema.document };
  const request = { reference, settings: { ...settings, responseSchema } };
  const { value, reply, round, usage } = await askForJson(request, output, messages, context);
  // A repaired answer is a message of its own: the first one's text has been streamed under the first one's id.
  const message = toAiMessage(reply, round === 0 ? context.messageId : `${context.messageId}:repair-${round}`);
  return resultOf(compiled, value, { message, usage: { ...usage, model: reply.model } });
}

function resultOf(
  { write, reducer }: Compiled,
  answer: Json,
  said: Required<Pick<NodeResult, "message" | "usage">>,
): NodeResult {
  return { writes: [{ channel: write, value: reducer === "messages" ? { ...said.message } : answer }], ...said };
}

/** All its calls, repairs included. @throws what asking would throw: an expression's failure, an unknown model */
function estimateOf(compiled: Compiled, context: Pick<NodeContext, "scope" | "models">): Estimate {
  const { output } = compiled;
  const request = requestOf(compiled, context.scope);
  const { provider, model: name } = context.models.resolve(request.reference);
  const responseSchema = output && { responseSchema: { name: "", schema: output.schema.document } };
  const call = { messages: messagesOf(compiled, context), ...request.settings, ...responseSchema };
  const { inputTokens, outputTokens, costUsd } = estimateCall(`${provider.name}/${name}`, call, output?.repairs ?? 0);
  return { tokens: inputTokens + outputTokens, costUsd };
}

function messagesOf({ system, asked }: Compiled, { scope }: Pick<NodeContext, "scope">): ChatMessage[] {
  const first: ChatMessage[] = system === undefined ? [] : [{ role: "system", content: system.render(scope) }];
  if (asked.kind === "prompt") return [...first, { role: "user", content: asked.template.render(scope) }];
  return [...first, ...toChatMessages(asked.expression.evaluate(scope), "messages")];
}
