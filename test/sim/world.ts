import type { Env } from "../../src/config.ts";
import { documentText } from "../../src/graph/identity.ts";
import { compileGraph } from "../../src/graph/compile.ts";
import type { Plan } from "../../src/graph/plan.ts";
import { withNodeKinds } from "../../src/nodes/registry.ts";
import { sweep } from "../../src/sweep.ts";
import { readConfig } from "../../src/config.ts";
import { hash, Random } from "../../src/engine/testing/random.ts";
import { Thread } from "../../durable-objects/thread.ts";
import type { StartRun } from "../../durable-objects/thread-api.ts";
import { Clients } from "./clients.ts";
import { Faults, type Site } from "./faults.ts";
import { enterWorld, said } from "./globals.ts";
import { randomGraph, type SimGraph } from "./graphs.ts";
import { IndexDatabase } from "./index-database.ts";
import { act, serveBy } from "./kind.ts";
import { type ObjectWorld, SimObject } from "./object.ts";
import { FollowedRun } from "./follower.ts";
import { Recorder } from "./record.ts";
import type { JsonObject } from "../../src/base/json.ts";
import { consume as consumeBatch } from "../../src/queues.ts";
import { SimQueue } from "./queue.ts";
import { Provider } from "./provider.ts";
import { type Party, Timeline } from "./timeline.ts";

const KINDS = withNodeKinds(act);
const TENANT = "acme";
const MINUTE_MS = 60_000;
/** Faults stop after this. */
const TROUBLE_MS = 90_000;
/** By then everything that can move must have moved: an hour's jump of the clock, the longest wait, and the sweep. */
const LONGEST_MS = 5 * 3_600_000;
/** No node waits for a time longer than this. */
const LONGEST_WAIT_MS = 80_000;
export const MOST_TURNS = 40_000;
const WORKER: Party = { name: "worker", isAlive: true };

interface Made {
  readonly plan: Plan;
  readonly graph: SimGraph;
  readonly document: string;
}

/** So many graphs there are: worlds differ in more than those, and compiling takes its time. */
const GRAPHS = 3_000;
const MADE = new Map<number, Made>();

function graphOf(number: number): Made {
  const known = MADE.get(number);
  if (known !== undefined) return known;
  const graph = randomGraph(number);
  const compiled = compileGraph({ document: graph.document }, KINDS);
  if (!compiled.ok) throw new Error(`The simulator's graph is wrong: ${JSON.stringify(compiled.problems)}`);
  const made = { plan: compiled.plan, graph, document: documentText(compiled.plan) };
  MADE.set(number, made);
  return made;
}

/** A deployment in a seeded world: objects, index, sweep, service and clients. Everything follows from the seed. */
export class World implements ObjectWorld {
  readonly seed: number;
  readonly timeline = new Timeline();
  readonly faults: Faults;
  readonly index: IndexDatabase;
  readonly provider: Provider;
  readonly kinds = KINDS;
  readonly Thread = Thread;
  readonly env: Env;
  readonly objects: SimObject[] = [];
  readonly clients: Clients[] = [];
  readonly graphs = new Map<string, Made>();
  readonly findings: string[] = [];
  readonly recorders: Recorder[] = [];
  /** By run: what one who looks when all is over is shown. */
  readonly whole = new Map<string, FollowedRun>();
  /** By thread: its values as they are shown at the end. */
  readonly states: (JsonObject | undefined)[] = [];
  #behindMs = 0;
  readonly #random: Random;
  readonly #names = new Map<string, SimObject>();

