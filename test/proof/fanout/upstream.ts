import { createServer } from "node:http";

/** A model outside, in the proof's own process: answers as Ollama's chat does, after a while, and counts. */
export interface CountingUpstream {
  readonly url: string;
  /** Calls in all, and the most that were open at once. */
  counts(): { readonly calls: number; readonly prompts: number; readonly most: number };
  stop(): void;
}

export async function startCountingUpstream(delayMs: number): Promise<CountingUpstream> {
  const prompts = new Set<string>();
  let [calls, open, most] = [0, 0, 0];
  const server = createServer((request, response) => {
    let body = "";
    calls += 1;
    open += 1;
    most = Math.max(most, open);
    response.once("close", () => {
      open -= 1;
    });
    request.setEncoding("utf8").on("data", (piece: string) => {
      body += piece;
    });
    request.on("end", () => {
      const { messages } = JSON.parse(body || "{}") as { messages?: { content: string }[] };
      const prompt = messages?.at(-1)?.content ?? "";
      prompts.add(prompt);
      setTimeout(() => {
        const message = { role: "assistant", content: `answer ${prompt}` };
        const end = { done: true, done_reason: "stop", prompt_eval_count: 1, eval_count: 1 };
        response.writeHead(200, { "content-type": "application/x-ndjson" });
        response.end(`${JSON.stringify({ model: "double", message, ...end })}\n`);
      }, delayMs);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  const port = typeof address === "object" && address !== null ? address.port : 0;
  return {
    url: `http://127.0.0.1:${port}`,
    counts: () => ({ calls, prompts: prompts.size, most }),
    stop: () => {
      server.close();
      server.closeAllConnections();
    },
  };
}
