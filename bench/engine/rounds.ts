import { median } from "../measure.ts";

/** Performs its work once; answers milliseconds as it measured them itself. */
export type Contender = () => Promise<number>;

/** Every contender's samples, milliseconds. */
export type Samples<Name extends string> = Readonly<Record<Name, readonly number[]>>;

/** On a machine that is busy with other things a workload ends early rather than never, after this many rounds. */
const ENOUGH_MS = 25_000;
const FEWEST = 3;

/**
 * All contenders turn by turn, back and forth, so that what else the machine does hits them alike: `count` rounds, or as
 * many as there is time for.
 */
export async function rounds<Name extends string>(
  count: number,
  contenders: Readonly<Record<Name, Contender>>,
): Promise<Record<Name, number[]>> {
  const names = Object.keys(contenders) as Name[];
  const samples = Object.fromEntries(names.map((name) => [name, [] as number[]])) as Record<Name, number[]>;
  const startedAt = performance.now();
  for (let round = 0; round < count; round++) {
    if (round >= FEWEST && performance.now() - startedAt > ENOUGH_MS) break;
    for (const name of round % 2 === 0 ? names : [...names].reverse()) samples[name].push(await contenders[name]());
  }
  return samples;
}

/** Medians of one run's samples. */
export function medians<Name extends string>(samples: Samples<Name>): Record<Name, number> {
  const entries = Object.entries(samples) as [Name, readonly number[]][];
  return Object.fromEntries(entries.map(([name, values]) => [name, median(values)])) as Record<Name, number>;
}
