import { cpus } from "node:os";
import type { EvidenceOptions, Goal } from "../../scripts/goal.ts";
import { KEPT } from "../sim/kept.ts";
import { simulateAll } from "../sim/pool.ts";
import { type Site, SITES } from "../sim/faults.ts";
import { Tally } from "../sim/tally.ts";
import { runTool } from "../../scripts/checks/run-tool.ts";
import { ROOT } from "../../scripts/local/repository.ts";
import LIKENESSES from "../sim/likeness.json" with { type: "json" };

const PROCESSES = Math.min(2, cpus().length);
const LONGEST_S = 120;
/** So many seeds are simulated twice. */
const TWICE = 20;

export const options = ["--seed", "--from"];

/** The scenarios that must come to the same on workerd. */
async function likenessGoal(scenarios: number): Promise<Goal> {
  const environment = { EDGEWISE_LIKENESSES: String(scenarios) };
  const arguments_ = ["run", "--project", "workerd", "test/workerd/likeness.test.ts"];
  const { ok, output } = await runTool(ROOT, "vitest", arguments_, { environment });
  if (!ok) process.stdout.write(`${output.slice(-2_000)}\n`);
  const told = new Map<number, string>();
  const order = { from: 0, to: scenarios, patches: [], enough: Number.MAX_SAFE_INTEGER, likeness: true };
  await simulateAll(order, PROCESSES, ({ seed, ...result }) => {
    if ("likeness" in result) told.set(seed, result.likeness ?? "");
  });
  const differing = LIKENESSES.slice(0, scenarios).filter((likeness, number) => told.get(number) !== likeness).length;
  return {
    goal: "scenarios that come to the same here and on workerd, half of them killed on their way",
    figure: `${ok ? scenarios - differing : 0} of ${scenarios}`,
    met: ok && differing === 0,
  };
}

/**
 * The real Thread objects in seeded worlds in which everything goes wrong, and what they have promised afterwards.
 * `npm run proof -- sim [--short] [how many seeds] [--from SEED]`, or `--seed SEED` for one of them, with all that was found.
 */
export async function run({ short, args }: EvidenceOptions): Promise<Goal[]> {
  const option = (name: string) => (args.includes(name) ? Number(args[args.indexOf(name) + 1]) : undefined);
  const one = option("--seed");
  const from = one ?? option("--from") ?? 0;
  const wanted = args.find((argument, at) => !argument.startsWith("--") && !args[at - 1]?.startsWith("--"));
  const seeds = one === undefined ? Number(wanted ?? (short ? 300 : 10_000)) : 1;
  const startedAt = performance.now();
  const tally = await tallyOf(from, from + seeds);
  const seconds = (performance.now() - startedAt) / 1000;
  const again = await tallyOf(from, from + Math.min(seeds, TWICE));
  for (const { seed, findings } of tally.found.slice(0, one === undefined ? 10 : 1))
    for (const finding of findings.slice(0, one === undefined ? 3 : 100))
      process.stdout.write(`seed ${seed}: ${finding}\n`);
  const kept = await Promise.all(KEPT.map(async ({ seed }) => (await tallyOf(seed, seed + 1)).found.length));
  const goals = goalsOf(tally, seconds, short || one !== undefined, {
    differing: [...again.hashes].filter(([seed, hash]) => tally.hashes.get(seed) !== hash).map(([seed]) => seed),
    kept: kept.filter((found) => found > 0).length,
    isOne: one !== undefined,
  });
  return one === undefined ? [...goals, await likenessGoal(short ? 20 : LIKENESSES.length)] : goals;
}

async function tallyOf(from: number, to: number): Promise<Tally> {
  const tally = new Tally();
  await simulateAll({ from, to, patches: [], enough: Number.MAX_SAFE_INTEGER }, PROCESSES, (result) =>
    tally.add(result),
  );
  return tally;
}

function goalsOf(
  tally: Tally,
  seconds: number,
  anyTime: boolean,
  { differing, kept, isOne }: { differing: readonly number[]; kept: number; isOne: boolean },
): Goal[] {
  const { commits, calls, runs, lives, frames } = tally.counts;
  const number = (count: number) => count.toLocaleString("en");
  const seeds = tally.found.map(({ seed }) => seed).sort((one, other) => one - other);
  const struck = (Object.keys(SITES) as Site[]).map((site) => `${site} ${number(tally.struck[site] ?? 0)}`);
  const quiet = (Object.keys(SITES) as Site[]).filter((site) => !(site in tally.struck) && site !== "queue-faults");
  const ends = Object.entries(tally.ends).map(([status, count]) => `${number(count)} ${status}`);
  const succeeded = (tally.ends["success"] ?? 0) / Math.max(1, runs);
  return [
    {
      goal: `seeded worlds, in at most ${LONGEST_S} s for 10,000 on 2 cores`,
      figure: `${number(tally.worlds)} in ${seconds.toFixed(1)} s on ${PROCESSES} processes`,
      met: anyTime || seconds <= LONGEST_S,
    },
    {
      goal: "what went on in them",
      figure: `${number(runs)} runs, ${number(commits)} commits, ${number(calls)} calls outside, ${number(lives)} lives of objects, ${number(frames)} frames followed`,
      met: commits > 0,
    },
    { goal: "how runs ended: a tenth of them well, at least", figure: ends.join(", "), met: isOne || succeeded > 0.1 },
    { goal: "each fault struck", figure: struck.join(", "), met: isOne || quiet.length === 0 },
    {
      goal: "worlds in which a promise was broken: none",
      figure: seeds.length === 0 ? "0" : `${seeds.length} (seeds ${seeds.slice(0, 10).join(", ")})`,
      met: seeds.length === 0,
    },
    {
      goal: "worlds that took too long to say anything: below 1 %",
      figure: number(tally.tooLong),
      met: tally.tooLong <= tally.worlds / 100,
    },
    {
      goal: "the same seed is the same world, to the last byte of its log",
      figure: differing.length === 0 ? "all of them" : `not seeds ${differing.join(", ")}`,
      met: differing.length === 0,
    },
    { goal: "seeds kept from earlier findings", figure: `${KEPT.length}, ${kept} of them fail`, met: kept === 0 },
  ];
}
