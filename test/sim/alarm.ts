import type { SimObject } from "./object.ts";
import type { Cancel, Party } from "./timeline.ts";

/** The platform tries an alarm again after this, doubled each time, and gives it up after seven failures. */
const RETRY_MS = 2_000;
const MOST_FAILURES = 7;
const LATEST_MS = 90_000;

const PLATFORM: Party = { name: "alarms", isAlive: true };

/** An object's one alarm, as the platform keeps it: late, twice, early, tried again when its handler throws, and at last given up. */
export class Alarm {
  readonly #object: SimObject;
  #planned: number | null = null;
  #cancel: Cancel | undefined;
  isHandling = false;
  #failures = 0;

  constructor(object: SimObject) {
    this.#object = object;
  }

  /** The object's transaction is on disk: the alarm is what it says. */
  follow(): void {
    if (this.#object.disk.alarm !== this.#planned) this.plan();
  }

  /** Sets out anew, as after a jump of the clock. */
  plan(): void {
    const { disk, world } = this.#object;
    this.#cancel?.();
    this.#cancel = undefined;
    this.#planned = disk.alarm;
    if (disk.alarm === null || this.isHandling) return;
    const late = world.faults.strikes("alarm-late") ? world.faults.below(LATEST_MS) : 0;
    this.#cancel = world.timeline.after(disk.alarm - world.timeline.wall + late, PLATFORM, () => this.#fire());
  }

  /** The platform thinks that it is time: it is not. */
  fireEarly(): void {
    if (!this.isHandling) void this.#object.call(PLATFORM, (thread) => thread.alarm()).catch(() => undefined);
  }

  #fire(): void {
    const { disk, world } = this.#object;
    if (disk.alarm === null || this.isHandling) return;
    if (world.timeline.wall < disk.alarm) return this.plan();
    this.#set(null);
    // As after seven throws before the handler came to setting it again: nobody says a word.
    if (world.faults.strikes("alarm-dead")) return;
    this.isHandling = true;
    this.#handle().then(
      () => this.#handled(),
      (thrown: unknown) => this.#failed(thrown),
    );
  }

  async #handle(): Promise<void> {
    await this.#object.call(PLATFORM, (thread) => thread.alarm());
    if (this.#object.world.faults.strikes("alarm-twice")) await this.#object.call(PLATFORM, (thread) => thread.alarm());
  }

  #handled(): void {
    this.isHandling = false;
    this.#failures = 0;
    this.plan();
  }

  #failed(thrown: unknown): void {
    this.isHandling = false;
    const died = thrown instanceof Error && "durableObjectReset" in thrown;
    if (!died) {
      this.#failures += 1;
      this.#object.world.found(`the alarm's handler threw: ${String(thrown)}`);
    }
    if (this.#failures >= MOST_FAILURES) return;
    const { wall } = this.#object.world.timeline;
    if (this.#object.disk.alarm === null) this.#set(wall + RETRY_MS * 2 ** this.#failures);
    this.plan();
  }

  /** By the platform, not by the object: in no transaction of it. */
  #set(at: number | null): void {
    this.#object.disk.setAlarm(at);
    this.#planned = at;
  }
}
