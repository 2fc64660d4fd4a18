import fc from "fast-check";
import { expect, it } from "vitest";
import type { ChatEvent } from "./contract.ts";
import { collect } from "./testing/provider-suite.ts";
import { wholeCharacters } from "./whole-characters.ts";

async function* stream(pieces: readonly string[]): AsyncGenerator<ChatEvent> {
  for (const text of pieces) yield { type: "text-delta", text };
  const usage = { inputTokens: 1, outputTokens: 1, unit: "tokens", costUsd: null } as const;
  const reply = { text: pieces.join(""), toolCalls: [], finish: "stop", usage, model: "test/model" } as const;
  yield { type: "finished", reply };
}

async function cut(pieces: readonly string[]): Promise<readonly string[]> {
  const events = await collect(wholeCharacters(stream(pieces)));
  return events.map((event) => (event.type === "text-delta" ? event.text : `reply: ${event.reply.text}`));
}

it.each([
  [
    ["a", "\ud83e", "\udded", "b"],
    ["a", "🧭", "b", "reply: a🧭b"],
  ],
  [
    ["a\ud83e", "\uddedb"],
    ["a", "🧭b", "reply: a🧭b"],
  ],
  [["a\ud83e"], ["a", "\ufffd", "reply: a\ufffd"]],
  [
    ["\ud83e", "x"],
    ["\ufffdx", "reply: \ufffdx"],
  ],
  [
    ["\udded", "x"],
    ["\ufffd", "x", "reply: \ufffdx"],
  ],
  [[], ["reply: "]],
])("%j comes out as %j", async (pieces, expected) => {
  expect(await cut(pieces)).toEqual(expected);
});

it("whatever comes in, each delta can be written as UTF-8, and together they are the reply", async () => {
  const units = fc.array(fc.constantFrom("a", "é", "\ud83e", "\udded", "\ud83e\udded", ""), { maxLength: 12 });
  await fc.assert(
    fc.asyncProperty(units, async (pieces) => {
      const out = await cut(pieces);
      const deltas = out.slice(0, -1);
      expect(deltas.every((delta) => delta.isWellFormed())).toBe(true);
      expect(`reply: ${deltas.join("")}`).toBe(out.at(-1));
      expect(deltas.join("")).toBe(pieces.join("").toWellFormed());
    }),
  );
});
