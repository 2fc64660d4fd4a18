import type { EvidenceOptions, Goal } from "../../scripts/goal.ts";
import { goalsOf } from "./chaos/goals.ts";
import { OPTIONS, readSettings } from "./chaos/settings.ts";
import { playSlice } from "./chaos/slice.ts";
import { keepSlice } from "./chaos/slices.ts";
import { tableOf, writeTable } from "./chaos/table.ts";

export const options = OPTIONS;

/**
 * The server on workerd alone, killed at every named point of a commit and at random moments, keeps what it has acknowledged.
 * `npm run proof -- chaos [--kills N] [--append] [--seed N] [--write] [--sabotage [NAME]] [--short]`
 */
export async function run({ short, args }: EvidenceOptions): Promise<Goal[]> {
  const settings = readSettings(short, args);
  const say = (line: string) => void process.stdout.write(`${line}\n`);
  const slice = await playSlice(settings, say);
  const slices = keepSlice(slice, settings.append);
  const wanted = slices.reduce((kills, each) => kills + each.kills, settings.kills - slice.kills);
  const goals = goalsOf(slices, wanted);
  const table = tableOf(slices, goals);
  if (settings.write) writeTable(table);
  say(`\n${table}\n`);
  return goals;
}
