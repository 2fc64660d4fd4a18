import { createServer, type IncomingHttpHeaders } from "node:http";

/** A receiver of webhooks, in the test's own process: remembers what it was sent, and answers as it is told to. */
export interface Receiver {
  readonly url: string;
  readonly messages: readonly Received[];
  /** The next answers' statuses; after them 200. */
  answers(...statuses: number[]): void;
  /** From now on nothing is answered, or everything is. */
  hold(isHeld: boolean): void;
  stop(): void;
}

export interface Received {
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
  readonly at: number;
}

export async function startReceiver(): Promise<Receiver> {
  const messages: Received[] = [];
  const statuses: number[] = [];
  let isHeld = false;
  const server = createServer((request, response) => {
    let text = "";
    request.setEncoding("utf8").on("data", (piece: string) => {
      text += piece;
    });
    request.on("end", () => {
      messages.push({ headers: request.headers, text, at: Date.now() });
      if (!isHeld) response.writeHead(statuses.shift() ?? 200).end("taken");
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  const port = typeof address === "object" && address !== null ? address.port : 0;
  return {
    url: `http://127.0.0.1:${port}`,
    messages,
    answers: (...next) => void statuses.push(...next),
    hold(held) {
      isHeld = held;
    },
    stop() {
      server.closeAllConnections();
      server.close();
    },
  };
}
