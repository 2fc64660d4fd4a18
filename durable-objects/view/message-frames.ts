import type { Json, JsonObject } from "../../src/base/json.ts";
import type { TaskId } from "../../src/engine/types.ts";
import type { Plan } from "../../src/graph/plan.ts";
import type { Chunk, LogEntry } from "../log/entry.ts";
import { planOf } from "../log/places.ts";
import type { Audience } from "./audience.ts";
import { isMessage, messagesIn, pieceId, type WrittenMessage } from "./layout.ts";
import type { Frame, Sheet } from "./sheet.ts";
import type { TaskTexts } from "./task-texts.ts";

/** A message that is being said. */
interface Partial {
  readonly task: TaskId;
  text: string;
}

/** Behind a run's and a task's name: another attempt's message, not the number of what it wrote. */
const ATTEMPT = /^:\d+\.[\d.]+$/;

/**
 * What is said: pieces as they come, and whole messages once. Two forms: `messages` as `[piece, metadata]`, which clients join by
 * id and so must never get as a whole besides, and `messages/…`, whose frames hold all there is so far.
 */
export class MessageFrames {
  readonly #audience: Audience;
  readonly #texts: TaskTexts;
  readonly #plan: Plan;
  readonly #lineage: string;
  /** By id; only where `messages/partial` or `events` are asked for. */
  readonly #partial = new Map<string, Partial>();
  /** Ids that were shown as a whole. */
  readonly #told = new Set<string>();
  readonly #completed = new Set<string>();

  constructor(audience: Audience, texts: TaskTexts, plan: Plan, lineage: string) {
    this.#audience = audience;
    this.#texts = texts;
    this.#plan = plan;
    this.#lineage = lineage;
  }

  /** Whether what was said before a piece is needed to show it. */
  get needsAll(): boolean {
    return this.#audience.wants("messages", "events");
  }

