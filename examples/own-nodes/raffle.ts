import { graph } from "edgewise/authoring";
import { z } from "zod";
import { draw } from "./draw.ts";

export const raffle = graph(
  {
    id: "raffle",
    name: "A raffle",
    channels: {
      names: z.array(z.string()),
      winner: z.string(),
      letter: z.string().default("Nobody took part."),
    },
    input: ["names"],
    output: ["winner", "letter"],
    nodes: {
      pick: { kind: "draw", from: "state.names", write: "winner" },
      write: {
        kind: "model",
        prompt: `<document title="result">The winner of our raffle is {{ state.winner }}.</document>

Write the winner a letter of one sentence.`,
        write: "letter",
      },
    },
    edges: [
      { from: "start", to: "pick", when: "has(state.names) && size(state.names) > 0" },
      { from: "pick", to: "write" },
    ],
  },
  { kinds: [draw] },
);

// `npx node raffle.ts` prints the document
if (import.meta.main) console.log(raffle.yaml());
