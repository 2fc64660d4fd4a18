import { EdgewiseError, type Reply } from "../../src/base/errors.ts";
import type { Thread } from "../../durable-objects/thread.ts";
import { Reset, type SimObject } from "./object.ts";
import type { Party } from "./timeline.ts";

/** A stream across the wall between an object and its client: breaks when the object dies. */
export interface Pipe {
  /** The next piece of text; undefined at the end. @throws Reset when the object died. */
  read(): Promise<string | undefined>;
  leave(): void;
}

/** @throws Reset, and EdgewiseError as the object refuses. */
export async function openPipe(
  object: SimObject,
  client: Party,
  work: (thread: Thread) => Promise<Reply<ReadableStream<Uint8Array>>>,
): Promise<Pipe> {
  const { timeline } = object.world;
  const decoder = new TextDecoder();
  const reply = await object.call(client, async (thread) => {
    const answer = await work(thread);
    return answer.ok ? { ok: true as const, reader: answer.value.getReader(), life: object.life } : answer;
  });
  if (!reply.ok) throw new EdgewiseError(reply.error);
  const { reader, life } = reply;
  if (life === undefined) throw new Reset("reset");
  const inLife = (run: () => void): void => {
    timeline.after(object.world.latency(), life, run);
  };
  return {
    read: () =>
      new Promise((resolve, reject) => {
        if (!life.isAlive) return reject(new Reset("reset"));
        const lost = (): void => void timeline.after(object.world.latency(), client, () => reject(new Reset("reset")));
        const answered = life.onLoss(lost);
        const arrive = (settle: () => void): void =>
          life.send(() => {
            answered();
            timeline.after(object.world.latency(), client, settle);
          });
        inLife(() => {
          reader.read().then(
            ({ value, done }) => arrive(() => resolve(done ? undefined : decoder.decode(value))),
            (thrown: unknown) => arrive(() => reject(thrown)),
          );
        });
      }),
    leave: () => inLife(() => void reader.cancel().catch(() => undefined)),
  };
}
