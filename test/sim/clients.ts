import type { ErrorRecord, Reply } from "../../src/base/errors.ts";
import { canonicalJson, type Json } from "../../src/base/json.ts";
import { Random } from "../../src/engine/testing/random.ts";
import type { Thread } from "../../durable-objects/thread.ts";
import type { StartRun, StreamMode, WaitView } from "../../durable-objects/thread-api.ts";
import type { Faults } from "./faults.ts";
import { FollowedRun } from "./follower.ts";
import { Reset, type SimObject } from "./object.ts";
import type { Party, Timeline } from "./timeline.ts";

/** What a client knows of a run: only what it was told counts. */
export interface RunRecord {
  readonly command: StartRun;
  readonly signals: readonly string[];
  readonly follows: FollowedRun[];
  acknowledged: boolean;
  /** When the cancel was acknowledged; timeline. */
  cancelledAt?: number;
  cancelAsked: boolean;
  readonly signalsSent: { readonly id: string; readonly name: string; acknowledged: boolean }[];
  /** Statuses that the run was said to have when it was over: one, however often asked. */
  readonly ends: Set<string>;
}

export interface ClientWorld {
  readonly timeline: Timeline;
  readonly faults: Faults;
  readonly seed: number;
  found(fault: string): void;
}

function newer(graph: StartRun["graph"]): StartRun["graph"] {
  const document = graph.document.replace('"id":', '"description":"A newer one.","id":');
  return { ...graph, version: graph.version + 1, hash: `${graph.hash}-newer`, document };
}

const ALL_MODES: readonly StreamMode[] = ["values", "updates", "messages-tuple", "custom", "tasks"];
const PATIENCE_MS = 250;

/** Clients of one thread: start runs, send signals, cancel, follow, look around; each believes only what it was answered. */
export class Clients {
  readonly runs: RunRecord[] = [];
  /** Answers that were taken. */
  readonly answered: { readonly ask: string; readonly value: Json }[] = [];
  /** Other answers to the same questions that were taken too. */
  readonly stale: { readonly ask: string; readonly value: Json }[] = [];
  readonly party: Party;
  isDone = false;
  #ids = 0;
  readonly #world: ClientWorld;
  readonly #object: SimObject;
  readonly #random: Random;

  constructor(object: SimObject, world: ClientWorld) {
    this.party = { name: `client of ${object.name}`, isAlive: true };
    this.#object = object;
    this.#world = world;
    this.#random = new Random("clients", world.seed, object.name);
  }

  /** One run after the other, until all were begun and are over, or wait for what nobody will send. */
  async drive(commands: readonly { readonly command: StartRun; readonly signals: readonly string[] }[]): Promise<void> {
    for (const { command, signals } of commands) if (!(await this.#run(command, signals))) break;
    this.isDone = true;
  }

  /** False: the thread is kept by a run that waits for a signal that nobody sends. */
  async #run(command: StartRun, signals: readonly string[]): Promise<boolean> {
    const random = this.#random;
    const record = this.#record(command, signals);
    const begun = random.chance(0.3) ? this.#startAndFollow(record) : this.#start(record);
    if (!(await begun)) return false;
    if (random.chance(0.2)) await this.#start(record);
    void this.#signalEarly(record);
    return (await this.#watch(record)) && this.#goOn(record);
  }

  #record(command: StartRun, signals: readonly string[]): RunRecord {
    const told = { acknowledged: false, cancelAsked: false, signalsSent: [], follows: [], ends: new Set<string>() };
    const record: RunRecord = { command, signals, ...told };
    this.runs.push(record);
    return record;
  }

  /** Until the run is over, or waits for what nobody sends: then false. */
  async #watch(record: RunRecord): Promise<boolean> {
    const { command } = record;
    const random = this.#random;
    if (random.chance(0.6)) void this.#follow(record, random.below(300));
    const isCancelled = random.chance(0.15);
    if (isCancelled) void this.#cancelLater(record, random.below(3_000));
    const isPaused = random.chance(0.1);
    if (isPaused) void this.#pauseLater(record, random.below(1_000));
    const sends = random.chance(0.9);
    for (let looks = 0; ; looks += 1) {
      await this.#pause(looks < 20 ? 40 + random.below(400) : 2_000);
      const status = await this.#look(record);
      if (status !== "running" && status !== "pending") return true;
      // Most of the time nobody looks: what goes on goes on by itself.
      if (looks > 3) await this.#pause(5_000 * Math.min(12, looks));
      if (random.chance(0.2)) await this.#answerSome(record);
      const waits = await this.#ask((thread) => thread.waitsOf(command));
      if (sends || isCancelled) await this.#answer(record, waits);
      else if (waits.length > 0 && waits.every(({ until, signal }) => until === null && signal !== null)) return false;
    }
  }

