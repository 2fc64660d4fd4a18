import type { ChatEvent } from "./contract.ts";

const ENDS_IN_HALF = /[\ud800-\udbff]$/;

/**
 * The same events, cut between characters. A provider may send one emoji as two escapes in two events; each half alone
 * cannot be written as UTF-8, so followers would see two replacement characters and the log something else than they did.
 * A half that never finds its other half becomes one replacement character, in the deltas and in the reply alike.
 */
export async function* wholeCharacters(events: AsyncIterable<ChatEvent>): AsyncGenerator<ChatEvent> {
  let text = "";
  let half = "";
  for await (const event of events) {
    if (event.type === "finished") {
      if (half) yield { type: "text-delta", text: half.toWellFormed() };
      yield { type: "finished", reply: { ...event.reply, text: text + half.toWellFormed() } };
      return;
    }
    const joined = half + event.text;
    half = ENDS_IN_HALF.exec(joined)?.[0] ?? "";
    const whole = joined.slice(0, joined.length - half.length).toWellFormed();
    text += whole;
    if (whole) yield { type: "text-delta", text: whole };
  }
}
