import { randomUUID } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { Random } from "../../../src/engine/testing/random.ts";
import { follow } from "./follow.ts";
import { type GraphName, inputOf, LEDGER_RUNS, SCENES } from "./graphs.ts";
import type { Port } from "./port.ts";
import type { Acknowledged, Ledger } from "./record.ts";

/** Works until it is told to stop, then finishes what it is at. `index`: its number among its kind. */
export type Client = (work: Work, index: number) => Promise<void>;

export class Work {
  readonly port: Port;
  readonly ledger: Ledger;
  readonly random: Random;
  readonly #name: string;
  readonly #stop: AbortSignal;
  #marks = 0;

  constructor(port: Port, ledger: Ledger, name: string, seed: number, stop: AbortSignal) {
    this.port = port;
    this.ledger = ledger;
    this.random = new Random(name, seed);
    this.#name = name;
    this.#stop = stop;
  }

  get goesOn(): boolean {
    return !this.#stop.aborted;
  }

  mark(): string {
    this.#marks += 1;
    // One word to whoever counts words, so that every run of a graph costs the same.
    return `${this.#name}x${this.#marks}`;
  }

  /** Starts a run under a key: sent again until it is answered, and often though it was answered. */
  async start(graph: GraphName, mark: string, n: number, threadId: string | undefined): Promise<Acknowledged> {
    const { port, ledger, random } = this;
    const path = threadId === undefined ? "/runs" : `/threads/${threadId}/runs`;
    const body = { assistant_id: graph, input: inputOf(graph, mark, n), if_not_exists: "create" };
    const request = { path, body, headers: { "idempotency-key": `${mark} ${n}` } };
    if (random.chance(0.4)) {
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
    return this.#acknowledge({ threadId: thread_id, runId, graph, mark, n, request });
  }

  /** Starts a run without a key; undefined when the reply was lost, and with it the right to send it again. */
  async startOnce(graph: GraphName, mark: string): Promise<Acknowledged | undefined> {
    const threadId = randomUUID();
    const body = { assistant_id: graph, input: inputOf(graph, mark, 0), if_not_exists: "create" };
    const answer = await this.port.once<{ run_id: string }>("POST", `/threads/${threadId}/runs`, { body });
    if (answer?.status === 200) return this.#acknowledge({ threadId, runId: answer.body.run_id, graph, mark, n: 0 });
    this.ledger.lostReplies += 1;
    this.ledger.unknown.add(threadId);
    return undefined;
  }

  #acknowledge(run: Omit<Acknowledged, "at" | "seen">): Acknowledged {
    const acknowledged = { ...run, at: Date.now(), ...(this.random.chance(0.6) && { seen: [] }) };
    this.ledger.runs.push(acknowledged);
    return acknowledged;
  }

  async follow(run: Acknowledged): Promise<void> {
    const connected = () => {
      this.ledger.connections += 1;
    };
    if (run.seen !== undefined) await follow(this.port, run, run.seen, { connected, leaves: this.random });
  }

  async join({ threadId, runId }: Acknowledged): Promise<void> {
    await this.port.ask("GET", `/threads/${threadId}/runs/${runId}/join`);
  }
}

/** Runs that are alone on their threads: followed, or left to themselves without anybody asking for them. */
export const scenes: Client = async (work, index) => {
  // In turn, each client from another one on: so that even a short proof has all of them.
  for (let turn = index; work.goesOn; turn += 1) {
    const graph = SCENES[turn % SCENES.length] ?? "chain";
    const threadId = work.random.chance(0.4) ? undefined : randomUUID();
    const isOnce = work.random.chance(0.2);
    const run = isOnce ? await work.startOnce(graph, work.mark()) : await work.start(graph, work.mark(), 0, threadId);
    if (run?.seen === undefined) await sleep(300 + work.random.below(900));
    else await work.follow(run);
  }
};

/** A thread that gets one run after another: what they add up to tells whether each counted once. */
export const ledgers: Client = async (work) => {
  while (work.goesOn) {
    const [threadId, mark] = [randomUUID(), work.mark()];
    for (let n = 0; n < LEDGER_RUNS && work.goesOn; n += 1) {
      const run = await work.start("ledger", mark, n, threadId);
      if (run.seen === undefined) await work.join(run);
      else await work.follow(run);
    }
  }
};

/** Runs that would not end for minutes, cancelled until the cancel is acknowledged. */
export const cancels: Client = async (work) => {
  while (work.goesOn) {
    const run = await work.start("hold", work.mark(), 0, randomUUID());
    const followed = work.follow(run);
    await sleep(work.random.below(1_500));
    await work.port.ask("POST", `/threads/${run.threadId}/runs/${run.runId}/cancel`);
    run.cancelledAt = Date.now();
    await followed;
  }
};
