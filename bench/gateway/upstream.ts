import { createServer, type ServerResponse } from "node:http";

/**
 * An OpenAI-shaped host that has its answers ready: `fast` as JSON or as 200 chunks at once, `paced` a chunk each 5 ms, `silent`
 * nothing at all. `GET /stats` tells what it saw of clients that left.
 */
const CHUNKS = 200;
const PACE_MS = 5;
const HEAD = { id: "chatcmpl-bench", object: "chat.completion.chunk", created: 1_700_000_000, model: "fast" };
const chunks = Array.from(
  { length: CHUNKS },
  (_, n) =>
    `data: ${JSON.stringify({ ...HEAD, choices: [{ index: 0, delta: { content: ` word${n}` }, finish_reason: null }] })}\n\n`,
);
const usage = `data: ${JSON.stringify({ ...HEAD, choices: [], usage: { prompt_tokens: 12, completion_tokens: CHUNKS, total_tokens: 12 + CHUNKS } })}\n\n`;
const end = `${usage}data: [DONE]\n\n`;
const reply = JSON.stringify({
  ...HEAD,
  object: "chat.completion",
  choices: [{ index: 0, message: { role: "assistant", content: "some words ".repeat(40) }, finish_reason: "stop" }],
  usage: { prompt_tokens: 12, completion_tokens: 80, total_tokens: 92 },
});
const stats = { open: 0, aborted: 0, abortedAt: [] as number[] };

function stream(response: ServerResponse, isPaced: boolean): void {
  response.writeHead(200, { "content-type": "text/event-stream" });
  if (!isPaced) {
    for (const chunk of chunks) response.write(chunk);
    response.end(end);
    return;
  }
  const begun = performance.now();
  let n = 0;
  const tick = (): void => {
    if (response.destroyed) return;
    response.write(chunks[n++]);
    if (n === CHUNKS) response.end(end);
    else setTimeout(tick, Math.max(0, begun + n * PACE_MS - performance.now()));
  };
  tick();
}

const server = createServer((request, response) => {
  if (request.method === "GET") {
    const body =
      request.url === "/stats" ? stats : { object: "list", data: ["fast", "paced", "silent"].map((id) => ({ id })) };
    response.writeHead(200, { "content-type": "application/json" });
    response.end(JSON.stringify(body));
    return;
  }
  const pieces: Buffer[] = [];
  request.on("data", (piece: Buffer) => pieces.push(piece));
  request.on("end", () => {
    stats.open += 1;
    response.once("close", () => {
      stats.open -= 1;
      if (response.writableFinished) return;
      stats.aborted += 1;
      stats.abortedAt.push(Date.now());
    });
    const { model, stream: isStream } = JSON.parse(Buffer.concat(pieces).toString()) as {
      model: string;
      stream?: boolean;
    };
    if (model === "silent") return;
    if (isStream === true) return stream(response, model === "paced");
    response.writeHead(200, { "content-type": "application/json", "content-length": Buffer.byteLength(reply) });
    response.end(reply);
  });
});
server.listen(0, "127.0.0.1", 4_096, () => process.send?.({ port: (server.address() as { port: number }).port }));