  /** @param only these faults, instead of those of the seed; @param hasClients without them nothing happens by itself */
  constructor(seed: number, only?: readonly Site[], hasClients = true) {
    this.seed = seed;
    this.faults = new Faults(seed, only);
    this.#random = new Random("world", seed);
    enterWorld(this.timeline, `world ${seed}`);
    this.index = new IndexDatabase(this.timeline, this.faults);
    this.provider = new Provider(this.timeline, this.faults);
    serveBy(this.provider);
    const consume = (batch: MessageBatch) => consumeBatch(batch, readConfig(this.env), this.timeline.wall);
    const queue = new SimQueue("edgewise-wake", this.timeline, this.faults, WORKER, consume);
    this.env = {
      DB: this.index.binding,
      THREADS: this.#namespace(),
      SCHEDULER: this.#namespace(),
      WAKE: queue.binding,
    };
    const threads = hasClients ? (this.#random.chance(0.1) ? 2 : 1) : 0;
    for (let thread = 0; thread < threads; thread += 1) this.#addThread(thread);
  }

  found(fault: string): void {
    this.findings.push(fault);
  }

  latency(): number {
    return 1 + this.#random.below(3);
  }

  /** Until everything is at rest, or can never be. */
  async run(): Promise<void> {
    const { timeline } = this;
    this.begin();
    while (!this.isAtRest && timeline.turns < MOST_TURNS && (await timeline.step(LONGEST_MS)));
    this.faults.isOver = true;
    // What the clients' last word has led to.
    // A clock that was put back keeps everybody waiting for as long.
    await this.#stepUntil(timeline.now + 2 * MINUTE_MS + this.#behindMs);
    for (const [thread, clients] of this.clients.entries()) this.#lookBack(thread, clients);
    await this.#stepUntil(timeline.now + MINUTE_MS / 2);
    await this.#comeToRest();
    await this.#showStates();
  }

  /** What happens to objects and clocks by themselves, from now on; faults last until they are over. */
  begin(): void {
    this.timeline.after(MINUTE_MS, WORKER, () => this.#sweep());
    this.timeline.after(500, WORKER, () => this.#disturb());
    this.timeline.after(TROUBLE_MS, WORKER, () => {
      this.faults.isOver = true;
    });
  }

  async #stepUntil(end: number): Promise<void> {
    while (this.timeline.turns < MOST_TURNS && (await this.timeline.step(end)));
  }

  /** Who comes when all is over sees the whole of it. */
  #lookBack(thread: number, { runs, party }: Clients): void {
    const object = this.objects[thread];
    if (object === undefined) return;
    object.crash();
    // Any later request puts right what the loss of both alarm and index has left.
    const address = { tenant: TENANT, threadId: `thread-${thread}` };
    void object.call(party, (door) => door.getThread(address)).catch(() => undefined);
    for (const { command, follows } of runs) {
      // Nobody has seen anything that could differ: half of these are looked at all the same.
      if (follows.length === 0 && this.#random.chance(0.5)) continue;
      const modes = ["values", "updates", "messages-tuple", "custom", "tasks"] as const;
      const whole = new FollowedRun(object, party, this, command, modes, new Random("whole", this.seed));
      this.whole.set(command.runId, whole);
      whole.readToEnd().catch((thrown: unknown) => this.found(`a run cannot be read: ${String(thrown)}`));
    }
  }

  /** What goes on by itself, as when the deadline of a question has come, goes on to its end. */
  async #comeToRest(): Promise<void> {
    const isLive = (): boolean => this.recorders.some((recorder) => recorder.runs().at(-1)?.lastSeq === null);
    for (let moved = true, times = 0; isLive() && moved && times < 40; times += 1) {
      const before = this.recorders.map(({ count }) => count);
      await this.#stepUntil(this.timeline.now + LONGEST_WAIT_MS);
      moved = this.recorders.some(({ count }, thread) => count !== before[thread]);
    }
  }

  /** The threads as they are shown, at a moment in which none of them moves. */
  async #showStates(): Promise<void> {
    for (let moved = true, times = 0; moved && times < 20; times += 1) {
      const before = this.recorders.map(({ count }) => count);
      for (const [thread, object] of this.objects.entries()) {
        const address = { tenant: TENANT, threadId: `thread-${thread}` };
        const shown = object.call(WORKER, (door) => door.getThread(address));
        void shown.then((reply) => {
          if (reply.ok) this.states[thread] = reply.value.values ?? undefined;
        });
      }
      await this.#stepUntil(this.timeline.now + 50);
      moved = this.recorders.some(({ count }, thread) => count !== before[thread]);
    }
  }

