import { EdgewiseError } from "../../src/base/errors.ts";
import { uuidv5 } from "../../src/base/ids.ts";
import { isJsonObject, type Json, type JsonObject } from "../../src/base/json.ts";
import type { Outcome, Task, TaskId } from "../../src/engine/types.ts";
import type { Globals, Plan } from "../../src/graph/plan.ts";
import { shownName } from "../../src/graph/shown-name.ts";
import { nodeOf, planOf } from "../log/places.ts";
import type { RunRow } from "../log/rows.ts";
import type { Audience } from "./audience.ts";
import { frameAround } from "./audience.ts";
import { taskUuid } from "./identity.ts";

/** A run, as frames name it. */
export interface RunNames {
  readonly row: RunRow;
  readonly threadId: string;
  readonly plan: Plan;
  readonly globals: Globals;
  /** The number of the step that the input made: a task's is as many behind it as its level says. */
  readonly inputStep: number;
}

/** The number of a frame's first step. */
const INPUT = -1;

/** What frames say of tasks: names, metadata, inputs and results, as LangGraph's clients read them. */
export class TaskTexts {
  readonly #names: RunNames;
  readonly #audience: Audience;
  /** Of the task that was asked for last: a text of a thousand pieces asks a thousand times. */
  #last: { readonly task: TaskId; readonly metadata: JsonObject } | undefined;

  #model: { readonly task: TaskId; readonly run: string } | undefined;

  constructor(names: RunNames, audience: Audience) {
    this.#names = names;
    this.#audience = audience;
  }

  uuid(task: TaskId): string {
    return taskUuid(this.#names.row.lineage, task);
  }

  /** The model that a task calls is a run of its own, to those who listen to `events`. */
  modelRun(task: TaskId): string {
    if (this.#model?.task !== task) this.#model = { task, run: uuidv5("model", this.uuid(task)) };
    return this.#model.run;
  }

  name(task: TaskId): string {
    return shownName(nodeOf(this.#names.plan, task), this.#names.globals);
  }

  kind(task: TaskId): string {
    return nodeOf(this.#names.plan, task).kind;
  }

  /** LangGraph's number of the step that the task is in; within a frame, of the frame's own. */
  step(task: TaskId): number {
    const level = Number(task.slice(task.lastIndexOf("/") + 1).split(".")[0]);
    return (task.includes("/") ? INPUT : this.#names.inputStep) + level + 1;
  }

  /** Beside each message and with each task (langgraph-protocol, section 3). */
  metadata(task: TaskId): JsonObject {
    if (this.#last?.task === task) return this.#last.metadata;
    const { row, threadId, plan } = this.#names;
    const { id } = nodeOf(plan, task);
    const around = this.#audience.namespace(frameAround(task));
    const own = `${id}:${this.uuid(task)}`;
    const metadata: JsonObject = {
      tags: tagsOf(row),
      langgraph_node: this.name(task),
      langgraph_step: this.step(task),
      langgraph_triggers: [`branch:to:${id}`],
      langgraph_checkpoint_ns: around === "" ? own : `${around}|${own}`,
      run_id: row.runId,
      thread_id: threadId,
      graph_id: row.graphId,
      assistant_id: row.assistantId,
    };
    this.#last = { task, metadata };
    return metadata;
  }

  /** What the task sees: the payload it was sent, or the channels of its graph. */
  input(task: Task): Json {
    if (task.payload !== undefined) return task.payload;
    const seen: Record<string, Json> = {};
    for (const { name } of planOf(this.#names.plan, task.id).channels) {
      const value = readOr(task, name);
      if (value !== undefined) seen[name] = value;
    }
    return seen;
  }

  started(task: Task): JsonObject {
    const { id } = nodeOf(this.#names.plan, task.id);
    return {
      id: this.uuid(task.id),
      name: this.name(task.id),
      input: this.input(task),
      triggers: [task.payload === undefined ? `branch:to:${id}` : "__pregel_push"],
      interrupts: [],
      metadata: this.metadata(task.id),
    };
  }

  ended(task: TaskId, end: { readonly result: JsonObject } | { readonly error: string }): JsonObject {
    return { id: this.uuid(task), name: this.name(task), ...end, interrupts: [] };
  }

  asks(task: TaskId, interrupts: readonly Json[]): JsonObject {
    return { ...this.ended(task, { result: {} }), interrupts };
  }
}

/** What a task has written, by channel. */
export function updateOf(outcome: Outcome): JsonObject {
  return Object.fromEntries(outcome.writes.map((write) => [write.channel, write.value]));
}

function tagsOf({ kwargs }: RunRow): Json {
  const { config } = kwargs;
  const tags = isJsonObject(config) ? config["tags"] : undefined;
  return Array.isArray(tags) ? (tags as readonly Json[]) : [];
}

/** A channel in conflict (R6) is no reason to fail here: the task that reads it does. */
function readOr({ view }: Task, channel: string): Json | undefined {
  try {
    return view.read(channel);
  } catch (thrown) {
    if (thrown instanceof EdgewiseError && thrown.code === "conflicting_write") return undefined;
    throw thrown;
  }
}