  /** What is at rest goes on: by answers, or because somebody wants what has failed to be tried anew. */
  async #goOn(record: RunRecord): Promise<boolean> {
    let last = record;
    for (let times = 1; times <= 3; times += 1) {
      const runId = this.#newId(record.command.runId);
      if (this.#random.chance(0.2)) await this.#write(record);
      const next = await this.#answerSome(last, runId);
      const status = [...last.ends].at(-1);
      if (next === undefined && (status === "success" || !this.#random.chance(0.4))) return true;
      // Its graph was published anew meanwhile: a run stays on the version that it began with (G11).
      const at = next === undefined && this.#random.chance(0.2) ? await this.#checkpoint(record) : {};
      const command = { ...record.command, ...at, runId, input: null, graph: newer(record.command.graph) };
      if (next !== undefined && next !== runId) return true;
      last = this.#record(command, record.signals);
      if (next === undefined && !(await this.#redrive(last))) return true;
      last.acknowledged = true;
      if (!(await this.#watch(last))) return false;
    }
    return true;
  }

  /** One of the checkpoints that the thread lists: what goes on from there is a fork. */
  async #checkpoint({ command }: RunRecord): Promise<{ readonly checkpointId?: string }> {
    const { tenant, threadId } = command;
    const states = await this.#ask((thread) => thread.getHistory({ tenant, threadId, limit: 6 }));
    const id = this.#random.pick(states)?.checkpoint?.["checkpoint_id"];
    return typeof id === "string" ? { checkpointId: id } : {};
  }

  /** A write from outside (R7), as nobody or as a node; once, whether it arrives or not. */
  async #write({ command }: RunRecord): Promise<void> {
    const { tenant, threadId, graph } = command;
    const { nodes } = JSON.parse(graph.document) as { readonly nodes: object };
    const asNode = this.#random.chance(0.4) ? this.#random.pick(Object.keys(nodes)) : undefined;
    const values = [
      ["log", ["told"]],
      ["latest", this.#random.below(100)],
    ] as const;
    const update = { tenant, threadId, values, ...(asNode === undefined ? {} : { asNode }) };
    try {
      const reply = await this.#object.call(this.party, (thread) => thread.updateState(update));
      if (!reply.ok && reply.error.code === "internal") this.#refused("a write", reply.error);
    } catch (thrown) {
      if (!(thrown instanceof Reset)) throw thrown;
    }
  }

  /** False: there was nothing to go on with. */
  async #redrive(record: RunRecord): Promise<boolean> {
    const reply = await this.#reply((thread) => thread.startRun(record.command));
    if (reply.ok) return true;
    this.runs.splice(this.runs.indexOf(record), 1);
    if (!["nothing_to_continue", "thread_busy", "not_found", "invalid_request"].includes(reply.error.code))
      this.#refused("a redrive", reply.error);
    return false;
  }

  /** Answers an open question; the id of the run that took it. A stale answer must be refused, the same one again must not. */
  async #answerSome({ command }: RunRecord, runId = this.#newId(command.runId)): Promise<string | undefined> {
    const { tenant, threadId } = command;
    const open = await this.#ask((thread) => thread.interruptsOf({ tenant, threadId }));
    const asked = this.#random.pick(open);
    if (asked === undefined) return undefined;
    const decisions = ["repeat", "done", "fail"].map((decision) => ({ decision }));
    const value =
      asked.kind === "outcome_unknown" ? (this.#random.pick(decisions) ?? null) : { said: asked.id.slice(0, 4) };
    const answer = { tenant, threadId, interruptId: asked.id, value, by: null, runId };
    const reply = await this.#reply((thread) => thread.answerInterrupt(answer));
    if (!reply.ok) {
      if (!["wait_over", "thread_busy"].includes(reply.error.code)) this.#refused("an answer", reply.error);
      return undefined;
    }
    this.answered.push({ ask: asked.id, value });
    const again = await this.#reply((thread) => thread.answerInterrupt(answer));
    if (!again.ok && again.error.code !== "wait_over") this.#refused("the same answer", again.error);
    const other = { ...answer, value: asked.kind === "outcome_unknown" ? { decision: "done", writes: {} } : "other" };
    const stale = await this.#reply((thread) => thread.answerInterrupt(other));
    if (stale.ok && canonicalJson(value) !== canonicalJson(other.value))
      this.stale.push({ ask: asked.id, value: other.value });
    return reply.value.run.run_id;
  }

  #newId(runId: string): string {
    this.#ids += 1;
    return `f${String(this.#ids).padStart(3, "0")}${runId.slice(4)}`;
  }

  #refused(what: string, error: ErrorRecord): void {
    this.#world.found(`${what} was refused: ${error.code} ${error.message}`);
  }

  /** False: the thread is kept by another run. */
  async #start(record: RunRecord): Promise<boolean> {
    for (let times = 0; times < 40; times += 1) {
      const reply = await this.#reply((thread) => thread.startRun(record.command));
      if (reply.ok) {
        record.acknowledged = true;
        const { run_id: runId } = reply.value;
        if (runId !== record.command.runId) this.#world.found(`a start was answered with another run, ${runId}`);
        return true;
      }
      if (reply.error.code !== "thread_busy") this.#refused("a start", reply.error);
      // A question whose time has come lets a run go on by itself.
      await this.#pause(2_000);
    }
    this.runs.splice(this.runs.indexOf(record), 1);
    return false;
  }

  async #startAndFollow(record: RunRecord): Promise<boolean> {
    if (this.runs.length > 1) return this.#start(record);
    const followed = new FollowedRun(this.#object, this.party, this.#world, record.command, ALL_MODES, this.#random);
    record.follows.push(followed);
    await followed.start();
    record.acknowledged = true;
    void followed.readToEnd();
    return true;
  }

  async #follow(record: RunRecord, laterMs: number): Promise<void> {
    await this.#pause(laterMs);
    const modes = ALL_MODES.filter((mode) => mode === "values" || this.#random.chance(0.6));
    const followed = new FollowedRun(this.#object, this.party, this.#world, record.command, modes, this.#random);
    record.follows.push(followed);
    await followed.readToEnd();
  }

  async #cancelLater(record: RunRecord, laterMs: number): Promise<void> {
    await this.#pause(laterMs);
    record.cancelAsked = true;
    const run = await this.#ask((thread) => thread.cancelRun(record.command));
    record.cancelledAt = this.#world.timeline.now;
    if (run.status === "running") this.#world.found(`${run.run_id} is running after its cancel was acknowledged`);
  }

  async #pauseLater(record: RunRecord, laterMs: number): Promise<void> {
    await this.#pause(laterMs);
    await this.#ask((thread) => thread.pauseRun(record.command));
  }

