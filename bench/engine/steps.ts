import type { Goal } from "../../scripts/goal.ts";
import { isThere, type Field } from "./field.ts";
import { notRunGoal, perStep, ratioGoal } from "./figures.ts";
import { callers, chain } from "./graphs.ts";
import { type Contender, medians, rounds } from "./rounds.ts";
import { ABSENT } from "./absent.ts";

const NODES = 100;

/** W1: a chain of 100 nodes that do nothing. P1 and P2. */
export async function measureChain(field: Field, short: boolean): Promise<Goal[]> {
  const edgewise = await field.edgewise();
  await edgewise.json("POST", "/graphs", chain(NODES));
  const thread = crypto.randomUUID();
  const [langgraph, workflows] = [await field.langgraph(), await field.workflows()];
  const contenders: Record<string, Contender> = {
    ours: () => field.ours(`chain-${NODES}`, thread),
    raw: () => field.raw(thread, { chain: NODES }),
    synced: () => field.raw(thread, { chain: NODES, sync: true }),
    ...(isThere(langgraph) && { langgraph: () => langgraph.ask<number>("chain", { nodes: NODES }) }),
    ...(isThere(workflows) && { workflows: () => field.workflow({ chain: NODES }) }),
  };
  await rounds(3, contenders);
  const { ours = 0, raw = 0, synced = 0, ...others } = medians(await rounds(short ? 3 : 25, contenders));
  const show = perStep(NODES);
  const [p1, p2] = ["P1 W1 chain of 100 no-op nodes, per step", "P2 W1 as P1, beside a flush after each step"];
  return [
    isThere(langgraph)
      ? ratioGoal(p1, "langgraph:sqlite", { ours, other: others["langgraph"] ?? 0, atMost: 0.25, show })
      : notRunGoal(p1, "langgraph:sqlite", langgraph),
    isThere(workflows)
      ? ratioGoal(p1, "cf:workflows", { ours, other: others["workflows"] ?? 0, atMost: 0.1, show })
      : notRunGoal(p1, "cf:workflows", workflows),
    ratioGoal(p1, "cf:do", { ours, other: raw, atMost: 3, show }),
    ratioGoal(p2, "cf:do-sync", { ours, other: synced, atMost: 1.5, show }),
    await measureCallers(field, short),
    notRunGoal(p2, "restate", ABSENT.restate),
    notRunGoal(p2, "dbos", ABSENT.dbos),
  ];
}

/**
 * What P2 means where it costs something: nodes that do nothing share a flush, a node that calls out waits for the one before.
 * Both ask the same server, and neither's question leaves before the answer before it is on disk.
 */
async function measureCallers(field: Field, short: boolean): Promise<Goal> {
  const edgewise = await field.edgewise();
  await edgewise.json("POST", "/graphs", callers(NODES));
  const thread = crypto.randomUUID();
  const { url } = await field.models();
  const contenders = {
    ours: () => field.ours(`callers-${NODES}`, thread),
    raw: () => field.raw(thread, { calls: NODES, url }),
  };
  await rounds(2, contenders);
  const { ours, raw } = medians(await rounds(short ? 2 : 7, contenders));
  const goal = "P2 chain of 100 model calls to a server that answers at once, each durable before the next leaves";
  return ratioGoal(goal, "cf:do-sync", { ours, other: raw, atMost: 1.5, show: perStep(NODES) });
}