  /** The frames of a chunk's pieces from the one with that number on. */
  pieces(chunk: Chunk, from: number): Frame[] {
    const frame = this.#audience.heardIn(chunk.task, chunk.each === 1);
    if (!this.#audience.wants("messages", "messages-tuple", "events") || !this.#audience.sees(frame)) return [];
    const metadata = this.#texts.metadata(chunk.task);
    const frames: Frame[] = [];
    for (let index = from; index < chunk.data.length; index += 1) {
      const piece = chunk.data[index] ?? "";
      this.#piece(frames, { chunk, first: chunk.first + index * chunk.each, piece, frame, metadata });
    }
    return frames;
  }

  #piece(
    frames: Frame[],
    said: {
      readonly chunk: Chunk;
      readonly first: number;
      readonly piece: Json;
      readonly frame: string;
      readonly metadata: JsonObject;
    },
  ): void {
    const { chunk, first, piece, frame, metadata } = said;
    const { messageId: id, task, each } = chunk;
    const add = (slot: "named" | "partial" | "tuple" | "event", event: string, data: Json): void => {
      const at = pieceId(first, each, slot);
      if (at !== undefined) frames.push({ id: at, event: this.#audience.nameOf(event, frame), data });
    };
    if (this.needsAll) {
      const known = this.#partial.get(id);
      const partial = known ?? { task, text: "" };
      partial.text += typeof piece === "string" ? piece : JSON.stringify(piece);
      if (known === undefined) this.#partial.set(id, partial);
      if (this.#audience.wants("messages")) {
        if (known === undefined) add("named", "messages/metadata", { [id]: { metadata } });
        add("partial", "messages/partial", [wholeOf(id, partial.text)]);
      }
    }
    if (this.#audience.wants("messages-tuple")) add("tuple", "messages", [pieceOf(id, piece), metadata]);
    if (this.#audience.wants("events"))
      add("event", "events", {
        event: "on_chat_model_stream",
        name: this.#texts.name(task),
        tags: metadata["tags"] ?? [],
        run_id: this.#texts.modelRun(task),
        metadata,
        data: { chunk: pieceOf(id, piece) },
      });
  }

  /** What a task leaves behind: messages that nobody heard, each once. Answers what its model said. */
  ended(sheet: Sheet, entry: Extract<LogEntry, { readonly type: "task-succeeded" | "task-failed" }>): Json | undefined {
    const { task } = entry;
    const frame = this.#audience.heardIn(task, sheet.isFormer);
    const said = this.#saidBy(task);
    if (this.#audience.sees(frame)) {
      const written = sheet.isFormer
        ? formerlyShown(entry)
        : messagesIn(entry).map((each, index) => ({ ...each, index }));
      const fresh = written.filter((each) => this.#isWritten(each, task) && each.message.type !== "remove");
      for (const { message, index } of fresh) {
        if (this.#told.has(message.id)) continue;
        this.#told.add(message.id);
        if (wasStreamed(entry, this.#lineage, message.id)) continue;
        sheet.add("messages-tuple", { slot: "message", index, frame, event: "messages" }, () => [
          message,
          this.#texts.metadata(task),
        ]);
      }
      const messages = fresh.map(({ message }) => message);
      const whole = said === undefined || messages.some(({ id }) => id === said.id) ? [] : [said];
      this.#complete(sheet, frame, entry.type === "task-succeeded" ? [...whole, ...messages] : messages);
    }
    const own = entry.type === "task-succeeded" ? entry.message : undefined;
    return said ?? (own === undefined ? undefined : ({ ...own } as unknown as Json));
  }

  /** What somebody outside has written. */
  given(sheet: Sheet, { outcome }: Extract<LogEntry, { readonly type: "run-started" | "state-updated" }>): void {
    const written = outcome.writes.flatMap(({ channel, value }) =>
      this.#isOfMessages(this.#plan, channel) && Array.isArray(value) ? (value as readonly Json[]) : [],
    );
    this.#complete(
      sheet,
      "",
      written.filter(isMessage).filter(({ type }) => type !== "remove"),
    );
  }

  #complete(sheet: Sheet, frame: string, messages: readonly (JsonObject & { readonly id: string })[]): void {
    if (!this.#audience.wants("messages")) return;
    const fresh = messages.filter(({ id }) => !this.#completed.has(id));
    for (const { id } of fresh) this.#completed.add(id);
    if (fresh.length > 0) sheet.add("messages", { slot: "complete", frame, event: "messages/complete" }, () => fresh);
  }

  /** What its last attempt has said; what it and those before it have said is forgotten. */
  #saidBy(task: TaskId): (JsonObject & { readonly id: string }) | undefined {
    let last: (JsonObject & { readonly id: string }) | undefined;
    for (const [id, partial] of this.#partial) {
      if (partial.task !== task && !partial.task.startsWith(`${task}/`) && !partial.task.startsWith(`${task}[`))
        continue;
      if (partial.task === task) last = wholeOf(id, partial.text);
      this.#partial.delete(id);
    }
    return last;
  }

  #isWritten({ channel }: WrittenMessage, task: TaskId): boolean {
    return channel === undefined || this.#isOfMessages(planOf(this.#plan, task), channel);
  }

  #isOfMessages({ channels }: Plan, channel: string): boolean {
    return channels.some(({ name, reducer }) => name === channel && reducer === "messages");
  }
}

/** Of commits that were written before what a node wrote was shown: what its model said alone. */
function formerlyShown(entry: LogEntry): readonly (WrittenMessage & { readonly index: number })[] {
  const said = messagesIn(entry).filter(({ channel }) => channel === undefined);
  return said.map((each) => ({ ...each, index: 0 }));
}

/** What a task said piece by piece has the name of its attempt; what it had to say otherwise is in the entry. */
function wasStreamed(
  entry: Extract<LogEntry, { readonly type: "task-succeeded" | "task-failed" }>,
  lineage: string,
  id: string,
): boolean {
  const own = `${lineage}:${entry.task}`;
  if (entry.type === "task-failed" || entry.message !== undefined || !id.startsWith(own)) return false;
  return id === own || ATTEMPT.test(id.slice(own.length));
}

function pieceOf(id: string, content: Json): JsonObject {
  return {
    type: "AIMessageChunk",
    id,
    content,
    additional_kwargs: {},
    response_metadata: {},
    tool_calls: [],
    invalid_tool_calls: [],
    tool_call_chunks: [],
  };
}

function wholeOf(id: string, content: string): JsonObject & { readonly id: string } {
  return {
    type: "ai",
    id,
    content,
    additional_kwargs: {},
    response_metadata: {},
    tool_calls: [],
    invalid_tool_calls: [],
  };
}
