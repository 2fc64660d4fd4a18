/** Takes the usage out of a stream whose client did not ask for it: the event without choices that comes last. */

const EVENT_END = Buffer.from("\n\n");
const NO_CHOICES = Buffer.from('"choices":[]');
const USAGE = Buffer.from('"usage"');
/** An event longer than this is passed on as it is. */
const MOST_HELD = 1024 * 1024;

export class HideUsage {
  #held: Buffer | undefined;

  /** What goes out now; the beginning of an event is held back until it is whole. */
  push(piece: Buffer): Buffer {
    const bytes = this.#held === undefined ? piece : Buffer.concat([this.#held, piece]);
    this.#held = undefined;
    const end = bytes.lastIndexOf(EVENT_END);
    const whole = end < 0 ? 0 : end + EVENT_END.length;
    if (bytes.length - whole > MOST_HELD) return bytes;
    if (whole < bytes.length) this.#held = Buffer.from(bytes.subarray(whole));
    return withoutUsage(bytes.subarray(0, whole));
  }

  /** What is left at the end. */
  end(): Buffer {
    const held = this.#held ?? NOTHING;
    this.#held = undefined;
    return held;
  }
}

const NOTHING = Buffer.alloc(0);

function withoutUsage(events: Buffer): Buffer {
  if (!events.includes(NO_CHOICES)) return events;
  const kept: Buffer[] = [];
  for (let from = 0; from < events.length; ) {
    const end = events.indexOf(EVENT_END, from) + EVENT_END.length;
    const event = events.subarray(from, end);
    if (!event.includes(NO_CHOICES) || !event.includes(USAGE)) kept.push(event);
    from = end;
  }
  return Buffer.concat(kept);
}
