import { randomUUID } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { Random } from "../../../src/engine/testing/random.ts";
import { answerAll } from "./answers.ts";
import { follow } from "./follow.ts";
import type { Port } from "./port.ts";
import type { Happened, Program } from "./programs/program.ts";
import type { Programs } from "./programs/programs.ts";
import type { Acknowledged, Ledger } from "./record.ts";

/** Works until it is told to stop, then finishes what it is at. `index`: its number among its kind. */
export type Client = (work: Work, index: number) => Promise<void>;

interface State {
  readonly next: readonly string[];
  readonly checkpoint: { readonly checkpoint_id: string };
}

/** What all clients share. */
export interface Office {
  readonly port: Port;
  readonly ledger: Ledger;
  readonly programs: Programs;
  readonly happened: Happened;
}

export class Work {
  readonly port: Port;
  readonly ledger: Ledger;
  readonly programs: Programs;
  readonly happened: Happened;
  readonly random: Random;
  readonly #name: string;
  readonly #stop: AbortSignal;
  #marks = 0;

  constructor({ port, ledger, programs, happened }: Office, name: string, seed: number, stop: AbortSignal) {
    this.port = port;
    this.ledger = ledger;
    this.programs = programs;
    this.happened = happened;
    this.random = new Random(name, seed);
    this.#name = name;
    this.#stop = stop;
  }

  get goesOn(): boolean {
    return !this.#stop.aborted;
  }

  mark(): string {
    this.#marks += 1;
    // One word to whoever counts words, so that every run of a program costs the same.
    return `${this.#name}x${this.#marks}`;
  }

  /** Something a client wants, which it repeats until it is answered. */
  async operation<T>(work: () => Promise<T>): Promise<T> {
    this.ledger.operations.begun += 1;
    const result = await work();
    if (result !== undefined) this.ledger.operations.done += 1;
    return result;
  }

  /** Starts a run under a key: sent again until it is answered, and often though it was answered. */
  start(program: Program, mark: string, n: number, threadId: string | undefined): Promise<Acknowledged> {
    const { port, ledger, random } = this;
    const path = threadId === undefined ? "/runs" : `/threads/${threadId}/runs`;
    // The judges read threads, those of runs without one too.
    const body = {
      assistant_id: program.id,
      input: program.input(mark, n),
      if_not_exists: "create",
      on_completion: "keep",
    };
    const request = { path, body, headers: { "idempotency-key": `${mark} ${n}` } };
    return this.operation(async () => {
      if (random.chance(0.3)) {
        ledger.lostReplies += 1;
        await port.lose("POST", path, request, 1 + random.below(15));
      }
      const sendings = Array.from({ length: random.chance(0.2) ? 2 : 1 }, () =>
        port.ask<{ run_id: string; thread_id: string }>("POST", path, request),
      );
      const answers = await Promise.all(sendings);
      const [first] = answers;
      if (first === undefined) throw new Error("nothing was sent");
      const { run_id: runId, thread_id } = first.body;
      for (const { body: other } of answers) {
        if (other.run_id !== runId) ledger.doubled.push(`${mark} ${n}: one key, runs ${runId} and ${other.run_id}`);
      }
      return this.acknowledge({ threadId: thread_id, runId, program, mark, n, request });
    });
  }

  /** Starts a run without a key; undefined when the reply was lost, and with it the right to send it again. */
  async startOnce(program: Program, mark: string): Promise<Acknowledged | undefined> {
    const threadId = randomUUID();
    const body = { assistant_id: program.id, input: program.input(mark, 0), if_not_exists: "create" };
    return this.operation(async () => {
      await this.port.isUp();
      const answer = await this.port.once<{ run_id: string }>("POST", `/threads/${threadId}/runs`, { body });
      if (answer?.status === 200) {
        return this.acknowledge({ threadId, runId: answer.body.run_id, program, mark, n: 0 });
      }
      this.ledger.lostReplies += 1;
      this.ledger.unknown.add(threadId);
      return undefined;
    });
  }

  acknowledge(run: Omit<Acknowledged, "at" | "seen">): Acknowledged {
    const acknowledged = { ...run, at: Date.now(), ...(this.random.chance(0.5) && { seen: [] }) };
    this.ledger.runs.push(acknowledged);
    this.port.acknowledged();
    return acknowledged;
  }

  async follow(run: Acknowledged): Promise<void> {
    const connected = () => {
      this.ledger.connections += 1;
    };
    if (run.seen !== undefined) await follow(this.port, run, run.seen, { connected, leaves: this.random });
  }

