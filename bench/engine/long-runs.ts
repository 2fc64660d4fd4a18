import type { Goal } from "../../scripts/goal.ts";
import { median, milliseconds } from "../measure.ts";
import { isThere, type Field } from "./field.ts";
import { boundGoal, notRunGoal, perStep, ratioGoal } from "./figures.ts";
import { ABSENT } from "./absent.ts";
import { chain, loop } from "./graphs.ts";
import { type Contender, rounds } from "./rounds.ts";

const SHORT = 100;
const LONG = 1000;
const VERY_LONG = 10_000;

/** W9: a run of 1000 steps beside one of 100, and one of 10,000. P8. */
export async function measureLongRuns(field: Field, short: boolean): Promise<Goal[]> {
  const edgewise = await field.edgewise();
  for (const nodes of [1, SHORT, LONG]) await edgewise.json("POST", "/graphs", chain(nodes));
  const thread = crypto.randomUUID();
  const peer = await field.langgraph();
  const run =
    (nodes: number): Contender =>
    () =>
      field.ours(`chain-${nodes}`, thread);
  const contenders = { one: run(1), hundred: run(SHORT), thousand: run(LONG) };
  await rounds(3, contenders);
  const samples = await rounds(short ? 3 : 15, contenders);
  const [one, hundred, thousand] = [median(samples.one), median(samples.hundred), median(samples.thousand)];
  const growth = thousand / LONG / (hundred / SHORT);
  const goal = "P8 W9 a run of 1000 no-op nodes";
  return [
    boundGoal(`${goal}, per step: at most 1.1 × that of one of 100`, {
      value: growth,
      atMost: 1.1,
      figure: `${growth.toFixed(2)} (${perStep(LONG)(thousand)} beside ${perStep(SHORT)(hundred)}; a run of one node takes ${milliseconds(one)})`,
    }),
    isThere(peer) ? await besideLangGraph(goal, thousand, peer, short) : notRunGoal(goal, "langgraph:sqlite", peer),
    notRunGoal(goal, "mastra:libsql", ABSENT.mastra),
    await measureVeryLong(field),
  ];
}

/** Its own growth stands beside ours: it has no goal of its own. */
async function besideLangGraph(
  goal: string,
  ours: number,
  peer: { ask<Answer>(work: string, more: object): Promise<Answer> },
  short: boolean,
): Promise<Goal> {
  const run =
    (nodes: number): Contender =>
    () =>
      peer.ask<number>("chain", { nodes });
  const contenders = { hundred: run(SHORT), thousand: run(LONG) };
  await rounds(1, contenders);
  const samples = await rounds(short ? 1 : 3, contenders);
  const [hundred, thousand] = [median(samples.hundred), median(samples.thousand)];
  const beside = ratioGoal(goal, "langgraph:sqlite", { ours, other: thousand, atMost: 0.25, show: perStep(LONG) });
  const growth = thousand / LONG / (hundred / SHORT);
  return { ...beside, figure: `${beside.figure}; its own growth ${growth.toFixed(1)}` };
}

async function measureVeryLong(field: Field): Promise<Goal> {
  const edgewise = await field.edgewise();
  await edgewise.json("POST", "/graphs", loop(VERY_LONG / 2));
  const thread = crypto.randomUUID();
  const took = await field.ours(`loop-${VERY_LONG / 2}`, thread, { turns: 0 });
  const state = await edgewise.json<{ values: { turns?: number }; next: readonly string[] }>(
    "GET",
    `/threads/${thread}/state`,
  );
  return {
    goal: "P8 W9 a run of 10,000 steps completes",
    figure: `${milliseconds(took)} (${perStep(VERY_LONG)(took)} per step)`,
    met: state.values.turns === VERY_LONG / 2 && state.next.length === 0,
  };
}
