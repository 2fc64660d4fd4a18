import type { Env } from "../../src/config.ts";
import type { NodeKinds } from "../../src/nodes/registry.ts";
import type { Thread } from "../../durable-objects/thread.ts";
import { Alarm } from "./alarm.ts";
import { Disk, storageOn } from "./disk.ts";
import type { Faults } from "./faults.ts";
import { NOBODY, type Party, type Timeline } from "./timeline.ts";

/** The platform puts an object to sleep that has nothing to do. */
const EVICTED_AFTER_MS = 15_000;

/** The call's object died; whether it took effect is unknown. */
export class Reset extends Error {
  readonly durableObjectReset = true;
}

type ThreadClass = new (context: DurableObjectState, env: Env, kinds: NodeKinds) => Thread;

export interface ObjectWorld {
  readonly timeline: Timeline;
  readonly faults: Faults;
  readonly env: Env;
  readonly kinds: NodeKinds;
  readonly Thread: ThreadClass;
  /** Something that must never happen. */
  found(fault: string): void;
  latency(): number;
}

/** One life of an object: ends with a crash, and nothing of it reaches anything afterwards. */
class Life implements Party {
  readonly name: string;
  isAlive = true;
  doom: string | undefined;
  lastTurn = 0;
  #thread: Thread | undefined;
  ready: Promise<unknown> = Promise.resolve();
  readonly #object: SimObject;
  /** The output gate: held back until the turn's transaction is on disk. */
  #outgoing: (() => void)[] = [];
  readonly #lost = new Set<() => void>();

  constructor(object: SimObject, number: number) {
    this.name = `${object.name}#${number}`;
    this.#object = object;
  }

  begin(): void {
    const { Thread: ThreadOf, env, kinds } = this.#object.world;
    this.#thread = new ThreadOf(this.#context(), env, kinds);
  }

  get thread(): Thread {
    if (this.#thread === undefined) throw new Error("This life has not begun.");
    return this.#thread;
  }

  #context(): DurableObjectState {
    const context = {
      storage: storageOn(this.#object.disk, () => this.isAlive),
      waitUntil: (work: Promise<unknown>) => void work.catch(() => undefined),
      blockConcurrencyWhile: (work: () => Promise<unknown>) => {
        this.ready = work();
        this.ready.catch((thrown: unknown) => (this.doom ??= `could not restore: ${String(thrown)}`));
        return this.ready;
      },
      abort: (why?: string) => {
        this.doom ??= why ?? "aborted";
      },
    };
    return context as unknown as DurableObjectState;
  }

  /** Leaves the object when all that was written before is on disk. */
  send(out: () => void): void {
    if (this.isAlive) this.#outgoing.push(out);
  }

  /** Hears of this life's end; the answer takes the ear away. */
  onLoss(lost: () => void): () => void {
    this.#lost.add(lost);
    return () => this.#lost.delete(lost);
  }

  turnOver(): boolean {
    if (!this.isAlive) return false;
    const { disk, world } = this.#object;
    this.lastTurn = world.timeline.now;
    if (this.doom !== undefined) return this.#object.gaveUp(this.doom);
    if (disk.isDirty) {
      if (world.faults.strikes("crash-before-commit")) return this.#object.crash();
      disk.commit();
      this.#object.committed();
      if (world.faults.strikes("crash-after-commit")) return this.#object.crash();
    }
    const outgoing = this.#outgoing;
    this.#outgoing = [];
    for (const out of outgoing) out();
    return outgoing.length > 0;
  }

  end(): void {
    this.isAlive = false;
    this.#outgoing = [];
    for (const lost of this.#lost) lost();
  }
}

/** A Durable Object: its disk, its alarm, and the life it is in, if any. */
export class SimObject {
  readonly name: string;
  readonly world: ObjectWorld;
  readonly disk = new Disk();
  readonly alarm: Alarm;
  lives = 0;
  #life: Life | undefined;
  /** Called after each durable transaction. */
  onCommit: () => void = () => undefined;

  constructor(name: string, world: ObjectWorld) {
    this.name = name;
    this.world = world;
    this.alarm = new Alarm(this);
    this.disk.beforeRelease = () => {
      if (!world.faults.strikes("disk-error")) return;
      this.#isDiskBroken = true;
      throw new Error("disk I/O error");
    };
  }

  #isDiskBroken = false;

  get life(): Life | undefined {
    return this.#life;
  }

  /** Whoever comes first wakes it. To be called in a turn of the object. */
  wake(): Life {
    // Since then nothing of it has moved: it was put to sleep, and has lost nothing but its memory.
    if (this.#life !== undefined && this.world.timeline.now - this.#life.lastTurn > EVICTED_AFTER_MS) this.crash();
    if (this.#life === undefined) {
      const life = new Life(this, (this.lives += 1));
      this.#life = life;
      // Only now, in its own name: what it sets a timer for is to die with it.
      this.world.timeline.become(life);
      life.begin();
    } else this.world.timeline.become(this.#life);
    return this.#life;
  }

  /** A call from outside: there, the answer and back; rejects with {@link Reset} when the life that had it ends. */
  call<T>(from: Party, work: (thread: Thread) => Promise<T>): Promise<T> {
    const { timeline, faults } = this.world;
    return new Promise<T>((resolve, reject) => {
      timeline.after(this.world.latency(), NOBODY, () => {
        const life = this.wake();
        const lost = (): void => void timeline.after(this.world.latency(), from, () => reject(new Reset("reset")));
        const answered = life.onLoss(lost);
        const reply = (settle: () => void): void =>
          life.send(() => {
            answered();
            if (faults.strikes("reply-lost")) return lost();
            timeline.after(this.world.latency(), from, settle);
          });
        this.#inLife(life, () => work(life.thread)).then(
          (value) => reply(() => resolve(value)),
          (thrown: unknown) => reply(() => reject(thrown)),
        );
      });
    });
  }

  /** Code of the object runs in its own name, so that its timers die with it. */
  async #inLife<T>(life: Life, work: () => Promise<T>): Promise<T> {
    await life.ready;
    return work();
  }

  /** True: those who waited for it may hear of its end at once. */
  crash(): boolean {
    const life = this.#life;
    this.disk.rollback();
    this.#life = undefined;
    life?.end();
    this.alarm.follow();
    return true;
  }

  gaveUp(why: string): boolean {
    if (!this.#isDiskBroken) this.world.found(`the object gave itself up: ${why.slice(0, 300)}`);
    this.#isDiskBroken = false;
    return this.crash();
  }

  committed(): void {
    this.alarm.follow();
    this.onCommit();
  }
}
