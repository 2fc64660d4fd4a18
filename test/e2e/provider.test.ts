import { createServer, type ServerResponse } from "node:http";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { call, until } from "./api.ts";
import { startTestServer, type TestServer } from "./server.ts";

/** A provider on the wire, in this process: speaks OpenAI's chat completions as the test tells it to. */
interface Double {
  readonly url: string;
  /** How the next requests are answered; the last repeats. */
  answers: ((response: ServerResponse) => void)[];
  requests: number;
  /** Requests whose connection the caller has closed before they were answered. */
  abandoned: number;
  readonly keys: (string | undefined)[];
  stop(): void;
}

async function startDouble(): Promise<Double> {
  const server = createServer((request, response) => {
    request.resume().on("end", () => {
      double.requests += 1;
      double.keys.push(request.headers.authorization);
      response.on("close", () => {
        if (!response.writableEnded) double.abandoned += 1;
      });
      const answer = double.answers.length > 1 ? double.answers.shift() : double.answers[0];
      answer?.(response);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  const port = typeof address === "object" && address !== null ? address.port : 0;
  const stop = () => {
    server.closeAllConnections();
    server.close();
  };
  const double: Double = { url: `http://127.0.0.1:${port}/v1`, answers: [], requests: 0, abandoned: 0, keys: [], stop };
  return double;
}

const chunk = (delta: object, more: object = {}) =>
  `data: ${JSON.stringify({ id: "c", object: "chat.completion.chunk", created: 1, model: "m", choices: [{ index: 0, delta, finish_reason: null, ...more }] })}\n\n`;
const says = (text: string) => (response: ServerResponse) => {
  response.writeHead(200, { "content-type": "text/event-stream" });
  response.end(`${chunk({ role: "assistant", content: text })}${chunk({}, { finish_reason: "stop" })}data: [DONE]\n\n`);
};
const fails =
  (status: number, message: string, headers: object = {}) =>
  (response: ServerResponse) => {
    response.writeHead(status, { "content-type": "application/json", ...headers });
    response.end(JSON.stringify({ error: { message, type: "error", code: null } }));
  };
/** Begins to answer and never ends. */
const drones = (response: ServerResponse) => {
  response.writeHead(200, { "content-type": "text/event-stream" });
  response.write(chunk({ role: "assistant", content: "and so on " }));
};

const GRAPH = {
  edgewise: 1,
  id: "ask",
  channels: { answer: {}, after: {} },
  nodes: {
    ask: {
      kind: "model",
      model: "openai/some-model",
      prompt: "Go on.",
      write: "answer",
      retry: { attempts: 3, delay: "10ms", max_delay: "50ms" },
    },
    after: { kind: "transform", set: { after: "state.answer" } },
  },
  edges: [
    { from: "start", to: "ask" },
    { from: "ask", to: "after" },
  ],
};

let server: TestServer;
let double: Double;
beforeAll(async () => {
  double = await startDouble();
  server = await startTestServer({ OPENAI_API_KEY: "sk-canary-4711", OPENAI_BASE_URL: double.url });
  await call(server, "POST", "/graphs", GRAPH);
});
afterAll(async () => {
  await server?.remove();
  double?.stop();
});

interface Failure {
  readonly __error__: {
    error: string;
    message: string;
    node: string;
    attempt: number;
    cause: string;
    retryable: boolean;
  };
}

describe("a provider on the wire", () => {
  it("is called with the operator's key, and asked again when it was overloaded or told us to wait", async () => {
    double.answers = [fails(503, "busy"), fails(429, "slow down", { "retry-after": "0" }), says("at last")];
    const before = double.requests;
    expect(await call(server, "POST", "/runs/wait", { assistant_id: "ask" })).toEqual({
      answer: "at last",
      after: "at last",
    });
    expect(double.requests - before).toBe(3);
    expect(new Set(double.keys)).toEqual(new Set(["Bearer sk-canary-4711"]));
  });

  it("that refuses ends the run at once, with node, attempt and cause, and no secret in them", async () => {
    double.answers = [fails(401, "Incorrect API key provided: sk-canary-4711")];
    const before = double.requests;
    const failure = await call<Failure>(server, "POST", "/runs/wait", { assistant_id: "ask" });
    expect(failure.__error__).toMatchObject({ error: "model_auth", node: "ask", attempt: 1, retryable: false });
    expect(double.requests - before).toBe(1);
    expect(JSON.stringify(failure)).not.toContain("canary");
  });

  it("that stays down ends the run after the policy's attempts, and says how often it was tried", async () => {
    double.answers = [fails(500, "down for repair")];
    const failure = await call<Failure>(server, "POST", "/runs/wait", { assistant_id: "ask" });
    expect(failure.__error__).toMatchObject({ error: "model_overloaded", node: "ask", attempt: 3 });
    expect(failure.__error__.message).toContain("down for repair");
  });

  it("is told by a closed connection when the run is cancelled, and is not called again (G10)", async () => {
    double.answers = [drones];
    const [before, abandoned] = [double.requests, double.abandoned];
    const run = await call<{ run_id: string; thread_id: string }>(server, "POST", "/runs", { assistant_id: "ask" });
    await until(async () => double.requests === before + 1, "the call");
    await fetch(`${server.url}/threads/${run.thread_id}/runs/${run.run_id}/cancel?wait=1`, {
      method: "POST",
      headers: { "x-api-key": server.key },
    });
    await until(async () => double.abandoned === abandoned + 1, "the closing of the connection", 1_000);
    const path = `/threads/${run.thread_id}/runs/${run.run_id}`;
    expect(await call(server, "GET", path)).toMatchObject({ status: "interrupted", error: { code: "run_cancelled" } });
    expect(double.requests).toBe(before + 1);
  });

  it("loses its caller when the only client of a run with on_disconnect=cancel goes away, and keeps it otherwise", async () => {
    for (const [onDisconnect, expected] of [
      ["cancel", "interrupted"],
      ["continue", "running"],
    ] as const) {
      double.answers = [drones];
      const leaving = new AbortController();
      const response = await fetch(`${server.url}/runs/stream`, {
        method: "POST",
        headers: { "x-api-key": server.key, "content-type": "application/json" },
        body: JSON.stringify({ assistant_id: "ask", stream_mode: "messages-tuple", on_disconnect: onDisconnect }),
        signal: leaving.signal,
      });
      const path = `/threads/${response.headers.get("location")?.split("/")[2]}/runs/${response.headers.get("location")?.split("/")[4]}`;
      await response.body?.getReader().read();
      leaving.abort();
      const status = async () => (await call<{ status: string }>(server, "GET", path)).status;
      if (expected === "interrupted") await until(async () => (await status()) === expected, "the cancel", 15_000);
      else expect(await status()).toBe(expected);
      await fetch(`${server.url}${path}/cancel?wait=1`, { method: "POST", headers: { "x-api-key": server.key } });
    }
  });
});
