import { z } from "zod";
import { channel, defineNode, expression, target, template } from "../../src/index.ts";

export const shout = defineNode({
  kind: "shout",
  summary: "Says it loudly",
  config: {
    text: template(),
    times: z.number().int().default(1),
    who: expression(z.string()).optional(),
    write: channel(),
  },
  effect: "pure",
  run: ({ text, times, who, write }, { say }) => {
    say(text);
    return { [write]: text.toUpperCase().repeat(times) + (who ?? "") };
  },
});

/** Sends each word of a text to another node. */
export const scatter = defineNode({
  kind: "scatter",
  summary: "Sends each word on",
  config: { text: template(), to: target() },
  effect: "pure",
  run({ text, to }, { send }) {
    for (const word of text.split(" ")) send(to, word);
  },
});
