import { createServer } from "node:http";

/** A service outside, in the test's own process: answers what Ollama's chat would, and remembers what it was asked. */
export interface Upstream {
  readonly url: string;
  readonly prompts: readonly string[];
  /** From now on every call fails with 503, or is answered again. */
  refuse(isRefused: boolean): void;
  stop(): void;
}

export async function startUpstream(answer: string): Promise<Upstream> {
  const prompts: string[] = [];
  let isRefused = false;
  const server = createServer((request, response) => {
    let body = "";
    request.setEncoding("utf8").on("data", (piece: string) => {
      body += piece;
    });
    request.on("end", () => {
      const { messages } = JSON.parse(body || "{}") as { messages?: { content: string }[] };
      prompts.push(messages?.at(-1)?.content ?? "");
      if (isRefused) {
        response.writeHead(503).end("away");
        return;
      }
      response.writeHead(200, { "content-type": "application/x-ndjson" });
      response.write(
        `${JSON.stringify({ model: "sealer", message: { role: "assistant", content: answer }, done: false })}\n`,
      );
      const end = { done: true, done_reason: "stop", prompt_eval_count: 1, eval_count: 1 };
      response.end(`${JSON.stringify({ model: "sealer", message: { role: "assistant", content: "" }, ...end })}\n`);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  const port = typeof address === "object" && address !== null ? address.port : 0;
  const refuse = (refused: boolean) => {
    isRefused = refused;
  };
  return { url: `http://127.0.0.1:${port}`, prompts, refuse, stop: () => void server.close() };
}
