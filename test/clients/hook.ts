import { createServer } from "node:http";
import { freePort } from "../e2e/server.ts";

/** Somebody's webhook: remembers what it was sent. */
export interface Hook {
  readonly origin: string;
  /** What was sent about that run, if anything. */
  about(runId: string): Sent | undefined;
  stop(): void;
}

export interface Sent {
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: Readonly<Record<string, unknown>>;
}

export async function startHook(): Promise<Hook> {
  const all: Sent[] = [];
  const server = createServer((request, response) => {
    let text = "";
    request.setEncoding("utf8").on("data", (piece: string) => {
      text += piece;
    });
    request.on("end", () => {
      all.push({ headers: request.headers, body: JSON.parse(text) as Sent["body"] });
      response.writeHead(204).end();
    });
  });
  const port = await freePort();
  await new Promise<void>((resolve) => server.listen(port, "127.0.0.1", resolve));
  return {
    origin: `http://127.0.0.1:${port}`,
    about: (runId) => all.find(({ body }) => body["run_id"] === runId),
    stop: () => {
      server.closeAllConnections();
      server.close();
    },
  };
}