  async #signalEarly(record: RunRecord): Promise<void> {
    for (const name of record.signals) {
      if (!this.#random.chance(0.4)) continue;
      await this.#pause(this.#random.below(200));
      await this.#signal(record, name);
    }
  }

  async #answer(record: RunRecord, waits: readonly WaitView[]): Promise<void> {
    for (const { signal } of waits) if (signal !== null) await this.#signal(record, signal.name);
  }

  async #signal(record: RunRecord, name: string): Promise<void> {
    const id = `${record.command.runId}-${name}-${record.signalsSent.length}`;
    const sent = { id, name, acknowledged: false };
    record.signalsSent.push(sent);
    const signal = { ...record.command, id, name, key: null, payload: { id } };
    for (let times = this.#random.chance(0.3) ? 2 : 1; times > 0; times -= 1) {
      const reply = await this.#reply((thread) => thread.signalRun(signal));
      if (reply.ok) sent.acknowledged = true;
      else if (reply.error.code !== "conflict") this.#world.found(`a signal was refused: ${reply.error.message}`);
    }
  }

  async #look(record: RunRecord): Promise<string> {
    const { command } = record;
    const run = await this.#ask((thread) => thread.getRun(command));
    if (run.status !== "running" && run.status !== "pending") record.ends.add(run.status);
    if (this.#random.chance(0.1)) await this.#ask((thread) => thread.getState(command));
    if (this.#random.chance(0.1)) await this.#ask((thread) => thread.getHistory({ ...command, limit: 5 }));
    return run.status;
  }

  async #ask<T>(work: (thread: Thread) => Promise<Reply<T>>): Promise<T> {
    const reply = await this.#reply(work);
    if (reply.ok) return reply.value;
    this.#world.found(`a client was refused: ${reply.error.code} ${reply.error.message}`);
    throw new Error(reply.error.message);
  }

  /** Asks until it is answered: who lost the reply asks again. */
  async #reply<T>(work: (thread: Thread) => Promise<Reply<T>>): Promise<Reply<T>> {
    for (;;) {
      try {
        return await this.#object.call(this.party, work);
      } catch (thrown) {
        if (!(thrown instanceof Reset)) throw thrown;
        await this.#pause(PATIENCE_MS);
      }
    }
  }

  #pause(delayMs: number): Promise<void> {
    return this.#world.timeline.sleep(delayMs, this.party);
  }
}
