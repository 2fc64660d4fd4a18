import { failureBody } from "../../src/base/failure-text.ts";
import type { Json, JsonObject } from "../../src/base/json.ts";
import type { Outcome, Step, Task } from "../../src/engine/types.ts";
import type { Ask, Chunk, Commit, LogEntry } from "../log/entry.ts";
import { isInFrame, nodeOf } from "../log/places.ts";
import type { Plan } from "../../src/graph/plan.ts";
import type { RunRow } from "../log/rows.ts";
import { isCancelled } from "../run/ending.ts";
import type { Playback } from "../run/playback.ts";
import type { StreamMode } from "../thread-api.ts";
import { taskUuid } from "./identity.ts";

const FAILED: ReadonlySet<RunRow["status"]> = new Set(["error", "timeout"]);

/** One server-sent event of a run. Ids grow; a frame has the same id and data whenever it is shown. */
export interface Frame {
  readonly id: number;
  readonly event: string;
  readonly data: Json;
}

/**
 * Turns a run's log into frames, commit by commit. Each commit has its frame ids reserved, whatever modes a follower
 * asks for, so that an id means the same to all of them:
 * a run's first commit: metadata, values, task starts; any other: message, task end, updates, values, task starts, error.
 */
export class Framer {
  readonly #row: RunRow;
  readonly #modes: ReadonlySet<StreamMode>;
  readonly #plan: Plan;
  /** Only for modes that show what an entry alone does not say. */
  readonly #playback: Playback | undefined;
  readonly #open: () => readonly Ask[];
  /** Questions that this run has shown. */
  readonly #asked = new Set<string>();

  /**
   * @param begin the run before its first commit; asked for only by the modes that show what an entry alone does not say
   * @param open the questions that are open at the end of the run
   */
  constructor(
    row: RunRow,
    plan: Plan,
    { begin, open }: { readonly begin: () => Playback; readonly open: () => readonly Ask[] },
    modes: readonly StreamMode[],
  ) {
    this.#row = row;
    this.#modes = new Set(modes);
    this.#open = open;
    this.#plan = plan;
    this.#playback = modes.includes("values") || modes.includes("tasks") ? begin() : undefined;
  }

  get wantsChunks(): boolean {
    return this.#modes.has("messages-tuple") || this.#modes.has("custom");
  }

  /** To be called for every commit of the run, in order, also those a follower has seen. `over`: the run's row once it has ended. */
  commit(commit: Commit, over: RunRow | undefined): Frame[] {
    const { entry, event } = commit;
    const step = this.#playback?.apply(entry);
    const frames: Frame[] = [];
    if (entry.type === "run-started" || entry.type === "run-continued") this.#begin(frames, event, step);
    else this.#entry(frames, commit, step);
    if (over?.status === "interrupted" && over.lastSeq === commit.seq && !isCancelled(over))
      this.#stillOpen(frames, commit);
    if (over !== undefined && FAILED.has(over.status) && over.lastSeq === commit.seq) {
      frames.push({ id: commit.lastEvent, event: "error", data: over.error ? failureBody(over.error) : {} });
    }
    return frames;
  }