  async join({ threadId, runId }: Acknowledged): Promise<void> {
    await this.operation(() => this.port.ask("GET", `/threads/${threadId}/runs/${runId}/join`));
  }

  /** Somebody answers what it asks, and sees to its end. */
  async answer(run: Acknowledged): Promise<void> {
    if (run.program.answer === undefined) return;
    run.chain = await this.operation(() => answerAll(this.port, run, this.happened, () => this.random.chance(0.5)));
  }

  /** Goes back to one of its checkpoints, and on from there in another run. */
  async fork(run: Acknowledged): Promise<void> {
    if (run.program.forks === undefined) return;
    await this.join(run);
    const path = `/threads/${run.threadId}`;
    const { body: states } = await this.port.ask<State[]>("GET", `${path}/history?limit=100`);
    const state = this.random.pick(states.filter(({ next }) => next.length > 0));
    if (state === undefined) throw new Error(`${run.runId} has no checkpoint to go on from`);
    const { checkpoint_id } = state.checkpoint;
    const request = {
      body: { assistant_id: run.program.id, input: null, checkpoint_id },
      headers: { "idempotency-key": `${run.mark} fork` },
    };
    const forked = await this.operation(() => this.port.ask<{ run_id: string }>("POST", `${path}/runs`, request));
    run.chain = [forked.body.run_id];
    await this.port.ask("GET", `${path}/runs/${forked.body.run_id}/join`);
  }

  /** Each signal once or twice under its key, early or late; one that comes again after the end is refused. */
  async signal(run: Acknowledged): Promise<void> {
    const path = `/threads/${run.threadId}/runs/${run.runId}/signals`;
    for (const [index, body] of (run.program.signals?.(run.mark) ?? []).entries()) {
      await sleep(this.random.below(250));
      const request = { body, headers: { "idempotency-key": `${run.mark} signal ${index}` } };
      const answer = await this.operation(() => this.port.ask<{ signal_id?: string }>("POST", path, request, [409]));
      if (!this.random.chance(0.4)) continue;
      const again = await this.port.ask<{ signal_id?: string }>("POST", path, request, [409]);
      const ids = [answer.body.signal_id, again.body.signal_id].filter((id) => id !== undefined);
      if (new Set(ids).size > 1) this.ledger.doubled.push(`${run.mark}: one key, signals ${ids.join(" and ")}`);
    }
  }
}

/** Runs that are alone on their threads: followed, or left to themselves without anybody asking for them. */
export const scenes: Client = async (work, index) => {
  const { scenes: programs } = work.programs;
  // In turn, each client from another one on: so that even a short proof has all of them.
  for (let turn = index * 3; work.goesOn; turn += 1) {
    const program = programs[turn % programs.length];
    if (program === undefined) return;
    const threadId = work.random.chance(0.4) ? undefined : randomUUID();
    // Without an answer nobody knows whom to send its signals and answers to.
    const isOnce = program.signals === undefined && program.answer === undefined && work.random.chance(0.15);
    const run = isOnce
      ? await work.startOnce(program, work.mark())
      : await work.start(program, work.mark(), 0, threadId);
    if (run === undefined) continue;
    await Promise.all([work.signal(run), work.follow(run), work.answer(run), work.fork(run)]);
    // About as long as it takes: what nobody waits for must not pile up.
    await sleep(run.seen === undefined ? 800 + work.random.below(1_200) : work.random.below(300));
  }
};

/** A thread that gets one run after another: what they add up to tells whether each counted once. */
export const ledgers: Client = async (work) => {
  const { big } = work.programs;
  while (work.goesOn) {
    const [threadId, mark] = [randomUUID(), work.mark()];
    for (let n = 0; n < big.runs && work.goesOn; n += 1) {
      const run = await work.start(big, mark, n, threadId);
      if (run.seen === undefined) await work.join(run);
      else await work.follow(run);
    }
  }
};

/** Runs that would not end for hours, cancelled until the cancel is acknowledged. */
export const cancels: Client = async (work) => {
  while (work.goesOn) {
    const run = await work.start(work.programs.hold, work.mark(), 0, randomUUID());
    const followed = work.follow(run);
    await sleep(work.random.below(700));
    await work.operation(() => work.port.ask("POST", `/threads/${run.threadId}/runs/${run.runId}/cancel`));
    run.cancelledAt = Date.now();
    await followed;
  }
};
