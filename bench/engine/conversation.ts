import { storedBytes } from "../stored-bytes.ts";
import type { Field } from "./field.ts";
import { notes } from "./graphs.ts";
import type { Peer } from "./peer.ts";

/** W5's and W8's thread: each run brings one message of 200 characters. */
export const RUNS = 500;
export const CHARACTERS = 200;
/** Engines take turns after so many runs. */
const BLOCK = 10;

const LETTERS = "etaoinshrdlcumwfgypbvk";

/** 200 characters of words that nobody has said before: a text that repeats itself would weigh nothing when it is compressed. */
export function textOf(run: number): string {
  let seed = run + 1;
  const draw = (below: number): number => {
    seed = (Math.imul(seed, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((seed / 2 ** 32) * below);
  };
  let text = `${run}`;
  while (text.length < CHARACTERS) {
    text += " ";
    // Common letters more often, as in a language.
    for (let left = 2 + draw(7); left > 0; left--) text += LETTERS[Math.min(draw(22), draw(22))] ?? "";
  }
  return text.slice(0, CHARACTERS);
}

/** One conversation, held with one engine. */
export interface Conversation {
  /** Says this; answers milliseconds. */
  say(texts: readonly string[]): Promise<readonly number[]>;
  /** What its database holds. */
  bytes(): Promise<number>;
}

export async function withEdgewise(field: Field): Promise<Conversation & { readonly thread: string }> {
  const edgewise = await field.edgewise();
  await edgewise.json("POST", "/graphs", notes());
  const thread = crypto.randomUUID();
  return {
    thread,
    say: (texts) =>
      oneByOne(texts, (content) => field.ours("notes", thread, { messages: [{ role: "user", content }] })),
    bytes: async () => storedBytes(edgewise.state, thread),
  };
}

export function withRaw(field: Field): Conversation & { readonly thread: string } {
  const thread = crypto.randomUUID();
  return {
    thread,
    say: (texts) => oneByOne(texts, (say) => field.raw(thread, { say })),
    bytes: async () => Number.NaN,
  };
}

/** @param delta with LangGraph's beta of channels that keep differences */
export async function withLangGraph(peer: Peer, delta: boolean): Promise<Conversation & { readonly thread: string }> {
  const thread = crypto.randomUUID();
  await peer.ask("open", { thread, delta });
  return {
    thread,
    say: (texts) => peer.ask("say", { thread, texts }),
    bytes: () => peer.ask("bytes", { thread }),
  };
}

/** All of them grow to so many runs, taking turns; answers each run's milliseconds, by conversation. */
export async function grow(conversations: readonly Conversation[], runs: number): Promise<number[][]> {
  const samples = conversations.map(() => [] as number[]);
  for (let run = 0; run < runs; run += BLOCK) {
    const texts = Array.from({ length: Math.min(BLOCK, runs - run) }, (_, index) => textOf(run + index));
    for (const [index, conversation] of conversations.entries())
      samples[index]?.push(...(await conversation.say(texts)));
  }
  return samples;
}

async function oneByOne(texts: readonly string[], say: (text: string) => Promise<number>): Promise<number[]> {
  const samples: number[] = [];
  for (const text of texts) samples.push(await say(text));
  return samples;
}
