import { isJsonObject, type Json, type JsonObject } from "../../src/base/json.ts";
import type { Outcome, Task, TaskId } from "../../src/engine/types.ts";
import type { Chunk, LogEntry } from "../log/entry.ts";
import { type Audience, frameAround } from "./audience.ts";
import { messagesIn, pieceId } from "./layout.ts";
import type { Frame, Sheet } from "./sheet.ts";
import { type RunNames, type TaskTexts, updateOf } from "./task-texts.ts";

/** The kind whose task is a tool's call, to those who listen to `tools`, and the one that has a frame for each call. */
const [CALL, CALLS] = ["http", "tools"];

/** A tool that was begun. */
interface Call {
  readonly toolCallId: string;
  readonly name: string;
  /** In which it is told. */
  readonly frame: string;
}

/**
 * A run as callbacks would tell it: `events` (`on_chain_…`, `on_chat_model_…`), and `tools` (`on_tool_…`). A node is a chain, the
 * run is one around them.
 */
export class EventFrames {
  readonly #audience: Audience;
  readonly #texts: TaskTexts;
  readonly #names: RunNames;
  /** Under way, by task, or by with what the names of a frame's tasks begin. */
  readonly #calls = new Map<string, Call>();
  /** What the open nodes of the kind `tools` were called with. */
  readonly #items = new Map<TaskId, readonly Json[]>();

  constructor(audience: Audience, texts: TaskTexts, names: RunNames) {
    this.#audience = audience;
    this.#texts = texts;
    this.#names = names;
  }

