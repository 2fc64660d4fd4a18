import { EdgewiseError, type ErrorRecord, failure, toErrorRecord } from "../../src/base/errors.ts";
import { isJson, type Json } from "../../src/base/json.ts";
import type { Outcome, Task, Write } from "../../src/engine/types.ts";
import type { Plan, PlanNode, Scope } from "../../src/graph/plan.ts";
import { route } from "../../src/graph/route.ts";
import type { Models } from "../../src/models/contract.ts";
import type { NodeContext, NodeResult, NodeWait } from "../../src/nodes/contract.ts";
import { runNode } from "../../src/nodes/registry.ts";
import type { Chunk } from "../log/entry.ts";
import { bounded } from "./failures.ts";
import { scopeAfter } from "./scope.ts";
import { toWrite } from "./writes.ts";

/** What an attempt may reach; the object hands it in. */
export interface Surroundings {
  readonly models: Models;
  readonly fetch: typeof fetch;
  /** Takes the next frame id of the run. */
  nextEvent(): number;
  /** Something was streamed: followers may look. */
  streamed(): void;
}

export type Settled =
  | { readonly ok: true; readonly outcome: Outcome; readonly result: NodeResult }
  | { readonly ok: false; readonly error: ErrorRecord };

/** Longest JSON text of one written value, in UTF-16 units. */
const MAX_VALUE = 16 * 1024 * 1024;

/** Pieces in one chunk: a follower reads whole chunks, and a page of them must stay small whatever was streamed. */
const CHUNK_PIECES = 256;

/** One try at a task: runs its node, gathers what it streams, and says how it ended. Takes no decision. */
export class Attempt {
  readonly task: Task;
  readonly number: number;
  readonly node: PlanNode;
  readonly messageId: string;
  readonly #plan: Plan;
  readonly #runId: string;
  readonly #surroundings: Surroundings;
  readonly #controller = new AbortController();
  readonly #chunks: OpenChunk[] = [];

  constructor(plan: Plan, runId: string, task: Task, number: number, epoch: number, surroundings: Surroundings) {
    const node = plan.nodes[task.node];
    if (!node) throw new TypeError(`Task ${task.id} is of node ${task.node}, which the plan does not have.`);
    this.task = task;
    this.number = number;
    this.node = node;
    // Another attempt, or the same after a restart, streams another text: followers must never join the two.
    this.messageId = `${runId}:${task.id}${number + epoch > 1 ? `:${number}.${epoch}` : ""}`;
    this.#plan = plan;
    this.#runId = runId;
    this.#surroundings = surroundings;
  }

  /** What was streamed so far, in pieces with consecutive frame ids. */
  get chunks(): readonly Chunk[] {
    return this.#chunks;
  }

  /** Those of them that hold a frame id above `after`: asked for with each piece, so what is older is not looked at. */
  chunksAfter(after: number): readonly Chunk[] {
    let from = this.#chunks.length;
    for (; from > 0; from -= 1) {
      const chunk = this.#chunks[from - 1];
      if (!chunk || chunk.first + chunk.data.length - 1 <= after) break;
    }
    return this.#chunks.slice(from);
  }

