import type { GatewayConfig } from "./config.ts";
import type { Host } from "./hosts/host.ts";
import { Problem } from "./problem.ts";
import { FairQueue, type Waiting } from "./queue/fair-queue.ts";
import { type Choice, choose, rankOf } from "./routing/choose.ts";

/** What asks for a place on a host. */
export interface Ask {
  /** As hosts call it. */
  readonly model: string;
  /** Whose it is, and its part. */
  readonly tenant: string;
  readonly weight: number;
  /** How its prompt begins: requests that begin alike go to one host, as long as that has no more than its share. */
  readonly prefix: string | undefined;
  /** Whether a host understands it. */
  readonly fits: (host: Host) => boolean;
  /** Hosts that failed for it already. */
  readonly without: ReadonlySet<string>;
}

/** A place on a host; whoever has one gives it back, once. */
export interface Place {
  readonly host: Host;
  readonly why: string;
  /** Milliseconds that it was waited for. */
  readonly waitedMs: number;
  release(): void;
}

interface Waiter {
  readonly ask: Ask;
  readonly admitted: (place: Place) => void;
  readonly refused: (problem: Problem) => void;
}

/** What is waited for by requests for one model. */
interface Line {
  readonly queue: FairQueue<Waiter>;
  /** Mean time that an answer takes, milliseconds. */
  serviceMs: number;
  /** Requests of late: each counts one, and fades. */
  demand: number;
  demandAt: number;
}

export interface AdmissionOptions {
  readonly hosts: () => readonly Host[];
  readonly queue: GatewayConfig["queue"];
  /** Loads a model; resolves when it is there. */
  readonly load: (host: Host, model: string) => Promise<void>;
  readonly now: () => number;
}

const FIRST_SERVICE_MS = 1_000;
/** Loads after which a request counts for a third. */
const DEMAND_LOADS = 10;

/**
 * Who gets a place on which host, and who waits: one bounded, fair line for each model. A place is free when its holder gives it
 * back; the next is let in then, so nothing polls.
 */
export class Admission {
  readonly #options: AdmissionOptions;
  readonly #lines = new Map<string, Line>();

  constructor(options: AdmissionOptions) {
    this.#options = options;
  }

