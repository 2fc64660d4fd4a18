import { createServer, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { clock, readPace, stamp } from "./stamps.ts";

// A model's server in a process of its own: says as many tokens as the prompt asks for, each of which is the time it was said.

const line = (content: string, more: object) =>
  `${JSON.stringify({ model: "double", message: { role: "assistant", content }, ...more })}\n`;
const LAST = line("", { done: true, done_reason: "stop", prompt_eval_count: 1, eval_count: 1 });

async function say(response: ServerResponse, prompt: string): Promise<void> {
  const { tokens, perSecond, from } = readPace(prompt);
  response.writeHead(200, { "content-type": "application/x-ndjson" }).flushHeaders();
  if (from > clock()) await sleep((from - clock()) / 1000);
  const startedAt = performance.now();
  for (let said = 0; said < tokens; ) {
    const due = Math.min(tokens, Math.floor(((performance.now() - startedAt) / 1000) * perSecond) + 1);
    for (; said < due; said++) response.write(line(stamp(), { done: false }));
    if (said < tokens) await sleep(Math.max(0, (said / perSecond) * 1000 - (performance.now() - startedAt)));
  }
  response.end(LAST);
}

const server = createServer((request, response) => {
  let body = "";
  request.setEncoding("utf8").on("data", (piece: string) => {
    body += piece;
  });
  request.on("end", () => {
    const { messages } = JSON.parse(body) as { messages: { content: string }[] };
    void say(response, messages.at(-1)?.content ?? "");
  });
});
server.listen(0, "127.0.0.1", () => process.send?.((server.address() as AddressInfo).port));
process.on("disconnect", () => process.exit(0));