  /** Starts the node; answers at once when the node does. `done` is called exactly once otherwise, unless aborted before. */
  run(done: (settled: Settled) => void): Settled | undefined {
    try {
      const result = runNode(this.node, this.#context());
      if (!(result instanceof Promise)) return this.#succeed(result);
      this.#await(result, done);
      return undefined;
    } catch (thrown) {
      return this.#fail(thrown);
    }
  }

  /** Closes what it holds open; its outcome is not wanted any more. */
  abort(): void {
    this.#controller.abort();
  }

  #await(result: Promise<NodeResult | NodeWait>, done: (settled: Settled) => void): void {
    const { timeoutMs } = this.node;
    const timer = setTimeout(() => this.#controller.abort(timedOut(this.node)), timeoutMs);
    const settle = (settled: Settled): void => {
      clearTimeout(timer);
      done(settled);
    };
    // The abort wins over a node that does not listen to its signal; what that one says later is ignored.
    const aborted = new Promise<never>((_, reject) => {
      this.#controller.signal.addEventListener("abort", () => reject(this.#controller.signal.reason as Error));
    });
    Promise.race([result, aborted]).then(
      (value) => settle(this.#succeed(value)),
      (thrown: unknown) =>
        settle(this.#fail(this.#controller.signal.aborted ? this.#controller.signal.reason : thrown)),
    );
  }

  #succeed(result: NodeResult | NodeWait): Settled {
    try {
      if ("waitUntil" in result) throw failure("unsupported", "Waits are not here yet.");
      const { message, usage } = result;
      if (!isJson([message ?? null, usage ?? null])) throw notJson(this.node.id, "answered with a message or usage");
      const writes = result.writes.map((write) => this.#checked(write));
      const scope = scopeAfter(this.#plan, this.#scope(), writes);
      return {
        ok: true,
        outcome: { writes, takes: route(this.#plan, this.task.node, scope).takes, sends: [] },
        result,
      };
    } catch (thrown) {
      return this.#fail(thrown);
    }
  }

  #fail(thrown: unknown): Settled {
    return { ok: false, error: { ...bounded(toErrorRecord(thrown)), node: this.node.id, attempt: this.number } };
  }

  #checked(write: Write): Write {
    const channel = this.#plan.channels.find((candidate) => candidate.name === write.channel);
    if (!channel)
      throw failure(
        "unknown_channel",
        `Node "${this.node.id}" wrote to "${write.channel}", which the graph does not declare.`,
      );
    if (!isJson(write.value)) throw notJson(this.node.id, `wrote to channel "${write.channel}" a value`);
    const kept = toWrite(channel, write.value, (index) => `${this.messageId}:${index}`);
    const { value } = kept;
    if (typeof value === "object" && value !== null && JSON.stringify(value).length > MAX_VALUE)
      throw tooLarge(this.node.id, write.channel);
    if (typeof value === "string" && value.length > MAX_VALUE) throw tooLarge(this.node.id, write.channel);
    return kept;
  }

  #context(): NodeContext {
    return {
      scope: this.#scope(),
      node: this.node.id,
      attempt: this.number,
      idempotencyKey: `${this.#runId}:${this.task.id}`,
      messageId: this.messageId,
      signal: this.#controller.signal,
      fetch: this.#surroundings.fetch,
      publicFetch: this.#surroundings.fetch,
      store: undefined as never,
      now: 0,
      once: () => Promise.reject(failure("unsupported", "Steps are not here yet.")),
      models: this.#surroundings.models,
      say: (text) => this.#stream("say", text),
      emit: (value) => this.#stream("emit", value),
    };
  }

  #scope(): Scope {
    const { view, payload } = this.task;
    return { read: (channel) => view.read(channel), ...(payload === undefined ? {} : { payload }) };
  }

  #stream(kind: Chunk["kind"], data: Json): void {
    if (this.#controller.signal.aborted || data === "") return;
    if (!isJson(data)) throw notJson(this.node.id, "streamed something");
    const id = this.#surroundings.nextEvent();
    const open = this.#chunks.at(-1);
    const isOpen = open?.kind === kind && open.data.length < CHUNK_PIECES;
    if (isOpen && open.first + open.data.length === id) open.data.push(data);
    else
      this.#chunks.push({
        first: id,
        task: this.task.id,
        node: this.task.node,
        kind,
        messageId: this.messageId,
        data: [data],
      });
    this.#surroundings.streamed();
  }
}

interface OpenChunk extends Chunk {
  readonly data: Json[];
}

function timedOut(node: PlanNode): EdgewiseError {
  return new EdgewiseError({
    code: "model_timeout",
    message: `Node "${node.id}" did not finish within ${node.timeoutMs} ms.`,
    retryable: true,
  });
}

/** The log would give back something else than it was given, or could not be written at all. */
function notJson(node: string, did: string): EdgewiseError {
  return failure("invalid_write", `Node "${node}" ${did} that is not JSON.`);
}

function tooLarge(node: string, channel: string): EdgewiseError {
  return failure("value_too_large", `Node "${node}" wrote more than ${MAX_VALUE} characters to channel "${channel}".`);
}
