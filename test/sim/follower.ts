import type { Reply } from "../../src/base/errors.ts";
import type { Json } from "../../src/base/json.ts";
import type { Random } from "../../src/engine/testing/random.ts";
import type { StartRun, StreamMode } from "../../durable-objects/thread-api.ts";
import type { Faults } from "./faults.ts";
import { Reset, type SimObject } from "./object.ts";
import { openPipe, type Pipe } from "./pipe.ts";
import type { Party, Timeline } from "./timeline.ts";

export interface SeenFrame {
  readonly id: number;
  readonly event: string;
  readonly data: Json;
}

interface FollowWorld {
  readonly timeline: Timeline;
  readonly faults: Faults;
  found(fault: string): void;
}

/** A client that follows a run, leaves, and comes back with the last id it has seen. */
export class FollowedRun {
  readonly modes: readonly StreamMode[];
  /** In the order in which they came, over all connections. */
  readonly frames: SeenFrame[] = [];
  /** The stream was closed by the server, not lost. */
  isComplete = false;
  readonly #object: SimObject;
  readonly #party: Party;
  readonly #world: FollowWorld;
  readonly #command: StartRun;
  readonly #random: Random;
  #after = -1;
  #pipe: Pipe | undefined;

  constructor(
    object: SimObject,
    party: Party,
    world: FollowWorld,
    command: StartRun,
    modes: readonly StreamMode[],
    random: Random,
  ) {
    this.#object = object;
    this.#party = party;
    this.#world = world;
    this.#command = { ...command, streamMode: modes };
    this.modes = modes;
    this.#random = random;
  }

  /** Begins the run and follows it in one call; whoever loses the reply asks again. */
  async start(): Promise<void> {
    for (;;) {
      try {
        this.#pipe = await openPipe(this.#object, this.#party, async (thread) => {
          const reply = await thread.startAndFollow(this.#command, false);
          return reply.ok ? { ok: true, value: reply.value.frames } : reply;
        });
        return;
      } catch (thrown) {
        await this.#lost(thrown);
      }
    }
  }

  async readToEnd(): Promise<void> {
    for (;;) {
      try {
        this.#pipe ??= await this.#connect();
        if (await this.#read(this.#pipe)) return;
      } catch (thrown) {
        await this.#lost(thrown);
      }
      this.#pipe = undefined;
    }
  }

  #connect(): Promise<Pipe> {
    const query = { ...this.#command, modes: this.modes, after: this.#after, cancelOnDisconnect: false };
    return openPipe(this.#object, this.#party, (thread): Promise<Reply<ReadableStream<Uint8Array>>> => {
      return thread.followRun(query);
    });
  }

  /** True at the stream's end. */
  async #read(pipe: Pipe): Promise<boolean> {
    for (;;) {
      const text = await pipe.read();
      if (text === undefined) {
        this.isComplete = true;
        return true;
      }
      for (const frame of parse(text)) {
        if (frame.id <= this.#after) this.#world.found(`a follower got frame ${frame.id} after frame ${this.#after}`);
        this.frames.push(frame);
        this.#after = frame.id;
      }
      if (this.#world.faults.strikes("reader-leaves")) {
        pipe.leave();
        await this.#pause(this.#random.below(4_000));
        return false;
      }
      if (this.#random.chance(0.05)) await this.#pause(this.#random.below(3_000));
    }
  }

  async #lost(thrown: unknown): Promise<void> {
    if (!(thrown instanceof Reset)) throw thrown;
    await this.#pause(50 + this.#random.below(300));
  }

  #pause(delayMs: number): Promise<void> {
    return this.#world.timeline.sleep(delayMs, this.#party);
  }
}

function parse(text: string): SeenFrame[] {
  return text.split("\n\n").flatMap((block) => {
    const lines = block.split("\n").filter((line) => line !== "" && !line.startsWith(":"));
    if (lines.length === 0) return [];
    const field = (name: string): string =>
      lines.find((line) => line.startsWith(`${name}: `))?.slice(name.length + 2) ?? "";
    return [{ id: Number(field("id")), event: field("event"), data: JSON.parse(field("data")) as Json }];
  });
}
