import { z } from "zod";
import { EdgewiseError, failure } from "../base/errors.ts";
import { isJsonObject, type Json, type JsonObject } from "../base/json.ts";
import { toPointer } from "../base/pointer.ts";
import type { Write } from "../engine/types.ts";
import type { Inside, NodeCompiler } from "../graph/kinds.ts";
import type { Expression, Plan, Scope, ValueSchema } from "../graph/plan.ts";
import type { CompositeKind, FrameEnd } from "./contract.ts";
import { compilePassage, insideFields, type Passage } from "./inside.ts";
import { callsToRun, toolMessage } from "./tool-calls.ts";
import { type Declarations, declarationsSchema } from "./tool-declarations.ts";

export const schema = z.strictObject({
  graph: insideFields.graph.describe(
    "The tools, a graph: each node that no edge leads to is one, called by its id. Arguments are in `item.args`",
  ),
  tools: declarationsSchema
    .optional()
    .describe("What a model is told of the tools, by name, and what their arguments are checked by"),
  messages: z
    .string()
    .default("messages")
    .describe("Channel of the conversation: whose last calls are run, and which gets what they come to"),
  result: z
    .string()
    .optional()
    .describe("CEL on the state inside when a call is over: what is answered; the channel `result` if left out"),
  on_failure: z
    .enum(["tell", "fail"])
    .default("tell")
    .describe("What a failed call does: it is told to the model, or fails the node"),
  concurrency: z.number().int().min(1).max(1000).default(6).describe("Calls under way at once"),
});

type Config = z.infer<typeof schema>;

interface Compiled extends Passage {
  readonly messages: string;
  /** Ids of the nodes that calls begin at. */
  readonly names: readonly string[];
  readonly parameters: ReadonlyMap<string, ValueSchema>;
  readonly result: Expression | undefined;
  readonly tells: boolean;
  readonly concurrency: number;
}

/** Runs the tool calls of the last message, each in a frame of its own (R10), and answers them with tool messages. */
export const tools: CompositeKind<Config, Compiled> = {
  kind: "tools",
  summary: "Runs the tools that a model has called",
  schema,
  effect: "pure",
  many: true,
  calls: true,
  example: `edgewise: 1
id: weather-agent
channels:
  messages: { reducer: messages, default: [{ role: user, content: What is the weather in Rome and in Oslo? }] }
nodes:
  agent:
    kind: model
    model: builtin/scripted # answers by a script, so that this runs without a key
    tools: act
    options:
      script:
        turns:
          - reply: ""
            toolCalls: [{ name: weather, args: { city: Rome } }, { name: weather, args: { city: Oslo } }]
          - reply: Rome is sunny, Oslo is not.
    messages: state.messages
    write: messages
  act:
    kind: tools
    messages: messages
    tools:
      weather:
        description: Tells the weather of a city.
        parameters: { type: object, properties: { city: { type: string } }, required: [city] }
    graph:
      channels: { result: {} }
      nodes:
        weather: { kind: transform, set: { result: "item.args.city == 'Rome' ? 'sunny' : 'rain'" } }
      edges: []
edges:
  - { from: start, to: agent }
  - { from: agent, to: act, when: size(state.messages.last().tool_calls) > 0 }
  - { from: act, to: agent }
`,
  compile(config, compiler) {
    const inside = compiler.inside(config.graph as never, ["graph"], ["item", "index"]);
    const names = inside === undefined ? [] : namesIn(inside.plan);
    checkConversation(config, compiler);
    if (inside !== undefined) checkInside(config, inside, names, compiler);
    return {
      ...compilePassage({}, inside, compiler, []),
      messages: config.messages,
      names,
      parameters: parametersOf(config.tools ?? {}, compiler),
      result: config.result === undefined ? undefined : inside?.expression(config.result, ["result"]),
      tells: config.on_failure === "tell",
      concurrency: config.concurrency,
    };
  },
  shares: ({ shares }) => shares,
  open(compiled, scope) {
    const { messages, concurrency, tells } = compiled;
    const items = callsToRun(scope.read(messages));
    const fault = tells ? undefined : items.map((call) => faultOf(compiled, call)).find((each) => each !== undefined);
    if (fault !== undefined) throw failure("node_failed", fault);
    return { items, concurrency, tolerant: tells };
  },
  enter: () => ({ writes: [] }),
  /** What cannot be called begins nowhere: its frame is over at once. */
  begins: (compiled, call) => (faultOf(compiled, call) === undefined ? nameOf(call) : undefined),
  leave(compiled, scope) {
    const call = scope.globals?.item ?? null;
    const fault = faultOf(compiled, call);
    if (fault !== undefined) return [written(compiled, call, `Error: ${fault}`, "error")];
    return [written(compiled, call, answerOf(compiled, scope), "success")];
  },
  close: (compiled, ends) => ends.flatMap((end) => writesOf(compiled, end)),
};

