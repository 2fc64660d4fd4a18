import type { EvidenceOptions, Goal } from "../../scripts/goal.ts";
import { playChatUi } from "../clients/agent-chat-ui.ts";
import { playBrowser } from "../clients/browser.ts";
import { GROUPS } from "../clients/cases/all.ts";
import { VERSIONS } from "../clients/contract.ts";
import { unknownMethods, unpromised, unproved } from "../clients/coverage.ts";
import { playCuts } from "../clients/cuts.ts";
import { BROWSER, CLIENTS, install } from "../clients/packages.ts";
import { playRemoteGraph } from "../clients/remote-graph.ts";
import { playAll, type Result } from "../clients/results.ts";
import { openStage, type Stage } from "../clients/stage.ts";
import { tableOf, writeTable } from "../clients/table.ts";

export const options = ["--write"];

/**
 * Published clients, unchanged, against a real server: both lines of the SDK, RemoteGraph, useStream in a browser, agent-chat-ui's
 * calls; with a key and in open mode. `npm run proof -- clients [--short] [--write]`; `--write` puts the table into docs/langgraph.md.
 */
export async function run({ short, args }: EvidenceOptions): Promise<Goal[]> {
  for (const folder of [CLIENTS, BROWSER]) await install(folder);
  const stages = [await openStage(false), await openStage(true)];
  const goals: Goal[] = [];
  const results: Result[] = [];
  const add = (goal: string, more: readonly Result[]) => {
    results.push(...more);
    goals.push(goalOf(goal, more));
  };
  try {
    for (const [name, cases] of Object.entries(GROUPS)) {
      add(
        `${name}: every case with both clients, with a key and without`,
        await playAll(cases, VERSIONS, stages, { isLong: !short }),
      );
    }
    await playOthers(stages, short, add);
  } finally {
    await Promise.all(stages.map((stage) => stage.close()));
  }
  for (const { name, with: who, fault } of results)
    if (fault !== undefined) console.error(`[${who}] ${name}\n  ${fault}\n`);
  if (args.includes("--write")) writeTable(tableOf(results));
  return [...goals, coverage()];
}

async function playOthers(
  stages: readonly Stage[],
  short: boolean,
  add: (goal: string, more: readonly Result[]) => void,
): Promise<void> {
  const each = async (play: (stage: Stage) => Promise<Result[]>) => (await Promise.all(stages.map(play))).flat();
  add("RemoteGraph, alone and as a node of a LangGraph.js graph", await each(playRemoteGraph));
  add("agent-chat-ui: its calls, recorded", await each(playChatUi));
  const browser = await each(async (stage) => (await playBrowser(stage)) ?? []);
  add("useStream in a real browser, on a page of another origin", browser);
  const [first] = stages;
  if (first !== undefined)
    add("connections cut at random, kill -9 in mid-stream", await playCuts(first.server, short ? 2 : 6));
}

function goalOf(goal: string, results: readonly Result[]): Goal {
  const held = results.filter(({ fault }) => fault === undefined);
  const names = new Set(results.map(({ name }) => name)).size;
  return {
    goal,
    figure: results.length === 0 ? "nothing was played" : `${held.length} of ${results.length} held (${names} cases)`,
    met: results.length > 0 && held.length === results.length,
  };
}

function coverage(): Goal {
  const missing = [...VERSIONS.flatMap(unknownMethods), ...unproved(), ...unpromised()];
  return {
    goal: "every method of the clients, found by looking at their classes, and every field of the contract has a case",
    figure: missing.length === 0 ? "none is missing" : `missing: ${missing.join(", ")}`,
    met: missing.length === 0,
  };
}
