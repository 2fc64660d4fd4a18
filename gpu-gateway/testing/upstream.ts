import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

/** An OpenAI-shaped host whose behaviour a test decides. */
export interface Upstream {
  readonly url: string;
  readonly seen: { readonly path: string; readonly body: unknown; readonly headers: IncomingMessage["headers"] }[];
  /** Streams whose reader left before their end. */
  aborted: number;
  open: number;
  mostOpen: number;
  close(): Promise<void>;
}

export type Behaviour = (response: ServerResponse, body: Record<string, unknown>) => void | Promise<void>;

export async function startUpstream(models: readonly string[], behave: Behaviour): Promise<Upstream> {
  const server: Server = createServer((request, response) => {
    if (request.method === "GET") {
      response.writeHead(200, { "content-type": "application/json" });
      return void response.end(JSON.stringify({ object: "list", data: models.map((id) => ({ id })) }));
    }
    const pieces: Buffer[] = [];
    request.on("data", (piece: Buffer) => pieces.push(piece));
    request.on("end", () => {
      const body = JSON.parse(Buffer.concat(pieces).toString()) as Record<string, unknown>;
      upstream.seen.push({ path: request.url ?? "", body, headers: request.headers });
      upstream.open += 1;
      upstream.mostOpen = Math.max(upstream.mostOpen, upstream.open);
      response.once("close", () => {
        upstream.open -= 1;
        if (!response.writableFinished) upstream.aborted += 1;
      });
      void behave(response, body);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  const upstream: Upstream = {
    url: `http://127.0.0.1:${port}`,
    seen: [],
    aborted: 0,
    open: 0,
    mostOpen: 0,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
  return upstream;
}

export const CHUNKS = ["a", "b", "c"].map(
  (content) => `data: ${JSON.stringify({ choices: [{ index: 0, delta: { content } }] })}\n\n`,
);
export const USAGE_CHUNK = `data: ${JSON.stringify({ choices: [], usage: { prompt_tokens: 12, completion_tokens: 3, total_tokens: 15 } })}\n\n`;
export const DONE = "data: [DONE]\n\n";
export const REPLY = JSON.stringify({
  id: "x",
  choices: [{ index: 0, message: { role: "assistant", content: "hello" }, finish_reason: "stop" }],
  usage: { prompt_tokens: 5, completion_tokens: 1 },
});

/** As vLLM does: usage is in a stream when it was asked for. */
export const answers: Behaviour = (response, { stream, stream_options: options }) => {
  if (stream !== true) {
    response.writeHead(200, { "content-type": "application/json" });
    return void response.end(REPLY);
  }
  response.writeHead(200, { "content-type": "text/event-stream" });
  for (const chunk of CHUNKS) response.write(chunk);
  if (JSON.stringify(options ?? {}).includes("true")) response.write(USAGE_CHUNK);
  response.end(DONE);
};

export function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

/** @throws Error after `withinMs` */
export async function until(holds: () => boolean, withinMs = 2_000): Promise<void> {
  for (const end = performance.now() + withinMs; !holds(); ) {
    if (performance.now() > end) throw new Error(`It did not come to hold within ${withinMs} ms.`);
    await pause(5);
  }
}
