import { Random } from "../../../../src/engine/testing/random.ts";
import { big, errors, flat, forks, hold, retries, streams, unsafe } from "./flat.ts";
import { gates, loop, map, race, sagas, signals, waits } from "./framed.ts";
import type { Maker, Program } from "./program.ts";

/** Ended by themselves, one run a thread. */
const SCENES: Readonly<Record<string, Maker>> = {
  flat,
  forks,
  map,
  loop,
  race,
  waits,
  signals,
  gates,
  sagas,
  retries,
  errors,
  unsafe,
  streams,
};

export interface Programs {
  readonly scenes: readonly Program[];
  readonly big: Program;
  readonly hold: Program;
  readonly all: readonly Program[];
}

/** @param ofEach how many random programs of each family; the seed decides which */
export function makePrograms(seed: number, ofEach: number, url: string): Programs {
  const scenes = Array.from({ length: ofEach }, (_, round) =>
    Object.entries(SCENES).map(([family, make]) => {
      const id = `${family}-${round}`;
      return make({ id, url, random: new Random("program", seed, id) });
    }),
  ).flat();
  const one = (make: Maker, id: string) => make({ id, url, random: new Random("program", seed, id) });
  const [bigOne, holdOne] = [one(big, "big"), one(hold, "hold")];
  return { scenes, big: bigOne, hold: holdOne, all: [...scenes, bigOne, holdOne] };
}

export const documentOf = ({ id, document }: Program) => ({ edgewise: 1, id, ...document });
