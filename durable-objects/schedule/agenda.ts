import type { Json } from "../../src/base/json.ts";
import { AlarmClock } from "../alarm-clock.ts";
import type { Due, DueKind } from "./due.ts";
import type { SchedulerStore } from "./store.ts";

/** What came of trying something that was due. */
export type Outcome =
  /** It is over; `write` joins the transaction in which its row goes. */
  | { readonly kind: "done"; readonly write?: () => void }
  | { readonly kind: "again"; readonly at: number; readonly attempts: number; readonly body: Json };

export interface AgendaWorld {
  now(): number;
  /** Told when something is due next; `null`: never. @throws when the index does not take it */
  tell(tenant: string, name: string, at: number | null): Promise<void>;
  readonly handlers: Readonly<Record<DueKind, (due: Due) => Promise<Outcome>>>;
}

/** While something is under way the alarm is no further away than this: so soon it goes on after a crash. */
const LEASE_MS = 5_000;
/** What failed without a word is tried again after this. */
const STUMBLED_MS = 60_000;
/** The index is told after this, so that it hears nothing of what is done at once. */
const TELL_AFTER_MS = 1_000;
/** At once. The platform lets six calls to other hosts wait for an answer at a time. */
const LANES: Readonly<Record<DueKind, number>> = { start: 16, post: 6 };

/** Performs what is due, and holds the object's one alarm to it. Memory decides nothing: a row stays until its work is done. */
export class Agenda {
  readonly #context: DurableObjectState;
  readonly #store: SchedulerStore;
  readonly #world: AgendaWorld;
  readonly #clock: AlarmClock;
  readonly #underWay = new Map<string, { readonly due: Due; readonly done: Promise<void> }>();
  #isTelling = false;

  constructor(context: DurableObjectState, store: SchedulerStore, world: AgendaWorld) {
    this.#context = context;
    this.#store = store;
    this.#world = world;
    this.#clock = new AlarmClock(context.storage);
  }

  /** To be called when the object wakes. */
  async restore(): Promise<void> {
    await this.#clock.read(this.#world.now());
    this.#context.storage.transactionSync(() => this.arm());
  }

  /** The alarm has gone off. */
  fired(): void {
    this.#clock.fired();
  }

  /** Sets the alarm to what is due next. Joins the transaction of what changed that. */
  arm(): void {
    const now = this.#world.now();
    const next = this.#store.next();
    const times = next === undefined ? [] : [next];
    if (this.#underWay.size > 0 || (next !== undefined && next <= now)) times.push(now + LEASE_MS);
    if (this.#isUntold(next)) times.push(now + LEASE_MS);
    // What is due already is begun by whoever calls; a crash before that is what the lease is for.
    if (times.length > 0) this.#clock.set(Math.max(Math.min(...times), now + 1), now);
  }

  #isUntold(next: number | undefined): boolean {
    const { record } = this.#store;
    return record !== undefined && record.told !== (next ?? 0);
  }

  /** Begins what is due, as much as may go on at once; the rest follows as that ends. */
  perform(): void {
    for (const due of this.#store.due.upTo(this.#world.now(), LANES.start + this.#underWay.size)) {
      if (this.#underWay.size >= LANES[due.kind]) break;
      const id = idOf(due);
      if (this.#underWay.has(id)) continue;
      const done = this.#do(due).finally(() => {
        this.#underWay.delete(id);
        this.perform();
        this.#context.storage.transactionSync(() => this.arm());
        this.#tellSoon();
      });
      this.#underWay.set(id, { due, done });
      this.#context.waitUntil(done);
    }
    this.#tellSoon();
  }

  /** When nothing of this thing is under way any more. */
  async settled(kind: DueKind, name: string): Promise<void> {
    const mine = [...this.#underWay.values()].filter(({ due }) => due.kind === kind && due.key.startsWith(`${name}/`));
    await Promise.all(mine.map(({ done }) => done));
  }

  async #do(due: Due): Promise<void> {
    let outcome: Outcome;
    try {
      outcome = await this.#world.handlers[due.kind](due);
    } catch (thrown) {
      console.error(`Something that was due (${due.kind}) failed and will be tried again: ${String(thrown)}`);
      outcome = { ...due, kind: "again", at: this.#world.now() + STUMBLED_MS };
    }
    this.#context.storage.transactionSync(() => {
      // Taken back while it was under way: then it is nobody's business what came of it.
      if (this.#store.due.find(due) === undefined) return;
      if (outcome.kind === "again") this.#store.due.again(due, outcome.at, outcome.attempts, outcome.body);
      else {
        this.#store.due.remove(due);
        outcome.write?.();
      }
      this.arm();
    });
  }

  /** The index is told once of what changed within a second. */
  #tellSoon(): void {
    if (this.#isTelling || !this.#isUntold(this.#store.next())) return;
    this.#isTelling = true;
    const told = scheduler
      .wait(TELL_AFTER_MS)
      .then(() => this.tell())
      .catch((thrown: unknown) => {
        console.warn(`The index did not hear when a scheduler is due and will be told again: ${String(thrown)}`);
      })
      .finally(() => {
        this.#isTelling = false;
      });
    this.#context.waitUntil(told);
  }

  /** @throws when the index does not take it: the alarm comes back to that */
  async tell(): Promise<void> {
    const { record } = this.#store;
    const next = this.#store.next();
    if (record === undefined || !this.#isUntold(next)) return;
    await this.#world.tell(record.tenant, record.name, next ?? null);
    this.#context.storage.transactionSync(() => {
      this.#store.tell(next ?? 0);
      this.arm();
    });
  }
}

function idOf({ kind, key }: Due): string {
  return `${kind} ${key}`;
}