  #begin(frames: Frame[], event: number, step: Step | undefined): void {
    frames.push({ id: event, event: "metadata", data: { run_id: this.#row.runId, attempt: 1 } });
    this.#add(frames, "values", event + 1, "values", () => this.#values());
    this.#starts(frames, event + 2, step);
  }

  #entry(frames: Frame[], { entry, event }: Commit, step: Step | undefined): void {
    if (entry.type === "task-succeeded") {
      const node = this.#nodeOf(entry.task);
      // What is done in a frame leaves it with its composite (R10); what is said there is said at once.
      const isShown = !isInFrame(entry.task);
      const { message } = entry;
      if (message)
        this.#add(frames, "messages-tuple", event, "messages", () => [
          message as unknown as Json,
          this.#metadata(node, entry.task),
        ]);
      if (isShown) {
        this.#add(frames, "tasks", event + 1, "tasks", () => this.#taskEnd(node, entry.task, entry.outcome));
        this.#outcome(frames, event, node, entry.outcome);
      }
    }
    if (entry.type === "state-updated") this.#add(frames, "values", event + 3, "values", () => this.#values());
    if (entry.type === "task-waiting") this.#question(frames, event, entry);
    if (entry.type === "task-failed" && !isInFrame(entry.task)) {
      this.#add(frames, "tasks", event + 1, "tasks", () => ({
        id: taskUuid(this.#row.lineage, entry.task),
        name: this.#nodeOf(entry.task),
        error: entry.error.message,
        interrupts: [],
      }));
      if (entry.outcome !== undefined) this.#outcome(frames, event, this.#nodeOf(entry.task), entry.outcome);
    }
    this.#starts(frames, event + 4, step);
  }

  /** LangGraph's clients look for it in both modes (langgraph-protocol, section 3). */
  #question(frames: Frame[], event: number, { ask }: Extract<LogEntry, { readonly type: "task-waiting" }>): void {
    if (!this.#isShown(ask)) return;
    this.#asked.add(ask.id);
    const data = interrupted([ask]);
    this.#add(frames, "updates", event + 2, "updates", () => data);
    this.#add(frames, "values", event + 3, "values", () => data);
  }

  #isShown(ask: Ask | undefined): ask is Ask {
    return ask !== undefined && ask.kind !== "breakpoint";
  }

  /** What was asked in a run before this one, and was not answered in it, is what this one ends with as well. */
  #stillOpen(frames: Frame[], { event, lastEvent, entry }: Commit): void {
    const open = this.#open().filter(({ id, kind }) => kind !== "breakpoint" && !this.#asked.has(id));
    if (open.length === 0) return;
    const own = entry.type === "task-waiting" && this.#isShown(entry.ask) ? [entry.ask] : [];
    const data = interrupted([...own, ...open]);
    if (!("outcome" in entry)) {
      // One frame an id: with a question that is the run's last commit the others are told in one.
      if (own.length > 0)
        frames.splice(0, frames.length, ...frames.filter(({ id }) => id < event + 2 || id > event + 3));
      this.#add(frames, "updates", event + 2, "updates", () => data);
      this.#add(frames, "values", event + 3, "values", () => data);
      return;
    }
    // One id is left for it, and who asks for updates looks there.
    const mode = this.#modes.has("updates") ? "updates" : "values";
    this.#add(frames, mode, lastEvent, mode, () => data);
  }

  /** The chunk's frames with an id above `after`. */
  chunk(chunk: Chunk, after: number): Frame[] {
    if (!this.#modes.has(chunk.kind === "emit" ? "custom" : "messages-tuple")) return [];
    // A piece that was shown is not looked at again: a long answer is one chunk, and read for each piece it gains.
    const shown = Math.max(0, after + 1 - chunk.first);
    const pieces = chunk.data.slice(shown).map((data, index) => ({ id: chunk.first + shown + index, data }));
    if (chunk.kind === "emit") return pieces.map(({ id, data }) => ({ id, event: "custom", data }));
    const metadata = this.#metadata(this.#nodeOf(chunk.task), chunk.task);
    return pieces.map(({ id, data }) => ({
      id,
      event: "messages",
      data: [messageChunk(chunk.messageId, data), metadata],
    }));
  }

  #add(frames: Frame[], mode: StreamMode, id: number, event: string, data: () => Json): void {
    if (this.#modes.has(mode)) frames.push({ id, event, data: data() });
  }

  #outcome(frames: Frame[], event: number, node: string, outcome: Outcome): void {
    this.#add(frames, "updates", event + 2, "updates", () => ({ [node]: update(outcome) }));
    this.#add(frames, "values", event + 3, "values", () => this.#values());
  }

  #starts(frames: Frame[], first: number, step: Step | undefined): void {
    for (const [index, task] of (step?.start ?? []).entries()) {
      if (isInFrame(task.id)) continue;
      this.#add(frames, "tasks", first + index, "tasks", () => this.#taskStart(task));
    }
  }

  #values(): JsonObject {
    return this.#playback?.values(this.#plan.output) ?? {};
  }

  #nodeOf(task: string): string {
    return nodeOf(this.#plan, task).id;
  }

  #taskStart(task: Task): Json {
    const name = this.#plan.nodes[task.node]?.id ?? "?";
    return {
      id: taskUuid(this.#row.lineage, task.id),
      name,
      input: task.payload ?? null,
      triggers: [],
      interrupts: [],
    };
  }

  #taskEnd(name: string, task: string, outcome: Outcome): Json {
    return { id: taskUuid(this.#row.lineage, task), name, result: update(outcome), interrupts: [] };
  }

  #metadata(node: string, task: string): Json {
    const level = Number(task.split("/").at(-1)?.split(".")[0]);
    return {
      tags: [],
      langgraph_node: node,
      langgraph_step: level + 1,
      langgraph_triggers: [],
      langgraph_checkpoint_ns: `${node}:${taskUuid(this.#row.lineage, task)}`,
      run_id: this.#row.runId,
      graph_id: this.#row.graphId,
      assistant_id: this.#row.assistantId,
    };
  }
}

function interrupted(asks: readonly Ask[]): JsonObject {
  return { __interrupt__: asks.map(({ id, value }) => ({ id, value })) };
}

function update(outcome: Outcome): JsonObject {
  return Object.fromEntries(outcome.writes.map((write) => [write.channel, write.value]));
}

function messageChunk(id: string, content: Json): JsonObject {
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
