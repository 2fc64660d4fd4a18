import { loadavg } from "node:os";
import type { EvidenceOptions, Goal } from "../scripts/goal.ts";
import { type Contender, type Contenders, startContenders } from "./follow/contenders.ts";
import { clock, type Pace } from "./follow/stamps.ts";
import { alternate, median, milliseconds, percentile } from "./measure.ts";

const CROWD = 200;

/**
 * From the token at the model to the frame at the client, and how many of them: the server, a bare Worker that streams the same
 * tokens as its floor, turn by turn in one run. `npm run bench -- follow [--short]`
 */
export async function run({ short }: EvidenceOptions): Promise<Goal[]> {
  const contenders = await startContenders();
  try {
    for (const each of [contenders.edgewise, contenders.floor]) await each.stream({ tokens: 50, perSecond: 500 });
    const goals = [
      await latency(contenders, short),
      await oneStream(contenders, short),
      await crowd(contenders, short),
      await turns(contenders, short),
    ];
    // Other work on the machine is in every one of these figures.
    console.error(`load when it was over: ${loadavg()[0]?.toFixed(1)}`);
    return goals;
  } finally {
    await contenders.stop();
  }
}

/** 50 tokens a second on one stream, as a quick model speaks. */
async function latency({ edgewise, floor }: Contenders, short: boolean): Promise<Goal> {
  const pace = { tokens: short ? 50 : 300, perSecond: 50 };
  const [ours, bare]: [number[], number[]] = [[], []];
  for (let round = 0; round < (short ? 1 : 3); round++) {
    ours.push(...(await edgewise.stream(pace)).ages);
    bare.push(...(await floor.stream(pace)).ages);
  }
  const p50 = percentile(ours, 0.5);
  return {
    goal: "token at the model to frame at the client: p50 at most 5 ms",
    figure: `${spread(ours)} (bare Worker: ${spread(bare)})`,
    met: p50 <= 5,
  };
}

async function oneStream({ edgewise, floor }: Contenders, short: boolean): Promise<Goal> {
  const pace = { tokens: short ? 1000 : 5000, perSecond: 1000 };
  const rounds = short ? 1 : 3;
  const ours = await rates(edgewise, pace, rounds);
  const bare = await rates(floor, pace, rounds);
  return {
    goal: "1,000 frames a second on one stream, none lost",
    figure: `${ours.perSecond.toFixed(0)} a second, ${ours.lost} lost, ${spread(ours.ages)} (bare Worker: ${bare.perSecond.toFixed(0)}, ${spread(bare.ages)})`,
    met: ours.lost === 0 && ours.perSecond >= 0.98 * pace.perSecond,
  };
}

/** Tokens a second that came, the median of the rounds, and how many never did. */
async function rates(contender: Contender, pace: Pace, rounds: number) {
  const ages: number[] = [];
  const seconds: number[] = [];
  let lost = 0;
  for (let round = 0; round < rounds; round++) {
    const followed = await contender.stream(pace);
    seconds.push(followed.seconds);
    lost += pace.tokens - followed.ages.length;
    ages.push(...followed.ages);
  }
  return { perSecond: pace.tokens / median(seconds), lost, ages };
}

async function crowd({ edgewise, floor }: Contenders, short: boolean): Promise<Goal> {
  const pace = { tokens: short ? 40 : 200, perSecond: 20 };
  // All have begun before the first of them says a word: how long a beginning takes is measured elsewhere.
  const together = async (contender: Contender) => {
    const from = clock() + (short ? 8 : 20) * 1e6;
    const streams = await Promise.all(Array.from({ length: CROWD }, () => contender.stream({ ...pace, from })));
    const ages = streams.flatMap((stream) => stream.ages);
    return { ages, lost: CROWD * pace.tokens - ages.length, seconds: median(streams.map(({ seconds }) => seconds)) };
  };
  const ours = await together(edgewise);
  const bare = await together(floor);
  return {
    goal: `${CROWD} streams at once at ${pace.perSecond} frames a second each, none lost`,
    figure: `${ours.lost} lost, ${ours.seconds.toFixed(1)} s from first to last token (said in ${pace.tokens / pace.perSecond} s), ${spread(ours.ages)} (bare Worker: ${bare.lost} lost, ${bare.seconds.toFixed(1)} s, ${spread(bare.ages)})`,
    met: ours.lost === 0,
  };
}

/** One after the other: create a thread, stream a run of ten tokens said at once, read the history. */
async function turns({ edgewise, floor }: Contenders, short: boolean): Promise<Goal> {
  const pace = { tokens: 10, perSecond: 100_000 };
  const samples = await alternate(short ? 10 : 100, {
    ours: () => edgewise.turn(pace),
    bare: () => floor.turn(pace),
  });
  const [ours, bare] = [median(samples.ours), median(samples.bare)];
  return {
    goal: "full chat turns a second (create a thread, stream a run, read its history), one after the other",
    figure: `${(1000 / ours).toFixed(0)} a second, ${milliseconds(ours)} each (bare Worker: ${(1000 / bare).toFixed(0)}, ${milliseconds(bare)})`,
    met: true,
  };
}

function spread(samples: readonly number[]): string {
  return [0.5, 0.99].map((share) => `p${share * 100} ${milliseconds(percentile(samples, share))}`).join(" · ");
}