  /** Requests that wait, by model. */
  waiting(): readonly { readonly model: string; readonly count: number }[] {
    return [...this.#lines].map(([model, { queue }]) => ({ model, count: queue.size }));
  }

  /**
   * A place at once where there is one, which is what happens when nothing is crowded; else a promise of one. `leave` gives the
   * turn up, or the place if it was given meanwhile.
   * @throws Problem (also by the promise) `model_not_found`, `no_host`, `queue_full`, `wait_too_long`
   */
  admit(ask: Ask): { readonly place: Place | Promise<Place>; readonly leave: () => void } {
    const { queue: limits, now } = this.#options;
    const line = this.#line(ask.model);
    const begun = now();
    line.demand = this.#demandOf(ask.model) + 1;
    line.demandAt = begun;
    const choice = this.explain(ask);
    if (choice.kind === "none") throw this.#none(ask, choice.why);
    // Whoever waits has its turn before who comes now.
    if (choice.kind === "host" && !choice.loads && line.queue.size === 0)
      return { place: this.#take(ask, choice, begun), leave: nothing };
    const expected = this.expectedWait(ask);
    if (expected > limits.patience)
      throw new Problem(
        "wait_too_long",
        `A place for "${ask.model}" is expected in ${Math.ceil(expected / 1_000)} s; at most ${limits.patience / 1_000} s are waited.`,
        expected,
      );
    let entry: Waiting<Waiter> | undefined;
    let given: Place | undefined;
    const place = new Promise<Place>((resolve, reject) => {
      const admitted = (one: Place): void => resolve((given = one));
      const request = { flow: ask.tenant, weight: ask.weight, cost: 1, deadline: begun + limits.patience };
      const joined = line.queue.join({ ask, admitted, refused: reject }, request, begun);
      if (joined.kind === "full") return reject(this.#full(ask, expected));
      joined.dropped?.item.refused(this.#full(joined.dropped.item.ask, expected));
      entry = joined.entry;
    });
    this.#pump(ask.model);
    const leave = (): void => {
      if (entry !== undefined && !line.queue.leave(entry)) given?.release();
    };
    return { place, leave };
  }

  /** A model as hosts call it: Ollama's names end in `:latest` where nothing else is said. */
  canonical(model: string): string {
    const hosts = this.#options.hosts();
    const isKnown = (name: string) => hosts.some((host) => host.has(name));
    return !isKnown(model) && isKnown(`${model}:latest`) ? `${model}:latest` : model;
  }

  /** Where a request would go now, and why. */
  explain(ask: Ask, waitedMs = 0): Choice {
    const { hosts, now, queue } = this.#options;
    const able = hosts().filter((host) => host.has(ask.model) && ask.fits(host) && !ask.without.has(host.name));
    const candidates = able.map((host) => host.candidate(ask.model, now(), this.#evictedDemand(host, ask.model)));
    const { prefix } = ask;
    const affinity = prefix === undefined ? undefined : (host: string) => rankOf(prefix, host);
    return choose(candidates, {
      affinity,
      waitedMs,
      patienceMs: queue.patience,
      expectedWaitMs: this.expectedWait(ask),
    });
  }

  /** How much a model is asked for. What was asked long ago, beside what a load takes, does not count. */
  #demandOf(model: string): number {
    const line = this.#lines.get(model);
    if (line === undefined) return 0;
    const [host] = this.#options.hosts().filter((each) => each.has(model) && each.loadsOnDemand);
    const fadesIn = DEMAND_LOADS * (host?.loadMsOf(model) ?? 1_000);
    return line.demand * Math.exp(-(this.#options.now() - line.demandAt) / fadesIn);
  }

  #evictedDemand(host: Host, model: string): number {
    const evicted = host.evictedBy(model);
    return evicted === undefined ? 0 : this.#demandOf(evicted) / Math.max(0.1, this.#demandOf(model));
  }

  /** Milliseconds until a request that came now would have a place; 0 where one is free. */
  expectedWait(ask: Pick<Ask, "model" | "tenant">): number {
    const line = this.#lines.get(ask.model);
    const able = this.#options
      .hosts()
      .filter((host) => host.has(ask.model) && !host.isDraining && !host.config.spill_over);
    const slots = able.reduce((sum, { config }) => sum + config.slots, 0);
    const taken = able.reduce((sum, { outstanding }) => sum + outstanding, 0);
    if (line === undefined || taken < slots || slots === 0) return 0;
    const before = line.queue.ahead(ask.tenant) + 1;
    return Math.ceil((before * line.serviceMs) / slots);
  }

  /** Something changed that may let somebody in: a host that came back, a model that was loaded. */
  changed(): void {
    for (const model of this.#lines.keys()) this.#pump(model);
  }

  /** Refuses whoever has waited too long, and lets in who need not wait for others any more; to be called some times a second. */
  expire(): void {
    const { now, queue: limits } = this.#options;
    for (const [model, line] of this.#lines) {
      for (const { item } of line.queue.expired(now())) {
        const text = `No place for "${model}" came free within ${limits.patience / 1_000} s.`;
        item.refused(new Problem("wait_too_long", text, this.expectedWait(item.ask)));
      }
      this.#pump(model);
      // Models that nobody asks for any more are forgotten: their number is the clients' choice.
      if (line.queue.size === 0 && this.#lines.size > 1_000) this.#lines.delete(model);
    }
  }

  /** Refuses all that wait. */
  refuseAll(problem: Problem): void {
    for (const { queue } of this.#lines.values())
      for (let entry = queue.take(); entry !== undefined; entry = queue.take()) entry.item.refused(problem);
  }

  #line(model: string): Line {
    const known = this.#lines.get(model);
    if (known !== undefined) return known;
    const line = {
      queue: new FairQueue<Waiter>(this.#options.queue.most),
      serviceMs: FIRST_SERVICE_MS,
      demand: 0,
      demandAt: 0,
    };
    this.#lines.set(model, line);
    return line;
  }

  #take(ask: Ask, { name, why }: Extract<Choice, { kind: "host" }>, since: number): Place {
    const { hosts, now } = this.#options;
    const host = hosts().find((each) => each.name === name);
    if (host === undefined) throw new TypeError(`There is no host ${name}.`);
    const begun = now();
    host.breaker.tries(begun);
    host.begins(ask.model);
    let isGivenBack = false;
    const release = (): void => {
      if (isGivenBack) return;
      isGivenBack = true;
      host.ends(ask.model, now());
      const line = this.#line(ask.model);
      line.serviceMs += 0.1 * (now() - begun - line.serviceMs);
      this.changed();
    };
    return { host, why, waitedMs: begun - since, release };
  }

  /** Lets in who can be let in. */
  #pump(model: string): void {
    const line = this.#lines.get(model);
    const { now } = this.#options;
    while (line !== undefined && line.queue.size > 0) {
      let found: Extract<Choice, { kind: "host" }> | undefined;
      const entry = line.queue.take(({ ask }, since) => {
        const choice = this.explain(ask, now() - since);
        if (choice.kind !== "host") return false;
        if (choice.loads) this.#load(choice.name, model);
        else found = choice;
        return !choice.loads;
      });
      if (entry === undefined || found === undefined) return;
      entry.item.admitted(this.#take(entry.item.ask, found, entry.since));
    }
  }

  /** A load is the gateway's own request: no client that leaves ends it. */
  #load(name: string, model: string): void {
    const { hosts, load, now } = this.#options;
    const host = hosts().find((each) => each.name === name);
    if (host === undefined || host.residencyOf(model) !== "cold") return;
    const begun = now();
    host.loading(model);
    load(host, model).then(
      () => {
        host.loaded(model, now() - begun, now());
        this.changed();
      },
      (thrown: unknown) => {
        host.notLoaded(model);
        host.breaker.failed(now());
        const why = thrown instanceof Error ? thrown.message : String(thrown);
        this.#loadFailed(model, `"${model}" could not be loaded on ${name}: ${why}`);
        this.changed();
      },
    );
  }

  #loadFailed(model: string, text: string): void {
    const line = this.#lines.get(model);
    const isElsewhere = [...(line?.queue.entries() ?? [])].some(({ item }) => this.explain(item.ask).kind === "host");
    if (line === undefined || isElsewhere) return;
    for (let entry = line.queue.take(); entry !== undefined; entry = line.queue.take())
      entry.item.refused(new Problem("load_failed", text, 5_000));
  }

  #full({ model }: Ask, expectedMs: number): Problem {
    const most = this.#options.queue.most;
    return new Problem("queue_full", `${most} requests for "${model}" wait already.`, expectedMs);
  }

  #none({ model, without }: Ask, why: string): Problem {
    const known = this.#options.hosts().flatMap((host) => [...host.models]);
    if (known.includes(model) || without.size > 0)
      return new Problem("no_host", `No host can answer for "${model}" now: ${why}.`, 1_000);
    const near = nearest(model, known);
    const hint = near.length === 0 ? "No host offers any model." : `There are ${near.join(", ")}.`;
    return new Problem("model_not_found", `There is no model "${model.slice(0, 100)}". ${hint}`);
  }
}

function nothing(): void {
  // It has its place already; that is given back where it ends.
}

/** Names that somebody may have meant: those that share most pairs of letters with it. */
function nearest(name: string, known: readonly string[]): string[] {
  const pairs = (text: string) =>
    new Set(Array.from({ length: Math.max(0, text.length - 1) }, (_, at) => text.slice(at, at + 2)));
  const own = pairs(name.toLowerCase());
  const scored = [...new Set(known)].map((each) => {
    const others = pairs(each.toLowerCase());
    return { each, score: [...own].filter((pair) => others.has(pair)).length / Math.max(1, own.size + others.size) };
  });
  return scored
    .toSorted((one, other) => other.score - one.score || (one.each < other.each ? -1 : 1))
    .slice(0, 5)
    .map(({ each }) => each);
}
