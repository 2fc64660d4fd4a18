import type { EvidenceOptions, Goal } from "../../scripts/goal.ts";
import { examineNested } from "../../src/engine/testing/nested-play.ts";
import { examine } from "../../src/engine/testing/properties.ts";
import { Stop } from "../../scripts/local/stop.ts";
import { cancelledAnywhere, crashesAnywhere, deliveredTwice, startsInTurn } from "../properties/engine.ts";
import { injective } from "../properties/keys.ts";
import { readsBack, snapshotsTell } from "../properties/log.ts";
import type { Found } from "../properties/property.ts";
import { retriedOnce } from "../properties/retries.ts";

interface Property {
  readonly number: string;
  readonly says: string;
  readonly of: "graphs" | "values" | "pairs";
  readonly try: (cases: number) => Found;
}

const PROPERTIES: readonly Property[] = [
  { number: "1", says: "the order in which tasks complete decides nothing", of: "graphs", try: permuted },
  {
    number: "2, 4",
    says: "a run cut off anywhere stands and goes on as if it had not been",
    of: "graphs",
    try: crashesAnywhere,
  },
  { number: "3", says: "an event that comes twice counts once", of: "graphs", try: deliveredTwice },
  { number: "6", says: "a run cancelled anywhere is over, once", of: "graphs", try: cancelledAnywhere },
  { number: "8", says: "every JSON value is read back as it was", of: "values", try: readsBack },
  { number: "9", says: "a task that was tried again counts once in every reducer", of: "values", try: retriedOnce },
  { number: "10", says: "names are equal only where all that they name is", of: "pairs", try: injective },
  { number: "13", says: "snapshots, whole or as differences, say the values", of: "values", try: snapshotsTell },
  { number: "18", says: "what is ready starts in its turn", of: "graphs", try: startsInTurn },
];

const CASES = 1_000;
/** Pairs cost next to nothing. */
const PAIRS_PER_CASE = 20;

/**
 * The properties that are tried on random cases, on far more of them than with every change: the others have proofs of their own
 * (`corpus`: 11 and 12; `documents`: 14; `expressions`: 15) or cost nothing more (7, 17). `npm run proof -- properties [cases each]`.
 */
export async function run({ short, args }: EvidenceOptions): Promise<Goal[]> {
  const cases = args[0] === undefined ? (short ? 30 : CASES) : Number(args[0]);
  if (!Number.isInteger(cases) || cases < 1) throw new Stop(`"${args[0]}" is no number of cases; say one from 1 on.`);
  return PROPERTIES.map((property) => tried(property, property.of === "pairs" ? cases * PAIRS_PER_CASE : cases));
}

function tried({ number, says, of, try: attempt }: Property, cases: number): Goal {
  const goal = `[property ${number}] ${says}`;
  try {
    const found = attempt(cases);
    return { goal, figure: `${cases} ${of}, ${found.cases} cases`, met: found.cases > 0 };
  } catch (thrown) {
    const why = thrown instanceof Error ? thrown.message.replace(/\s+/g, " ") : String(thrown);
    return { goal, figure: why.slice(0, 300), met: false };
  }
}

/** Several timings of each graph, with composites and without. */
function permuted(graphs: number): Found {
  const differing: string[] = [];
  for (let seed = 0; seed < graphs; seed += 1) {
    const found = examine(seed, 4).found.filter(({ property }) => property === "timing");
    differing.push(...found.map(({ detail }) => `graph ${seed}: ${detail}`));
    const { fault } = examineNested(seed);
    if (fault !== undefined) differing.push(fault);
  }
  if (differing.length > 0) throw new Error(differing.slice(0, 3).join("; "));
  return { cases: graphs * 9 };
}