  get isAtRest(): boolean {
    return this.faults.isOver && this.clients.every(({ isDone }) => isDone);
  }

  get said(): readonly string[] {
    return said;
  }

  close(): void {
    for (const { disk } of this.objects) disk.close();
    this.index.close();
  }

  addObject(number: number): SimObject {
    const object = new SimObject(`thread-${number}`, this);
    this.objects.push(object);
    this.recorders.push(new Recorder(object));
    this.#names.set(`thread-${number}`, object);
    return object;
  }

  #addThread(number: number): void {
    const random = new Random("thread", this.seed, number);
    const object = this.addObject(number);
    const commands = Array.from({ length: random.chance(0.4) ? 2 : 1 }, (_, run) => this.#command(number, run));
    const clients = new Clients(object, this);
    this.clients.push(clients);
    this.timeline.after(random.below(100), clients.party, () => {
      clients.drive(commands).catch((thrown: unknown) => this.found(`a client gave up: ${String(thrown)}`));
    });
  }

  #command(thread: number, run: number): { command: StartRun; signals: readonly string[] } {
    const made = graphOf(hash(`graph ${this.seed} ${run % 2}`) % GRAPHS);
    const { plan, graph, document } = made;
    this.graphs.set(plan.hash, made);
    const command: StartRun = {
      tenant: TENANT,
      threadId: `thread-${thread}`,
      runId: `${this.seed.toString().padStart(8, "0")}-0000-7000-8000-${String(thread * 100 + run).padStart(12, "0")}`,
      assistantId: plan.id,
      graph: { graphId: plan.id, version: 1, hash: plan.hash, document },
      input: run === 0 ? { log: ["in"], plain: 1 } : { latest: run },
      config: {},
      context: {},
      metadata: {},
      streamMode: ["values"],
      ifNotExists: "create",
    };
    return { command, signals: graph.signals };
  }

  /** As `env.THREADS` finds objects by name. */
  #namespace(): DurableObjectNamespace {
    const stub = (name: string) => {
      const object = [...this.#names].find(([thread]) => name.includes(thread))?.[1];
      if (object === undefined) throw new Error(`There is no object ${name}.`);
      const call = (method: "touch") => (query: Parameters<Thread["touch"]>[0]) =>
        object.call(WORKER, (thread) => thread[method](query));
      return { touch: call("touch") };
    };
    const namespace = { idFromName: (name: string) => name, get: stub, getByName: stub };
    return namespace as unknown as DurableObjectNamespace;
  }

  #sweep(): void {
    this.timeline.after(MINUTE_MS, WORKER, () => this.#sweep());
    sweep(readConfig(this.env), "* * * * *", this.timeline.wall).catch(() => undefined);
  }

  /** What happens to objects and clocks by themselves. */
  #disturb(): void {
    if (this.faults.isOver) return;
    this.timeline.after(50 + this.#random.below(1_500), WORKER, () => this.#disturb());
    for (const object of this.objects) {
      if (this.faults.strikes("crash-between")) object.crash();
      if (this.faults.strikes("alarm-early")) object.alarm.fireEarly();
    }
    if (this.faults.strikes("clock-jump")) this.#jump();
  }

  #jump(): void {
    const by = [-3_600_000, -60_000, -1_000, 1_000, 60_000, 3_600_000][this.faults.below(6)] ?? 0;
    this.timeline.skew += by;
    this.#behindMs += Math.max(0, -by);
    for (const { alarm } of this.objects) alarm.plan();
  }
}
