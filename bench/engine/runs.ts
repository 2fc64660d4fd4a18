import type { Goal } from "../../scripts/goal.ts";
import type { RawWork } from "../raw/object.ts";
import { type Field, isThere, type NotRun } from "./field.ts";
import { boundGoal, notRunGoal, ratioGoal } from "./figures.ts";
import { agent, ANEW, fanOut, shaped } from "./graphs.ts";
import { type Contender, medians, rounds } from "./rounds.ts";
import { criticalPath, random, type Shape, uneven } from "./shapes.ts";

const WIDTH = 100;
const TURNS = 20;

/** W2: one node, 100 side by side, and a join. P3. */
export async function measureFanOut(field: Field, short: boolean): Promise<Goal[]> {
  const peer = { work: "fan", width: WIDTH };
  const figures = await beside(field, fanOut(WIDTH), { raw: { fan: WIDTH }, peer, rounds: short ? 3 : 25 });
  return twoRatios("P3 W2 fan-out to 100 and join", figures, { langgraph: 0.5, raw: 2.5 });
}

/** W3: 20 turns of model and tool over a growing list of messages. P4. */
export async function measureAgent(field: Field, short: boolean): Promise<Goal[]> {
  const peer = { work: "agent", turns: TURNS };
  const work = { raw: { turns: TURNS }, peer, input: ANEW, rounds: short ? 3 : 25 };
  const figures = await beside(field, agent(TURNS), work);
  const said = await messagesIn(field, figures.thread);
  // The question, a model's word and a tool's for each turn, and the model's last.
  if (said !== 2 * TURNS + 2) throw new Error(`The agent loop left ${said} messages in its thread.`);
  return twoRatios("P4 W3 agent loop of 41 steps", figures, { langgraph: 0.3, raw: 2.5 });
}

/** W4: branches of different lengths. P5. */
export async function measureMakespan(field: Field, short: boolean): Promise<Goal[]> {
  const goals: Goal[] = [];
  for (const [shape, most] of [[uneven(), 1.25] as const, [random(), 1.1] as const]) {
    const { id, delays, edges } = shape;
    const work = { raw: { delays, edges }, peer: { work: "shaped", ...shape }, rounds: short ? 2 : 11 };
    goals.push(...makespanGoals(shape, most, await beside(field, shaped(shape), { ...work, graph: id })));
  }
  return goals;
}

async function messagesIn(field: Field, thread: string): Promise<number | undefined> {
  const edgewise = await field.edgewise();
  const { values } = await edgewise.json<{ values: { messages?: readonly object[] } }>(
    "GET",
    `/threads/${thread}/state`,
  );
  return values.messages?.length;
}

interface Figures {
  /** Ours: where the runs were. */
  readonly thread: string;
  readonly ours: number;
  readonly raw: number;
  /** Or why there is none. */
  readonly langgraph: number | NotRun;
}

interface Beside {
  readonly raw: RawWork;
  readonly peer: { readonly work: string };
  readonly rounds: number;
  readonly input?: object;
  readonly graph?: string;
}

/** Medians of the same work by ours, the raw object and LangGraph, milliseconds. */
async function beside(field: Field, graph: object, work: Beside): Promise<Figures> {
  const edgewise = await field.edgewise();
  const { graph_id: id } = await edgewise.json<{ graph_id: string }>("POST", "/graphs", graph);
  const thread = crypto.randomUUID();
  const langgraph = await field.langgraph();
  const contenders: Record<"ours" | "raw" | "langgraph", Contender> = {
    ours: () => field.ours(id, thread, work.input ?? {}),
    raw: () => field.raw(thread, work.raw),
    langgraph: async () => (isThere(langgraph) ? langgraph.ask<number>(work.peer.work, work.peer) : Number.NaN),
  };
  await rounds(3, contenders);
  const figures = medians(await rounds(work.rounds, contenders));
  return { ...figures, thread, langgraph: isThere(langgraph) ? figures.langgraph : langgraph };
}

function twoRatios(goal: string, { ours, raw, langgraph }: Figures, most: { langgraph: number; raw: number }): Goal[] {
  return [
    typeof langgraph === "number"
      ? ratioGoal(goal, "langgraph:sqlite", { ours, other: langgraph, atMost: most.langgraph })
      : notRunGoal(goal, "langgraph:sqlite", langgraph),
    ratioGoal(goal, "cf:do", { ours, other: raw, atMost: most.raw }),
  ];
}

function makespanGoals(shape: Shape, most: number, { ours, raw, langgraph }: Figures): Goal[] {
  const [goal, ideal] = [`P5 W4 ${shape.id}: makespan`, criticalPath(shape)];
  const overIdeal = ours / ideal;
  const goals = [
    ratioGoal(goal, "cf:do", { ours, other: raw, atMost: 1.05 }),
    boundGoal(`${goal} at most ${most} × its critical path`, {
      value: overIdeal,
      atMost: most,
      figure: `${overIdeal.toFixed(3)} (${ours.toFixed(1)} ms beside ${ideal} ms)`,
    }),
  ];
  if (shape.id !== "uneven") return goals;
  const barrier = `${goal}, LangGraph's ÷ ours at least 1.5`;
  if (typeof langgraph !== "number") return [...goals, { goal: barrier, figure: langgraph.notRun, met: "not run" }];
  const figure = `${(langgraph / ours).toFixed(2)} (${langgraph.toFixed(1)} ms beside ${ours.toFixed(1)} ms)`;
  return [...goals, { goal: barrier, figure, met: langgraph / ours >= 1.5 }];
}
