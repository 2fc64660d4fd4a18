import { channel, defineNode, expression } from "edgewise/authoring";
import { z } from "zod";

/** Draws one of a list. Chance is a step of its own, so a second attempt has the same winner. */
export const draw = defineNode({
  kind: "draw",
  summary: "Draws one of a list by chance",
  config: {
    from: expression(z.array(z.string()).min(1)).describe("CEL expression of the list"),
    write: channel().describe("Channel for the one that is drawn"),
  },
  effect: "idempotent",
  retry: 3,
  async run({ from, write }, { once, say }) {
    const place = await once("place", () => Math.floor(Math.random() * from.length));
    const winner = from[place] ?? "";
    say(`The winner is ${winner}.`);
    return { [write]: winner };
  },
});
