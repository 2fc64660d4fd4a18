import { createServer } from "node:http";
import type { AddressInfo } from "node:net";

export interface ModelServer {
  readonly url: string;
  stop(): Promise<void>;
}

const ANSWER = `${JSON.stringify({
  model: "none",
  message: { role: "assistant", content: "x" },
  done: true,
  done_reason: "stop",
  prompt_eval_count: 1,
  eval_count: 1,
})}\n`;

/** Answers every request at once as Ollama would: what is left is the way there and back. */
export async function startModelServer(): Promise<ModelServer> {
  const server = createServer((request, response) => {
    request.resume().on("end", () => {
      response.writeHead(200, { "content-type": "application/x-ndjson" }).end(ANSWER);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    stop: () =>
      new Promise((resolve) => {
        server.closeAllConnections();
        server.close(() => resolve());
      }),
  };
}
