import type { Json } from "../base/json.ts";
import type { Structure } from "../graph/structure.ts";
import { MADE_READY, type Arrival, closure, type Commit, arrivalOrder, compareCommits } from "./testing/naive-order.ts";
import { NaiveLoops } from "./testing/naive-loops.ts";
import type { Mutation } from "./testing/mutations.ts";
import { naiveFold } from "./testing/naive-fold.ts";
import type { EngineEvent, EngineOptions, FlatEngine, Outcome, Rest, Step, Task, Write } from "./types.ts";

/**
 * The two rules, scanning everything at every event: R1–R9 and R11, sentence by sentence. It exists to be obviously
 * right. The engine must agree with it after every event; a planted error must make them disagree.
 */
export class ReferenceEngine implements FlatEngine {
  readonly state = { read: (channel: string) => this.#fold(channel, new Set(this.#committed)) };
  readonly #structure: Structure;
  readonly #loops: NaiveLoops;
  readonly #options: EngineOptions;
  readonly #base: ReadonlyMap<string, Json>;
  readonly #mutation: Mutation | undefined;
  readonly #turn = new Map<object, number>();
  #input: readonly Write[] = [];
  /** In order of commit. */
  #committed: Commit[] = [];
  #flights: Commit[] = [];
  #pending: Arrival[] = [];
  #queue: Commit[] = [];
  #highestLevel = -1;
  #tasks = 0;
  #steps: number;
  #cancelled = false;

  constructor(structure: Structure, options: EngineOptions, base: ReadonlyMap<string, Json>, mutation?: Mutation) {
    this.#structure = structure;
    this.#loops = new NaiveLoops(structure);
    this.#options = options;
    this.#steps = options.steps;
    this.#base = base;
    this.#mutation = mutation;
  }

  apply(event: EngineEvent): Step {
    switch (event.type) {
      case "started":
        this.#input = event.outcome.writes;
        return this.#deliver(event.outcome, undefined);
      case "task-succeeded":
        return this.#commit(this.#find(event.task), event.outcome);
      case "task-failed":
        if (event.outcome !== undefined) return this.#commit(this.#find(event.task), event.outcome);
        this.#find(event.task).state = "failed";
        return this.#step([]);
      case "task-waiting":
        Object.assign(this.#find(event.task), { state: "waiting", hasWaited: true });
        return this.#step([]);
      case "task-resumed":
        return this.#resume(this.#find(event.task));
      case "state-updated":
        return this.#update(event.outcome);
      case "frames-announced":
      case "frame-started":
      case "frame-updated":
      case "frame-failed":
      case "frames-extended":
        throw new TypeError("The reference has no frames: one is a run of its own, and compared as one (R10).");
      case "continued":
        if (!this.#is("limit-never-raised")) this.#steps = event.steps ?? this.#steps;
        return this.#step([]);
      case "cancelled":
        this.#cancelled = true;
        [this.#flights, this.#pending, this.#queue] = [[], [], []];
        return this.#step([]);
    }
  }

  task(id: string): Task | undefined {
    const flight = this.#flights.find((task) => task.id === id);
    return flight === undefined ? undefined : this.#toTask(flight);
  }

  inFlight(): ReturnType<FlatEngine["inFlight"]> {
    const inOrder = this.#flights.toSorted(compareCommits);
    return inOrder.map((flight) => ({ task: this.#toTask(flight), state: flight.state }));
  }

  pending(): ReturnType<FlatEngine["pending"]> {
    const countAt = (node: number): number => this.#pending.filter((arrival) => arrival.node === node).length;
    return this.#pendingNodes().map((node) => ({ node, count: countAt(node) }));
  }

  /** R10: what leaves a frame, in canonical order or as it was committed; of a `last` channel what reading it gives. */
  writesTo(channel: string, byCommit = false): readonly Json[] {
    const commits = byCommit ? this.#committed : [...this.#committed].sort(compareCommits);
    const writes = commits.flatMap((commit) => commit.writes.filter((write) => write.channel === channel));
    const { reducer } = this.#structure.channels.find(({ name }) => name === channel) ?? {};
    if (writes.length === 0 || reducer !== "last") return writes.map(({ value }) => value);
    return [this.state.read(channel) ?? null];
  }

  explain(node: number): ReturnType<FlatEngine["explain"]> {
    const flight = this.#flights.find((task) => this.#blocks(task.node, node, true));
    const waitsFor = flight?.node ?? this.#pendingNodes().find((other) => this.#blocks(other, node, false));
    return waitsFor === undefined ? undefined : { waitsFor, path: [waitsFor, node] };
  }

  #commit(task: Commit, { writes, takes, sends }: Outcome): Step {
    this.#flights = this.#flights.filter((other) => other !== task);
    this.#committed.push(Object.assign(task, { writes }));
    return this.#deliver({ writes, takes, sends }, task);
  }

  /** R7. */
  #update(outcome: Outcome): Step {
    const level = this.#is("outside-write-at-level-zero") ? 0 : this.#highestLevel + 1;
    this.#highestLevel = Math.max(this.#highestLevel, level);
    const arrival = { node: -1, sender: undefined, index: 0 };
    const seen = new Set(this.#committed);
    const id = `outside ${this.#committed.length}`;
    const write = { id, node: -1, level, ordinal: 0, arrival, each: false, seen, turns: new Map<object, number>() };
    this.#committed.push({ ...write, state: "running", hasWaited: false, writes: outcome.writes });
    return this.#deliver(outcome, this.#committed.at(-1));
  }

  /** R8: writes from outside since it was made ready join its view, and its level is raised above them. */
  #resume(task: Commit): Step {
    const missed = this.#committed.slice(task.born).filter((commit) => commit.node < 0 && !task.seen.has(commit));
    if (!this.#is("resume-without-refresh")) task.seen = new Set([...task.seen, ...missed]);
    if (!this.#is("resume-keeps-its-level")) task.level = Math.max(task.level, this.#levelAbove(new Set(missed)));
    this.#highestLevel = Math.max(this.#highestLevel, task.level);
    return this.#step([], [task]);
  }

  /** R1: ordinary activations of a node merge, sends do not. R11: arrivals at an each node are tasks at once. */
  #deliver({ takes, sends }: Outcome, sender: Commit | undefined): Step {
    const made: Commit[] = [];
    const arrivals: Arrival[] = [
      ...takes.map((node, index) => ({ node, sender, index })),
      ...sends.map(({ to, payload }, at) => ({ node: to, sender, index: takes.length + at, send: { payload } })),
    ];
    for (const arrival of arrivals) {
      const { node } = arrival;
      const merges = (other: Arrival): boolean =>
        other.node === node && (this.#is("sends-merge") || (other.send === undefined && arrival.send === undefined));
      if (this.#isEach(node) && !this.#is("each-merges")) made.push(this.#eachTask(arrival));
      else if (!this.#pending.some(merges)) this.#pending.push(arrival);
    }
    this.#flights.push(...made);
    return this.#step(made);
  }

  /** R11: what its cause saw and wrote. A write from outside has seen nothing: then what any task of the node sees. */
  #eachTask(arrival: Arrival): Commit {
    const { sender, node } = arrival;
    const isInside = sender !== undefined && sender.node >= 0;
    const saw = isInside ? [...sender.seen, sender] : sender === undefined ? [] : this.#seenFrom(node);
    const seen = new Set(this.#is("each-sees-everything") ? this.#committed : saw);
    return this.#task(arrival, arrival.index, seen, this.#levelAbove(seen), isInside ? `@${sender.id}` : "");
  }

  /** R2: everything ready is made ready together; R3: heads that are ready begin a turn. */
  #step(made: readonly Commit[], resumed: readonly Commit[] = []): Step {
    const all = [...made];
    const judge = (nodes: readonly number[]): void => {
      const ready = nodes.filter((node) => this.#isReady(node));
      const begun = new Set(ready.flatMap((node) => this.#loops.headOf(node) ?? []));
      for (const loop of begun) this.#turn.set(loop, (this.#turn.get(loop) ?? 0) + 1);
      const tasks = ready.flatMap((node) => this.#batch(node));
      this.#pending = this.#pending.filter(({ node }) => !ready.includes(node));
      this.#flights.push(...tasks);
      all.push(...tasks);
    };
    if (!this.#is("one-by-one")) judge(this.#pendingNodes());
    else for (const node of new Set(this.#pending.map((arrival) => arrival.node))) judge([node]);
    return this.#start(all.sort(compareCommits), resumed);
  }

  #batch(node: number): Commit[] {
    const arrivals = this.#pending.filter((arrival) => arrival.node === node);
    if (!this.#is("ordinals-in-order-of-arrival")) arrivals.sort(arrivalOrder(this.#isEach(node)));
    const causes = new Set(arrivals.flatMap(({ sender }) => sender ?? []));
    const seen = this.#is("sees-causes-only") ? closure(causes) : this.#seenFrom(node);
    const level = this.#levelAbove(this.#is("level-from-causes") ? causes : seen);
    return arrivals.map((arrival, ordinal) => this.#task(arrival, ordinal, seen, level, ""));
  }

  /** R4. */
  #seenFrom(node: number): Set<Commit> {
    const isSeen = (commit: Commit): boolean => {
      if (this.#is("sees-everything")) return true;
      if (this.#is("answer-seen-by-everybody") && commit.hasWaited) return true;
      if (commit.node < 0) return !this.#is("outside-write-unseen");
      if (commit.node === node || this.#loops.reaches(commit.node, node)) return true;
      return !this.#is("earlier-turns-unseen") && this.#isOfEarlierTurn(commit, node);
    };
    return new Set(this.#committed.filter(isSeen));
  }

  #isOfEarlierTurn(commit: Commit, node: number): boolean {
    return this.#loops.around(node).some((loop) => {
      return loop.members.has(commit.node) && (commit.turns.get(loop) ?? 0) < (this.#turn.get(loop) ?? 0);
    });
  }

  #task(arrival: Arrival, ordinal: number, seen: ReadonlySet<Commit>, level: number, from: string): Commit {
    const { node } = arrival;
    const turns = new Map(this.#loops.around(node).map((loop) => [loop, this.#turn.get(loop) ?? 0]));
    const id = `${level}.${node}.${ordinal}${from}`;
    const each = this.#isEach(node);
    return { ...MADE_READY, id, node, level, ordinal, arrival, each, seen, turns, born: this.#committed.length };
  }

  /** R2, R3. */
  #isReady(node: number): boolean {
    if (this.#flights.some((task) => this.#holdsBack(task) && this.#blocks(task.node, node, true))) return false;
    return !this.#pendingNodes().some((other) => this.#blocks(other, node, false));
  }

  #holdsBack({ state }: Commit): boolean {
    if (state === "waiting") return !this.#is("wait-is-not-in-flight");
    return state !== "failed" || !this.#is("failed-is-not-in-flight");
  }

  #blocks(other: number, node: number, inFlight: boolean): boolean {
    if (!inFlight && (other === node || this.#is("pending-upstream-ignored"))) return false;
    if (inFlight && other === node) return !this.#is("node-does-not-block-itself");
    const headOf = this.#loops.headOf(node);
    const nextTurnOf = inFlight ? undefined : this.#loops.headOf(other);
    // A pending head belongs to the next turn: it holds nothing back in its loop.
    if (nextTurnOf?.members.has(node) === true) return false;
    if (headOf?.members.has(other) === true && !this.#is("head-ignores-its-loop")) return true;
    return this.#loops.reaches(other, node);
  }

  #start(made: readonly Commit[], resumed: readonly Commit[]): Step {
    const failed: Commit[] = [];
    for (const task of [...resumed, ...made]) {
      this.#tasks += 1;
      this.#highestLevel = Math.max(this.#highestLevel, task.level);
      const isBeyond = (this.#is("step-limit-counts-tasks") ? this.#tasks - 1 : task.level) >= this.#steps;
      task.state = isBeyond ? "failed" : "ready";
      (isBeyond ? failed : this.#queue).push(task);
    }
    const holders = this.#flights.filter(({ state, hasWaited }) => {
      return state === "running" || (state === "waiting" && hasWaited && this.#is("waiting-holds-a-slot"));
    });
    const start = this.#queue.splice(0, Math.max(0, this.#options.concurrency - holders.length));
    for (const task of start) {
      task.state = "running";
      if (this.#is("view-taken-at-start") && !task.each) task.seen = this.#seenFrom(task.node);
    }
    const ready = made.filter((task) => !failed.includes(task)).map(this.#toTask);
    const error = { code: "step_limit", message: "", retryable: false } as const;
    const failures = failed.map((task) => ({ task: this.#toTask(task), error }));
    return { ready, start: start.map(this.#toTask), failed: failures, rest: this.#rest() };
  }

  #rest(): Rest {
    if (this.#cancelled) return { kind: "cancelled" };
    if (this.#flights.some(({ state }) => state === "ready" || state === "running")) return { kind: "running" };
    const ids = (state: string): string[] =>
      this.inFlight().flatMap((flight) => (flight.state === state ? flight.task.id : []));
    if (this.#flights.length > 0) return { kind: "paused", waiting: ids("waiting"), failed: ids("failed") };
    if (this.#pending.length > 0) throw new Error("The run has stalled.");
    return { kind: "done" };
  }

  #fold(channel: string, seen: ReadonlySet<Commit>, reader?: number): Json | undefined {
    const order = this.#is("fold-in-order-of-arrival") ? [...seen] : [...seen].sort(compareCommits);
    const declared = this.#structure.channels.find(({ name }) => name === channel);
    const input = this.#input.flatMap((write) => (write.channel === channel ? [write.value] : []));
    const byLevel = this.#is("conflict-by-level");
    return naiveFold(channel, declared, this.#base.get(channel), input, order, reader, byLevel);
  }

  readonly #toTask = ({ id, node, level, ordinal, arrival, seen }: Commit): Task => {
    const view = { read: (channel: string) => this.#fold(channel, seen, node) };
    return { id, node, level, ordinal, view, ...arrival.send };
  };

  #levelAbove(seen: ReadonlySet<Commit>): number {
    if (this.#is("level-by-turn-of-events")) return this.#committed.length;
    return 1 + Math.max(-1, ...[...seen].map(({ level }) => level));
  }

  #isEach(node: number): boolean {
    return this.#structure.each.has(node) && this.#loops.headOf(node) === undefined;
  }

  #pendingNodes(): number[] {
    return [...new Set(this.#pending.map(({ node }) => node))].sort((one, other) => one - other);
  }

  #find(id: string): Commit {
    const flight = this.#flights.find((task) => task.id === id);
    if (flight === undefined) throw new TypeError(`There is no task ${id}.`);
    return flight;
  }

  #is(mutation: Mutation): boolean {
    return this.#mutation === mutation;
  }
}
