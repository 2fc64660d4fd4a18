import { type ErrorRecord, failure, toErrorRecord } from "../../src/base/errors.ts";
import { isJson, type Json } from "../../src/base/json.ts";
import type { Outcome, Task } from "../../src/engine/types.ts";
import type { Plan, PlanNode, Scope } from "../../src/graph/plan.ts";
import { route } from "../../src/graph/route.ts";
import type { NodeContext, NodeResult, NodeWait, Question } from "../../src/nodes/contract.ts";
import { type NodeKinds, runNode } from "../../src/nodes/registry.ts";
import { type Chunk, lastOfChunk, PIECE_IDS, type Spent, type TaskUsage } from "../log/entry.ts";
import type { Means } from "../world.ts";
import { estimateOf } from "./budget-charge.ts";
import { findResult, keepResult, type Keeper, keeperOf } from "./cached.ts";
import { checkDeletions } from "./deletions.ts";
import { Deadlines } from "./deadlines.ts";
import { bounded } from "./failures.ts";
import { scopeAfter } from "./scope.ts";
import type { Resumption, Waited } from "./waits.ts";
import { isTooLarge, MAX_VALUE, notJson, toWrites } from "./writes.ts";

/** What an attempt may reach; the object hands it in. */
export interface Surroundings {
  readonly means: Means;
  readonly kinds: NodeKinds;
  /** What its expressions see. */
  readonly scope: Scope;
  /** Unix milliseconds. */
  readonly now: number;
  /** How its wait ended, if its task has waited. */
  readonly resumed: Resumption | undefined;
  readonly waited: Waited;
  /** The result of a step that was made before; commits that of one that was made now. */
  recorded(key: string): Json | undefined;
  record(attempt: Attempt, key: string, value: Json): void;
  /** Takes the frame ids of a piece; answers the first. */
  nextEvent(): number;
  /** Something was streamed: followers may look. */
  streamed(): void;
}

export type Settled =
  | { readonly ok: true; readonly outcome: Outcome; readonly result: NodeResult }
  | { readonly ok: "waits"; readonly wait: NodeWait }
  /** With what its result would have reported, where that came and cannot be committed. */
  | { readonly ok: false; readonly error: ErrorRecord; readonly usage?: TaskUsage | undefined };

/** A wait ends within what a timer can be set to (a year). */
const LONGEST_WAIT_MS = 366 * 24 * 3_600_000;

/** Pieces in one chunk: a follower reads whole chunks, and a page of them must stay small whatever was streamed. */
const CHUNK_PIECES = 256;

/** One try at a task: runs its node, gathers what it streams, and says how it ended. Takes no decision. */
export class Attempt {
  readonly task: Task;
  readonly number: number;
  readonly node: PlanNode;
  readonly messageId: string;
  /** Of whose name its keys and ids are made: the same for a run and those that go on from it. */
  readonly lineage: string;
  readonly #plan: Plan;
  readonly #surroundings: Surroundings;
  readonly #controller = new AbortController();
  readonly #chunks: OpenChunk[] = [];
  #deadlines: Deadlines | undefined;
  #isKept = false;
  /** Steps under way, so that two calls by one key make one. */
  readonly #steps = new Map<string, Promise<Json>>();

  /** @param plan the graph of the task's frame */
  constructor(plan: Plan, lineage: string, task: Task, number: number, epoch: string, surroundings: Surroundings) {
    const node = plan.nodes[task.node];
    if (!node) throw new TypeError(`Task ${task.id} is of node ${task.node}, which the plan does not have.`);
    this.task = task;
    this.number = number;
    this.node = node;
    // Another attempt, or the same after a restart, streams another text: followers must never join the two.
    this.messageId = `${lineage}:${task.id}${number > 1 || epoch !== "0" ? `:${number}.${epoch}` : ""}`;
    this.#plan = plan;
    this.lineage = lineage;
    this.#surroundings = surroundings;
  }

  /** What its expressions see. */
  get scope(): Scope {
    return this.#surroundings.scope;
  }

  /** Its result is an earlier one's: it has cost nothing. */
  get isKept(): boolean {
    return this.#isKept;
  }

