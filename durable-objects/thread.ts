import { DurableObject } from "cloudflare:workers";
import { failure, type Reply, toErrorRecord, unwrap } from "../src/base/errors.ts";
import type { JsonObject } from "../src/base/json.ts";
import { type Env, readConfig } from "../src/config.ts";
import { createModels, modelOrigins } from "../src/models/models.ts";
import { createEgress } from "../src/security/egress.ts";
import { objectName } from "../src/security/tenant.ts";
import { type NodeKinds, nodeKinds } from "../src/nodes/registry.ts";
import { openDatabase } from "../src/storage/database.ts";
import { createItemStore } from "../src/storage/items.ts";
import { createResultCache } from "../src/storage/node-results.ts";
import { answerInterrupt, checkStart, pauseRun } from "./commands.ts";
import { Copying, copyPage } from "./copying.ts";
import type { CommitsQuery } from "./commits-api.ts";
import { ThreadCore } from "./core.ts";
import { updateFrame } from "./frame-updates.ts";
import { create, expire, patch, remove, told } from "./lifetime.ts";
import {
  acceptRun,
  cancelRun,
  cancelRuns,
  deleteRun,
  findRun,
  refuseDeleted,
  refuseWhileBusy,
  touchRun,
} from "./queue.ts";
import { keepLatest } from "./pruning.ts";
import { Reading } from "./reading.ts";
import { refuseLeft } from "./stateless.ts";
import { migrate, receiveSignal, updateAnew, updateState } from "./updates.ts";
import type { RunRow } from "./log/rows.ts";
import { checkpointAt } from "./log/standing.ts";
import type { Plan } from "../src/graph/plan.ts";
import { refuseTooLarge } from "./run/limits.ts";
import { loadPlan } from "./run/plans.ts";
import { schedulerStub, webhooksName } from "./scheduler-api.ts";
import type * as Api from "./thread-api.ts";
import { checkpointView } from "./view/checkpoints.ts";
import { profileOf } from "./view/profile.ts";
import { selected } from "./view/summaries.ts";

/**
 * One Durable Object per thread: the RPC door of {@link ThreadCore}. Each method checks whose thread it is, asks the
 * core, and answers with a view; errors go out as values, because a thrown one loses its class on the way.
 */
export class Thread extends DurableObject<Env> implements Api.ThreadApi {
  readonly #core: ThreadCore;
  readonly #reading: Reading;
  readonly #copying: Copying;
  readonly #kinds: NodeKinds;

