import { channel, defineNode, failure, template } from "edgewise/authoring";
import { z } from "zod";

export const lookUp = defineNode({
  kind: "look-up",
  summary: "Looks a word up in a dictionary",
  config: {
    url: z.string().describe("Address of the dictionary, which ends with /"),
    word: template().describe("Template of the word"),
    write: channel().describe("Channel for the entry"),
  },
  effect: "idempotent",
  retry: { attempts: 4, delay: "1s" },
  timeout: "10s",
  async run({ url, word, write }, { fetch, signal }) {
    const answer = await fetch(url + encodeURIComponent(word), { signal });
    if (answer.status === 404) throw failure("node_failed", `Nobody knows the word ${word}.`);
    if (!answer.ok) throw failure("http_failed", `The dictionary answered ${answer.status}.`, { retryable: true });
    return { [write]: await answer.text() };
  },
});
