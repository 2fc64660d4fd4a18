import type { Goal } from "../../scripts/goal.ts";
import { median, milliseconds } from "../measure.ts";
import { grow, RUNS, CHARACTERS, withEdgewise, withLangGraph, withRaw, type Conversation } from "./conversation.ts";
import { type Field, isThere, type NotRun } from "./field.ts";
import { boundGoal, kilobytes, notRunGoal, ratioGoal } from "./figures.ts";

const PAYLOAD = RUNS * CHARACTERS;
/** On a busy machine a thread or two are enough. */
const ENOUGH_MS = 45_000;

/** What one engine's thread took and weighs. */
interface Growth {
  /** The median around the tenth run, milliseconds. */
  readonly early: number;
  /** The median of the last ten runs, milliseconds. */
  readonly late: number;
  readonly bytes: number;
}

/** W5: a thread of 500 runs. P6 and P7. */
export async function measureThread(field: Field, short: boolean): Promise<Goal[]> {
  const peer = await field.langgraph();
  const growths: Growth[][] = [];
  const startedAt = performance.now();
  for (let round = 0; round < (short ? 1 : 3); round++) {
    if (round > 0 && performance.now() - startedAt > ENOUGH_MS) break;
    const conversations: Conversation[] = [await withEdgewise(field), withRaw(field)];
    if (isThere(peer)) conversations.push(await withLangGraph(peer, false));
    // Once is enough for the slowest of them: its bytes are the same each time.
    if (isThere(peer) && round === 0) conversations.push(await withLangGraph(peer, true));
    const samples = await grow(conversations, RUNS);
    growths.push(await Promise.all(conversations.map((one, index) => growthOf(one, samples[index] ?? []))));
  }
  const [ours, raw, langgraph, delta] = [0, 1, 2, 3].map((engine) => medianGrowth(growths.map((row) => row[engine])));
  if (ours === undefined || raw === undefined) throw new Error("A thread did not grow.");
  const absent: NotRun = isThere(peer) ? { notRun: "it did not grow" } : peer;
  return [...timeGoals(ours, raw, langgraph, absent), ...byteGoals(ours, langgraph, delta, absent)];
}

async function growthOf(conversation: Conversation, samples: readonly number[]): Promise<Growth> {
  return { early: median(samples.slice(5, 15)), late: median(samples.slice(-10)), bytes: await conversation.bytes() };
}

function medianGrowth(growths: readonly (Growth | undefined)[]): Growth | undefined {
  const known = growths.filter((growth) => growth !== undefined);
  if (known.length === 0) return undefined;
  const of = (pick: (growth: Growth) => number) => median(known.map(pick));
  return { early: of(({ early }) => early), late: of(({ late }) => late), bytes: of(({ bytes }) => bytes) };
}

function timeGoals(ours: Growth, raw: Growth, langgraph: Growth | undefined, absent: NotRun): Goal[] {
  const goal = "P6 W5 a run of a thread of 500";
  const slower = ours.late / ours.early;
  const shown = ({ early, late }: Growth) => `${milliseconds(early)} → ${milliseconds(late)}`;
  return [
    boundGoal(`${goal}: run 500 at most 1.2 × run 10`, {
      value: slower,
      atMost: 1.2,
      figure: `${slower.toFixed(2)} (${shown(ours)}; raw object ${shown(raw)})`,
    }),
    langgraph === undefined
      ? notRunGoal(goal, "langgraph:sqlite", absent)
      : ratioGoal(`${goal}, run 500`, "langgraph:sqlite", { ours: ours.late, other: langgraph.late, atMost: 0.5 }),
  ];
}

function byteGoals(ours: Growth, langgraph: Growth | undefined, delta: Growth | undefined, absent: NotRun): Goal[] {
  const goal = "P7 W5 bytes of a thread of 500 runs";
  const swollen = ours.bytes / PAYLOAD;
  const own = boundGoal(`${goal}: at most 4 × what was said`, {
    value: swollen,
    atMost: 4,
    figure: `${swollen.toFixed(2)} (${kilobytes(ours.bytes)} for ${kilobytes(PAYLOAD)})`,
  });
  const beside = (name: string, other: Growth | undefined, atMost: number): Goal =>
    other === undefined
      ? notRunGoal(goal, name, absent)
      : ratioGoal(goal, name, { ours: ours.bytes, other: other.bytes, atMost, show: kilobytes });
  return [own, beside("langgraph:sqlite", langgraph, 1 / 300), beside("langgraph:sqlite-async-delta", delta, 1 / 3)];
}