  begins(sheet: Sheet, input: Json): void {
    sheet.add("events", { slot: "graphStart", frame: "" }, () => this.#ofGraph("on_chain_start", { input }));
  }

  started(sheet: Sheet, task: Task, index: number): void {
    const frame = frameAround(task.id);
    const kind = this.#texts.kind(task.id);
    sheet.add("events", { slot: "nodeStart", index, frame }, () =>
      this.#ofNode(task.id, "on_chain_start", { input: this.#texts.input(task) }),
    );
    if (kind === "model")
      sheet.add("events", { slot: "modelStart", index, frame }, () =>
        this.#ofModel(task.id, "on_chat_model_start", { input: this.#texts.input(task) }),
      );
    if (kind !== CALL || !this.#audience.wants("tools")) return;
    const { toolCallId, name, input } = callOf(task, this.#texts);
    this.#calls.set(task.id, { toolCallId, name, frame });
    sheet.add("tools", { slot: "toolStart", index, frame }, () => ({
      event: "on_tool_start",
      toolCallId,
      name,
      input,
    }));
  }

  /** The calls of a node that has a frame for each. */
  framed(sheet: Sheet, entry: Extract<LogEntry, { readonly type: "frames-announced" | "frame-started" }>): void {
    const { task } = entry;
    if (this.#texts.kind(task) !== CALLS || !this.#audience.wants("tools")) return;
    if (entry.type === "frames-announced") this.#items.set(task, entry.items);
    const item = entry.type === "frame-started" ? this.#items.get(task)?.[entry.frame] : undefined;
    if (entry.type === "frames-announced" || !isCall(item)) return;
    const { id: toolCallId, name, args: input = {} } = item;
    const frame = frameAround(task);
    this.#calls.set(`${task}[${entry.frame}]/`, { toolCallId, name, frame });
    sheet.add("tools", { slot: "callStart", frame }, () => ({ event: "on_tool_start", toolCallId, name, input }));
  }

  /** What they have come to are messages of its own, which it writes when all of them are over. */
  answered(sheet: Sheet, entry: Extract<LogEntry, { readonly type: "task-succeeded" }>): void {
    const { task } = entry;
    if (this.#texts.kind(task) !== CALLS || !this.#audience.wants("tools")) return;
    for (const number of this.#items.get(task)?.keys() ?? []) this.#calls.delete(`${task}[${number}]/`);
    this.#items.delete(task);
    for (const [index, { message }] of messagesIn(entry).entries()) {
      const { type, tool_call_id: toolCallId = null, name = null, status, content = null } = message;
      if (type !== "tool") continue;
      const event = status === "error" ? "on_tool_error" : "on_tool_end";
      const end = status === "error" ? { error: content } : { output: message };
      sheet.add("tools", { slot: "toolMessage", index, frame: frameAround(task) }, () => ({
        event,
        toolCallId,
        name,
        ...end,
      }));
    }
  }

  /** @param said what its model has said, if it is a model's task */
  ended(sheet: Sheet, task: TaskId, outcome: Outcome, said: Json | undefined): void {
    const frame = frameAround(task);
    const output = updateOf(outcome);
    const node = this.#texts.name(task);
    if (this.#texts.kind(task) === "model") {
      const message = said ?? null;
      if (sheet.commit.entry.type === "task-succeeded" && sheet.commit.entry.message !== undefined)
        sheet.add("events", { slot: "modelPiece", frame }, () =>
          this.#ofModel(task, "on_chat_model_stream", { chunk: message }),
        );
      sheet.add("events", { slot: "modelEnd", frame }, () =>
        this.#ofModel(task, "on_chat_model_end", { output: message }),
      );
    }
    sheet.add("events", { slot: "nodePiece", frame }, () => this.#ofNode(task, "on_chain_stream", { chunk: output }));
    sheet.add("events", { slot: "nodeEnd", frame }, () => this.#ofNode(task, "on_chain_end", { output }));
    if (frame === "")
      sheet.add("events", { slot: "graphPiece", frame }, () =>
        this.#ofGraph("on_chain_stream", { chunk: { [node]: output } }),
      );
  }

  toolEnded(sheet: Sheet, task: TaskId, end: { readonly output: Json } | { readonly error: Json }): void {
    const call = this.#calls.get(task);
    if (call === undefined) return;
    this.#calls.delete(task);
    const { toolCallId, name } = call;
    const event = "error" in end ? "on_tool_error" : "on_tool_end";
    const frame = frameAround(task);
    sheet.add("tools", { slot: "toolEnd", frame }, () => ({ event, toolCallId, name, ...end }));
  }

  ends(sheet: Sheet, output: () => JsonObject): void {
    sheet.add("events", { slot: "graphEnd", frame: "" }, () => this.#ofGraph("on_chain_end", { output: output() }));
  }

  /** What a tool says while it works. */
  pieces(chunk: Chunk, from: number): Frame[] {
    const call = this.#calls.get(chunk.task) ?? this.#calls.get(frameAround(chunk.task));
    if (call === undefined || !this.#audience.sees(call.frame)) return [];
    const { toolCallId, name, frame } = call;
    const event = this.#audience.nameOf("tools", frame);
    return chunk.data.slice(from).flatMap((data, index): Frame[] => {
      const id = pieceId(chunk.first + (from + index) * chunk.each, chunk.each, "tool");
      return id === undefined ? [] : [{ id, event, data: { event: "on_tool_event", toolCallId, name, data } }];
    });
  }

  #ofGraph(event: string, data: JsonObject): JsonObject {
    const { row, threadId, plan } = this.#names;
    const { runId, graphId, assistantId } = row;
    const metadata = {
      ...row.metadata,
      run_id: runId,
      thread_id: threadId,
      graph_id: graphId,
      assistant_id: assistantId,
    };
    return { event, name: plan.name, tags: [], run_id: runId, metadata, data };
  }

  #ofNode(task: TaskId, event: string, data: JsonObject): JsonObject {
    return this.#of(task, { event, name: this.#texts.name(task), run_id: this.#texts.uuid(task) }, data);
  }

  #ofModel(task: TaskId, event: string, data: JsonObject): JsonObject {
    return this.#of(task, { event, name: this.#texts.name(task), run_id: this.#texts.modelRun(task) }, data);
  }

  #of(task: TaskId, what: { event: string; name: string; run_id: string }, data: JsonObject): JsonObject {
    const metadata = this.#texts.metadata(task);
    const { event, name, run_id } = what;
    return { event, name, tags: metadata["tags"] ?? [], run_id, metadata, data };
  }
}

/** A task that was sent a tool call is that call; any other is its node's. */
function callOf(task: Task, texts: TaskTexts): { toolCallId: string; name: string; input: Json } {
  const { payload } = task;
  if (isCall(payload)) return { toolCallId: payload.id, name: payload.name, input: payload.args ?? {} };
  return { toolCallId: texts.uuid(task.id), name: texts.name(task.id), input: texts.input(task) };
}

interface ToolCall {
  readonly id: string;
  readonly name: string;
  readonly args?: Json;
}

function isCall(value: Json | undefined): value is JsonObject & ToolCall {
  return isJsonObject(value) && typeof value["name"] === "string" && typeof value["id"] === "string";
}
