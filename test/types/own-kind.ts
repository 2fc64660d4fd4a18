import { z } from "zod";
import { channel, defineNode, expression, template } from "../../src/index.ts";

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
