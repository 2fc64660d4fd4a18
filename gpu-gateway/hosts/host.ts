import { Pool } from "undici";
import { Breaker } from "../../src/models/breaker.ts";
import type { GatewayConfig, HostConfig } from "../config.ts";
import type { Candidate } from "../routing/choose.ts";
import { PeakEwma } from "../routing/peak-ewma.ts";

/** A model in a host's memory, or on its way there. */
interface Resident {
  state: "resident" | "loading";
  /** Requests of ours that it has for this model. */
  outstanding: number;
  /** When one of them ended last, or it was loaded. */
  usedAt: number;
}

/** Where nothing is known of a model's load yet. */
const USUAL_LOAD_MS = 20_000;

/** One upstream: its connections, and what is known of it. Counters go up with a {@link Place} and down with its end, once. */
export class Host {
  readonly config: HostConfig;
  readonly pool: Pool;
  readonly breaker = new Breaker();
  readonly firstByte = new PeakEwma();
  /** What it said that it offers; undefined before it was asked, or where the file says it. */
  offered: ReadonlySet<string> | undefined;
  isDraining = false;
  readonly #origin: URL;
  readonly #residents = new Map<string, Resident>();
  readonly #loadMs = new Map<string, number>();
  readonly #configured: ReadonlySet<string> | undefined;
  #outstanding = 0;

  constructor(config: HostConfig, timeouts: GatewayConfig["timeouts"]) {
    this.config = config;
    this.#origin = new URL(config.url);
    this.#configured = config.models === undefined ? undefined : new Set(config.models);
    this.pool = new Pool(this.#origin.origin, {
      connections: Math.max(8, 2 * config.slots),
      pipelining: 1,
      connect: { timeout: timeouts.connect },
      headersTimeout: timeouts.first_byte,
      bodyTimeout: timeouts.idle,
      keepAliveTimeout: 30_000,
    });
  }

  get name(): string {
    return this.config.name;
  }

  get outstanding(): number {
    return this.#outstanding;
  }

  /** Of what it serves, where its URL has a path. */
  path(path: string): string {
    return `${this.#origin.pathname.replace(/\/$/, "")}${path}`;
  }

  get models(): ReadonlySet<string> {
    return this.#configured ?? this.offered ?? NONE;
  }

  /** Whether it offers a model. */
  has(model: string): boolean {
    return this.models.has(model);
  }

  /** Ollama loads on demand; the others have all that they offer. */
  get loadsOnDemand(): boolean {
    return this.config.kind === "ollama";
  }

  /** What it says is in its memory; loads of ours that are under way stay so. */
  saw(residents: Iterable<string>): void {
    const seen = new Set(residents);
    for (const [model, { state, outstanding }] of this.#residents)
      if (state === "resident" && outstanding === 0 && !seen.has(model)) this.#residents.delete(model);
    for (const model of seen) this.#resident(model).state = "resident";
  }

  loading(model: string): void {
    this.#resident(model).state = "loading";
  }

  loaded(model: string, tookMs: number, now: number): void {
    const resident = this.#resident(model);
    resident.state = "resident";
    resident.usedAt = now;
    this.#loadMs.set(model, tookMs);
    // What did not fit beside it is gone; the next look at the host says the rest.
    while (this.#residents.size > this.config.holds) {
      const idle = [...this.#residents].filter(
        ([other, { state, outstanding }]) => other !== model && state === "resident" && outstanding === 0,
      );
      const [oldest] = idle.toSorted(([, one], [, another]) => one.usedAt - another.usedAt);
      if (oldest === undefined) break;
      this.#residents.delete(oldest[0]);
    }
  }

  notLoaded(model: string): void {
    this.#residents.delete(model);
  }

  begins(model: string): void {
    this.#outstanding += 1;
    this.#resident(model).outstanding += 1;
  }

  ends(model: string, now: number): void {
    this.#outstanding -= 1;
    const resident = this.#resident(model);
    resident.outstanding -= 1;
    resident.usedAt = now;
  }

  /** What a load of the model would put out: an Ollama gives up what was not used for longest. */
  evictedBy(model: string): string | undefined {
    if (!this.loadsOnDemand || this.#residents.has(model) || this.#residents.size < this.config.holds) return undefined;
    const idle = [...this.#residents].filter(([, { state, outstanding }]) => state === "resident" && outstanding === 0);
    return idle.toSorted(([, one], [, other]) => one.usedAt - other.usedAt)[0]?.[0];
  }

  /** Milliseconds that a load of the model takes here. */
  loadMsOf(model: string): number {
    return this.#loadMs.get(model) ?? USUAL_LOAD_MS;
  }

  residencyOf(model: string): Candidate["residency"] {
    if (!this.loadsOnDemand) return "resident";
    return this.#residents.get(model)?.state ?? "cold";
  }

  /** Models in its memory, or on their way there. */
  residents(): readonly { readonly model: string; readonly state: Resident["state"]; readonly outstanding: number }[] {
    return [...this.#residents].map(([model, { state, outstanding }]) => ({ model, state, outstanding }));
  }

  /** @param evictedDemand see {@link Candidate.evictedDemand} */
  candidate(model: string, now: number, evictedDemand = 0): Candidate {
    const { name, slots, weight, spill_over: isSpillOver } = this.config;
    const mayTry = this.breaker.mayTry(now);
    return {
      name,
      isUp: mayTry && !this.isDraining,
      ...(this.isDraining
        ? { why: "it is being drained" }
        : mayTry
          ? {}
          : { why: `it failed and is left alone for ${Math.ceil(this.breaker.closedFor(now))} ms` }),
      residency: this.residencyOf(model),
      outstanding: this.#outstanding,
      slots,
      firstByteMs: this.firstByte.value(now),
      weight,
      loadMs: this.loadMsOf(model),
      evictsBusy: this.#evictsBusy(model),
      evictedDemand,
      isSpillOver,
      costUsd: 0,
    };
  }

  close(): Promise<void> {
    return this.pool.close();
  }

  #evictsBusy(model: string): boolean {
    if (!this.loadsOnDemand || this.#residents.has(model)) return false;
    const busy = [...this.#residents.values()].filter(
      ({ state, outstanding }) => state === "loading" || outstanding > 0,
    );
    return busy.length >= this.config.holds;
  }

  #resident(model: string): Resident {
    const known = this.#residents.get(model);
    if (known !== undefined) return known;
    const resident: Resident = { state: "resident", outstanding: 0, usedAt: 0 };
    this.#residents.set(model, resident);
    return resident;
  }
}

const NONE: ReadonlySet<string> = new Set();
