import type { EvidenceOptions, Goal } from "../../scripts/goal.ts";
import { examineNested } from "../../src/engine/testing/nested-play.ts";
import { examine, PROPERTIES, type Property } from "../../src/engine/testing/properties.ts";

const TIMINGS = 4;

/** The properties of the execution rules on random graphs. `npm run proof -- engine [how many graphs]`. */
export async function run({ short, args }: EvidenceOptions): Promise<Goal[]> {
  const graphs = Number(args[0] ?? (short ? 200 : 2000));
  const found = new Map<string, number[]>();
  let [games, events] = [0, 0];
  for (let seed = 0; seed < graphs; seed += 1) {
    const examined = examine(seed, TIMINGS);
    games += examined.games;
    events += examined.events;
    for (const { property } of examined.found) found.set(property, [...(found.get(property) ?? []), seed]);
  }
  const goal = (property: Property | "stall", text: string): Goal => {
    const seeds = found.get(property) ?? [];
    const which = seeds.length === 0 ? "" : ` (seeds ${seeds.slice(0, 5).join(", ")})`;
    return { goal: text, figure: `${seeds.length} of ${graphs} graphs differ${which}`, met: seeds.length === 0 };
  };
  const nested = nestedFaults(graphs, false);
  const races = nestedFaults(graphs, true);
  return [
    {
      goal: "random graphs are played with several timings, a crash, a cancel and a limit each",
      figure: `${graphs} graphs × ${TIMINGS} timings, ${games} games, ${events} events`,
      met: games >= graphs * TIMINGS,
    },
    ...(Object.keys(PROPERTIES) as Property[]).map((property) => goal(property, PROPERTIES[property])),
    {
      goal: "[R10] composites in composites: the same in every schedule and after crashes, each frame as a run by itself",
      figure: `${nested.length} of ${graphs} graphs differ${nested.slice(0, 3).join("; ")}`,
      met: nested.length === 0,
    },
    {
      goal: "[R11] with races among them: restores, frames and slots as the naive engine has them, no stall",
      figure: `${races.length} of ${graphs} graphs differ${races.slice(0, 3).join("; ")}`,
      met: races.length === 0,
    },
    goal("stall", "if nothing is in flight, something is ready or the run is done"),
  ];
}

function nestedFaults(graphs: number, races: boolean): string[] {
  return Array.from({ length: graphs }, (_, seed) => examineNested(seed, races).fault ?? []).flat();
}