  /** What it may use at most; undefined where its kind uses nothing. */
  estimate(): Spent | undefined {
    const { kinds, scope, means } = this.#surroundings;
    return estimateOf(this.node, kinds, { scope, models: means.models });
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
      if (!chunk || lastOfChunk(chunk) <= after) break;
    }
    return this.#chunks.slice(from);
  }

  /** Starts the node; answers at once when the node does. `done` is called exactly once otherwise, unless aborted before. */
  run(done: (settled: Settled) => void): Settled | undefined {
    try {
      const result = this.#result();
      if (!(result instanceof Promise)) return this.#succeed(result);
      this.#await(result, done);
      return undefined;
    } catch (thrown) {
      return this.#fail(thrown);
    }
  }

  #result(): ReturnType<typeof runNode> {
    const { kinds, scope, means } = this.#surroundings;
    const keeper = keeperOf(this.#plan, this.node, scope, means.cache);
    return keeper === undefined ? runNode(this.node, this.#context(), kinds) : this.#keptOr(keeper, kinds);
  }

  async #keptOr(keeper: Keeper, kinds: NodeKinds): Promise<NodeResult | NodeWait> {
    const kept = await findResult(keeper, this.messageId);
    if (kept !== undefined) {
      this.#isKept = true;
      return kept;
    }
    this.#controller.signal.throwIfAborted();
    const result = await runNode(this.node, this.#context(), kinds);
    if (!("waitUntil" in result)) keepResult(keeper, result, this.messageId);
    return result;
  }

  /** Closes what it holds open; its outcome is not wanted any more. */
  abort(): void {
    this.#controller.abort();
  }

  #await(result: Promise<NodeResult | NodeWait>, done: (settled: Settled) => void): void {
    const deadlines = new Deadlines(this.node, (reason) => this.#controller.abort(reason));
    this.#deadlines = deadlines;
    const settle = (settled: Settled): void => {
      deadlines.over();
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
      if ("waitUntil" in result) return this.#wait(result);
      const { message, usage } = result;
      if (!isJson([message ?? null, usage ?? null])) throw notJson(this.node.id, "answered with a message or usage");
      const writes = toWrites(this.#plan, result.writes, this.node.id, (index) => `${this.messageId}:${index}`);
      checkDeletions(this.#plan, writes, this.#surroundings.scope);
      const scope = scopeAfter(this.#plan, this.#surroundings.scope, writes);
      const taken = route(this.#plan, this.task.node, scope, result);
      return { ok: true, outcome: { writes, ...taken }, result };
    } catch (thrown) {
      return { ...this.#fail(thrown), usage: "waitUntil" in result ? undefined : result.usage };
    }
  }

  #fail(thrown: unknown): Settled & { readonly ok: false } {
    return { ok: false, error: { ...bounded(toErrorRecord(thrown)), node: this.node.id, attempt: this.number } };
  }

  #wait(wait: NodeWait): Settled {
    const { waitUntil, signal, ask } = wait;
    const latest = this.#surroundings.now + LONGEST_WAIT_MS;
    if (ask !== undefined) checkQuestion(ask, this.node.id);
    if (waitUntil === null && (signal !== undefined || ask !== undefined)) return { ok: "waits", wait };
    if (waitUntil !== null && Number.isFinite(waitUntil) && waitUntil <= latest) return { ok: "waits", wait };
    throw failure("node_failed", `Node "${this.node.id}" would wait longer than 366 days.`);
  }

  /** The result is a row before it is an answer: whatever the node does next, the step is not made again. */
  async #once<T extends Json>(key: string, step: () => T | Promise<T>): Promise<T> {
    const known = this.#surroundings.recorded(key);
    // what this very step has answered before
    if (known !== undefined) return known as T;
    const value = await step();
    this.#controller.signal.throwIfAborted();
    if (!isJson(value)) throw notJson(this.node.id, `recorded for the step "${key.slice(0, 80)}" a value`);
    if (isTooLarge(value)) {
      const step = `the step "${key.slice(0, 80)}"`;
      throw failure(
        "value_too_large",
        `Node "${this.node.id}" recorded more than ${MAX_VALUE} characters for ${step}.`,
      );
    }
    this.#surroundings.record(this, key, value);
    return value;
  }

  #step<T extends Json>(key: string, step: () => T | Promise<T>): Promise<T> {
    const underWay = this.#steps.get(key);
    // what this very step will answer
    if (underWay !== undefined) return underWay as Promise<T>;
    const made = this.#once(key, step).finally(() => this.#steps.delete(key));
    this.#steps.set(key, made);
    return made;
  }

  #context(): NodeContext {
    const { means, scope, now, resumed, waited } = this.#surroundings;
    const { models, fetch, publicFetch, store } = means;
    return {
      models,
      fetch,
      publicFetch,
      store,
      scope,
      now,
      answers: waited.answers,
      expired: waited.expired,
      since: waited.since ?? now,
      node: this.node.id,
      attempt: this.number,
      idempotencyKey: `${this.lineage}:${this.task.id}`,
      messageId: this.messageId,
      signal: this.#controller.signal,
      ...(resumed === undefined ? {} : { resumed }),
      once: (key, step) => this.#step(key, step),
      say: (text) => this.#stream("say", text),
      emit: (value) => this.#stream("emit", value),
    };
  }

  #stream(kind: Chunk["kind"], data: Json): void {
    if (this.#controller.signal.aborted || data === "") return;
    if (!isJson(data)) throw notJson(this.node.id, "streamed something");
    this.#deadlines?.heard();
    const id = this.#surroundings.nextEvent();
    const open = this.#chunks.at(-1);
    const isOpen = open?.kind === kind && open.data.length < CHUNK_PIECES;
    if (isOpen && lastOfChunk(open) + 1 === id) open.data.push(data);
    else
      this.#chunks.push({
        first: id,
        each: PIECE_IDS,
        task: this.task.id,
        node: this.task.node,
        kind,
        messageId: this.messageId,
        data: [data],
      });
    this.#surroundings.streamed();
  }
}

/** @throws EdgewiseError for what the log could not keep, or could not be answered. */
function checkQuestion({ value, schema, from }: Question, node: string): void {
  if (!isJson([value, schema ?? null, [...(from ?? [])]])) throw notJson(node, "asked something");
  if (isTooLarge(value))
    throw failure("value_too_large", `Node "${node}" asked something of more than ${MAX_VALUE} characters.`);
}

interface OpenChunk extends Chunk {
  readonly data: Json[];
}