/** A failure is an answer too: the model may do better, or do without. */
function writesOf(compiled: Compiled, end: FrameEnd): readonly Write[] {
  if (end.ok) return [...end.shared, ...end.writes];
  if (!compiled.tells) throw new EdgewiseError(end.error);
  return [written(compiled, end.item, `Error: ${end.error.message}`, "error")];
}

function written({ messages }: Compiled, call: Json, content: Json, status: "success" | "error"): Write {
  return { channel: messages, value: toolMessage(call, content, status) };
}

function answerOf({ result }: Compiled, scope: Scope): Json {
  return (result === undefined ? scope.read("result") : result.evaluate(scope)) ?? "";
}

/** Why a call cannot be made; undefined where it can. */
function faultOf({ names, parameters }: Compiled, call: Json): string | undefined {
  const name = nameOf(call);
  if (!names.includes(name)) return `There is no tool "${name.slice(0, 80)}"; there are ${names.join(", ")}.`;
  const args = isJsonObject(call) ? (call["args"] ?? null) : null;
  const fault = parameters.get(name)?.check(args);
  if (fault === undefined) return undefined;
  const at = fault.path.length === 0 ? "" : `${toPointer(fault.path)}: `;
  return `The arguments of "${name}" do not fit: ${at}${fault.message.replace(/\.$/, "")}.`;
}

function nameOf(call: Json): string {
  const name = isJsonObject(call) ? call["name"] : undefined;
  return typeof name === "string" ? name : "";
}

/** The nodes that a call may begin at, which the compiler has made starts. */
function namesIn({ nodes, starts }: Plan): readonly string[] {
  const begun = new Set(starts.flatMap(({ to, condition }) => (condition.kind === "goto" ? [to] : [])));
  return nodes.flatMap(({ id, index }) => (begun.has(index) ? [id] : []));
}

function checkConversation({ messages }: Config, compiler: NodeCompiler): void {
  const channel = compiler.channel(messages, ["messages"], "both");
  if (channel === undefined || channel.reducer === "messages") return;
  const message = `Calls are read from a conversation; "${messages}" is a channel with the reducer ${channel.reducer}.`;
  compiler.problem("invalid_value", message, ["messages"], { hint: "Give it the reducer messages." });
}

function checkInside(
  { tools: said, result }: Config,
  inside: Inside,
  names: readonly string[],
  compiler: NodeCompiler,
) {
  if (inside.plan.starts.some(({ condition }) => condition.kind !== "goto")) {
    const message = "A call begins at the node of its name, so no edge leaves start in a graph of tools.";
    compiler.problem("invalid_value", message, ["graph"], { hint: "Leave the edges from start out." });
  }
  for (const name of Object.keys(said ?? {})) {
    if (names.includes(name)) continue;
    const message = `There is no tool "${name.slice(0, 80)}" in the graph: no node of that id that no edge leads to.`;
    compiler.problem("invalid_value", message, ["tools", name], { atKey: true });
  }
  if (result === undefined && !inside.plan.channels.some(({ name }) => name === "result")) {
    const message = "A tool answers by the channel `result`, which its graph does not have.";
    compiler.problem("unknown_channel", message, ["graph"], { hint: "Declare it there, or say what `result` is." });
  }
}

function parametersOf(declarations: Declarations, compiler: NodeCompiler): ReadonlyMap<string, ValueSchema> {
  return new Map(
    Object.entries(declarations).flatMap(([name, { parameters }]): [string, ValueSchema][] =>
      parameters === undefined
        ? []
        : [[name, compiler.schema(parameters as JsonObject, ["tools", name, "parameters"])]],
    ),
  );
}