  /** @param kinds what nodes may be; a Worker with nodes of its own extends this class and hands them in */
  constructor(context: DurableObjectState, env: Env, kinds: NodeKinds = nodeKinds) {
    super(context, env);
    this.#kinds = kinds;
    const config = readConfig(env);
    const egress = createEgress({
      fetch,
      declaredOrigins: [...config.declaredOrigins, ...modelOrigins(config.models)],
    });
    const means = {
      models: createModels(config.models),
      fetch: egress.declared,
      publicFetch: egress.public,
    };
    this.#core = new ThreadCore(context, {
      kinds,
      index: env.DB,
      wakes: config.wakes,
      deliver: async (tenant, delivery) => {
        const scheduler = schedulerStub(config.schedulers, webhooksName(tenant, delivery.threadId));
        unwrap(await scheduler.takeDelivery({ tenant, delivery }));
      },
      meansOf: (tenant) => {
        const database = openDatabase(env.DB);
        return { ...means, store: createItemStore(database, tenant), cache: createResultCache(database, tenant) };
      },
      now: () => Date.now(),
    });
    this.#reading = new Reading(this.#core);
    this.#copying = new Copying(this.#core, context);
    void context.blockConcurrencyWhile(async () => {
      await this.#core.restore();
      await this.#copying.clean();
      // What was cut off goes on by itself, whoever woke the object.
      this.#perform();
    });
  }

  override async alarm(): Promise<void> {
    // Never throws: an alarm that fails seven times is gone for good (reference: reliability, finding 2).
    try {
      if (!(await this.#copying.clean())) await this.#core.tick();
    } catch (thrown) {
      console.error(`An alarm failed and will come again: ${String(thrown)}`);
      await this.ctx.storage.setAlarm(Date.now() + 30_000);
    }
  }

  async createThread(command: Api.CreateThread) {
    return this.#answer(async (): Promise<Api.ThreadView> => {
      this.#refuseWhileErasing();
      await create(this.#core, command, (graph) => this.#plan(graph), this.#kinds);
      const view = this.#reading.thread(command);
      await told(this.#core);
      return view;
    });
  }

  async getThread(address: Api.Address) {
    return this.#answer(() => {
      refuseLeft(this.#core, address);
      return this.#reading.thread(address);
    });
  }

  async patchThread(command: Api.PatchThread) {
    return this.#answer(async (): Promise<Api.ThreadView> => {
      patch(this.#core, command);
      const view = this.#reading.thread(command);
      await told(this.#core);
      return view;
    });
  }

  async deleteThread(address: Api.Address) {
    return this.#answer(async () => {
      await remove(this.#core, address);
      return null;
    });
  }

  async copyThread(command: Api.CopyThread) {
    return this.#answer(async (): Promise<Api.ThreadView> => {
      const { tenant, source } = command;
      const place = () => this.env.THREADS.get(this.env.THREADS.idFromName(objectName(tenant, "thread", source)));
      // The binding's type does not know its class.
      await this.#copying.copy(command, (query) => (place() as unknown as Api.ThreadApi).copyPage(query));
      await told(this.#core);
      return this.#reading.thread(command);
    });
  }

  async copyPage(query: Api.CopyQuery) {
    return this.#answer((): Api.CopyPage => copyPage(this.#core, this.ctx.storage.sql, query));
  }

  async pruneThread(address: Api.Address) {
    return this.#answer((): boolean => {
      this.#core.record.of(address);
      return keepLatest(this.#core, this.ctx.storage.sql);
    });
  }

  async expireThread(address: Api.Address): Promise<boolean> {
    return expire(this.#core, address);
  }

  async startRun(command: Api.StartRun) {
    return this.#answer(() => {
      const run = this.#start(command);
      this.#perform();
      return this.#reading.view(run, command);
    });
  }

  async checkStart(command: Api.StartRun) {
    return this.#answer((): boolean => {
      checkStart(this.#core, command, this.#plan(command.graph));
      return this.#core.record.row !== undefined;
    });
  }

  async startAndFollow(command: Api.StartRun, cancelOnDisconnect: boolean) {
    return this.#answer(() => {
      const run = this.#start(command);
      const query = { ...command, modes: command.streamMode, after: -1, cancelOnDisconnect };
      const frames = this.#reading.follow(run, query);
      this.#perform();
      return { run: this.#reading.view(run, command), frames };
    });
  }

  async getRun(query: Api.Address & { readonly runId: string }) {
    return this.#answer(() => this.#reading.view(this.#reading.run(query), query));
  }

  async listRuns(
    query: Api.Address & { readonly limit: number; readonly offset: number; readonly status?: Api.RunStatus },
  ) {
    return this.#answer((): readonly Api.RunView[] => {
      return this.#reading.runs(query);
    });
  }

  async profileRun(query: Api.Address & { readonly runId: string }) {
    return this.#answer(() => profileOf(this.#core, query.threadId, this.#reading.run(query)));
  }

  async joinRun(query: Api.Address & { readonly runId: string }) {
    return this.#answer(() => this.#reading.joined(query));
  }

  async followRun(query: Api.FollowRun) {
    return this.#answer(() => this.#reading.follow(this.#reading.run(query), query));
  }

  async followThread(query: Api.FollowThread) {
    return this.#answer(() => this.#reading.followThread(query));
  }

  async signalRun({ id, name, key, payload, ...address }: Api.SignalRun) {
    return this.#answer(() => {
      const run = this.#reading.run(address);
      refuseTooLarge({ payload: { payload } });
      const status = receiveSignal(this.#core, address, run, { id, name, key, payload });
      return { status };
    });
  }

  async waitsOf(query: Api.Address & { readonly runId: string }) {
    return this.#answer((): readonly Api.WaitView[] => this.#reading.waits(query));
  }

  async interruptsOf(address: Api.Address) {
    return this.#answer(() => this.#reading.interrupts(address));
  }

  async answerInterrupt(command: Api.AnswerInterrupt) {
    return this.#answer(() => {
      this.#core.record.of(command);
      const run = answerInterrupt(this.#core, command);
      this.#perform();
      return { status: "accepted" as const, run: this.#reading.view(run, command) };
    });
  }

  async pauseRun(command: Api.Address & { readonly runId: string }) {
    return this.#answer(() => {
      this.#reading.run(command);
      pauseRun(this.#core, command.runId);
      return this.#reading.view(this.#reading.run(command), command);
    });
  }

  async updateState(command: Api.UpdateState) {
    return this.#answer(async () => {
      this.#core.record.of(command);
      refuseWhileBusy(this.#core);
      const plan = () => this.#plan(command.graph);
      const { asNode, namespace } = command;
      if (namespace !== undefined) {
        const checkpoint = updateFrame(this.#core, { ...command, namespace });
        await told(this.#core);
        return { checkpoint };
      }
      if (asNode === "start" || asNode === "end") updateAnew(this.#core, command, asNode, plan, this.#kinds);
      else updateState(this.#core, command, plan, this.#kinds);
      const newest = this.#newest(command);
      await told(this.#core);
      return newest;
    });
  }

  async migrate(command: Api.Address & { readonly graph: Api.GraphVersion }) {
    return this.#answer(() => {
      this.#core.record.of(command);
      refuseWhileBusy(this.#core);
      migrate(this.#core, command, command.graph, this.#plan(command.graph), this.#kinds);
      return this.#newest(command);
    });
  }

  async cancelRun({ action = "interrupt", reason = "by request", ...command }: Api.CancelRun) {
    return this.#answer((): Api.RunView => {
      const before = this.#reading.run(command);
      cancelRun(this.#core, command.runId, "interrupt", reason);
      const after = this.#reading.view(action === "interrupt" ? this.#reading.run(command) : before, command);
      if (action === "rollback") deleteRun(this.#core, command.runId);
      return after;
    });
  }

  async cancelRuns(command: Api.CancelRuns) {
    return this.#answer(() => {
      this.#core.record.of(command);
      return cancelRuns(this.#core, command, "by request");
    });
  }

  async deleteRun(command: Api.Address & { readonly runId: string }) {
    return this.#answer((): null => {
      deleteRun(this.#core, this.#reading.run(command).runId);
      return null;
    });
  }

  async listCommits(query: CommitsQuery) {
    return this.#answer(() => this.#reading.commits(query));
  }

  async getState(query: Api.StateQuery) {
    return this.#answer(() => this.#reading.state(query));
  }

  async getHistory(query: Api.HistoryQuery) {
    return this.#answer((): readonly Api.ThreadState[] => this.#reading.history(query));
  }

  async getStateJson({ select, ...query }: Api.StateQuery & Api.Selection) {
    return this.#answer((): string => JSON.stringify(selected(this.#reading.state(query), select)));
  }

  async getHistoryJson(query: Api.HistoryQuery & Api.Selection) {
    return this.#answer((): string => this.#reading.historyJson(query));
  }

  async touch(query: Api.Address & { readonly runId: string }): Promise<boolean> {
    return this.#core.record.row !== undefined && touchRun(this.#core, query.runId);
  }

  // --- behind the door ------------------------------------------------------------------------------------------------

  async #answer<T>(work: () => T | Promise<T>): Promise<Reply<T>> {
    try {
      this.#core.wake();
      return { ok: true, value: await work() };
    } catch (thrown) {
      const error = toErrorRecord(thrown);
      if (error.code === "internal") console.error(thrown);
      return { ok: false, error };
    }
  }

  /** Whatever does not wait is done in this turn already, in the same flush as what started it. */
  #perform(): void {
    this.ctx.waitUntil(this.#core.perform());
  }

  /** A second start with the same run id is the first one again: a caller that lost the reply may simply ask once more. */
  #start(command: Api.StartRun): RunRow {
    if (command.ifNotExists === "create") this.#refuseWhileErasing();
    const missing = this.#core.record.row === undefined && command.ifNotExists === "create";
    if (!missing) this.#core.record.of(command);
    const known = missing ? undefined : findRun(this.#core, command.runId);
    if (known) return known;
    if (!missing) refuseDeleted(this.#core, command.runId);
    const { graph } = command;
    return acceptRun(this.#core, command, () => this.#plan(graph), this.#kinds);
  }

  /** @throws EdgewiseError `invalid_request` where there is none */
  #plan(graph: Api.GraphVersion | undefined): Plan {
    if (graph === undefined) throw failure("invalid_request", "The thread has no graph yet.");
    return loadPlan(graph.hash, () => graph.document, this.#kinds);
  }

  #newest({ threadId }: Api.Address): { readonly checkpoint: JsonObject } {
    const newest = checkpointAt(this.#core.store, this.#core.lastCommit.seq);
    if (newest === undefined) throw failure("not_found", "The thread has no checkpoint.");
    return { checkpoint: checkpointView(threadId, newest) };
  }

  #refuseWhileErasing(): void {
    if (!this.#core.record.row?.deleted) return;
    throw failure("unavailable", "The thread that had this id is still being erased. Ask again in a moment.", {
      retryable: true,
      retryAfterMs: 5_000,
    });
  }
}
