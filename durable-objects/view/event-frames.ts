import { isJsonObject, type Json, type JsonObject } from "../../src/base/json.ts";
import type { Outcome, Task, TaskId } from "../../src/engine/types.ts";
import type { Chunk } from "../log/entry.ts";
import { type Audience, frameAround } from "./audience.ts";
import { pieceId } from "./layout.ts";
import type { Frame, Sheet } from "./sheet.ts";
import { type RunNames, type TaskTexts, updateOf } from "./task-texts.ts";

/** Kinds whose work is a tool's, to those who listen to `tools`. */
const TOOLS: ReadonlySet<string> = new Set(["tool", "tools", "http"]);

/** A tool that was begun. */
interface Call {
  readonly toolCallId: string;
  readonly name: string;
  readonly input: Json;
}

/**
 * A run as callbacks would tell it: `events` (`on_chain_…`, `on_chat_model_…`), and `tools` (`on_tool_…`). A node is a chain, the
 * run is one around them.
 */
export class EventFrames {
  readonly #audience: Audience;
  readonly #texts: TaskTexts;
  readonly #names: RunNames;
  readonly #calls = new Map<TaskId, Call>();

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
    if (!TOOLS.has(kind) || !this.#audience.wants("tools")) return;
    const call = callOf(task, this.#texts);
    this.#calls.set(task.id, call);
    const { toolCallId, name, input } = call;
    sheet.add("tools", { slot: "toolStart", index, frame }, () => ({
      event: "on_tool_start",
      toolCallId,
      name,
      input,
    }));
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
    const call = this.#calls.get(chunk.task);
    const frame = frameAround(chunk.task);
    if (call === undefined || !this.#audience.sees(frame)) return [];
    const { toolCallId, name } = call;
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
function callOf(task: Task, texts: TaskTexts): Call {
  const { payload } = task;
  if (isJsonObject(payload) && typeof payload["name"] === "string" && typeof payload["id"] === "string")
    return { toolCallId: payload["id"], name: payload["name"], input: payload["args"] ?? {} };
  return { toolCallId: texts.uuid(task.id), name: texts.name(task.id), input: texts.input(task) };
}
