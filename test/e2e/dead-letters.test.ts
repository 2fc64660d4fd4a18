import { afterAll, beforeAll, describe, expect, it, onTestFailed } from "vitest";
import { call, until } from "./api.ts";
import { startTestServer, type TestServer } from "./server.ts";
import { startUpstream, type Upstream } from "./upstream.ts";

// F8 on a real server: a node that fails for good, its dead letter, and two redrives at once.

const GRAPH = {
  edgewise: 1,
  id: "asks",
  channels: { question: {}, noted: { reducer: "append" }, answer: {} },
  input: ["question"],
  nodes: {
    note: { kind: "transform", set: { noted: "state.question" } },
    ask: {
      kind: "model",
      model: "ollama/anything",
      prompt: "{{ state.question }}",
      write: "answer",
      retry: { attempts: 2, delay: "10ms", max_delay: "10ms" },
    },
  },
  edges: [
    { from: "start", to: "note" },
    { from: "note", to: "ask" },
  ],
};

interface Letter {
  readonly dead_letter_id: string;
  readonly status: string;
  readonly run_id: string;
  readonly thread_id: string;
  readonly node: string;
  readonly cause: { readonly code: string };
  readonly redriven_run_id: string | null;
  readonly history: readonly { readonly attempt: number }[];
  readonly payload: unknown;
}

let upstream: Upstream;
let server: TestServer;
beforeAll(async () => {
  upstream = await startUpstream("At last.");
  server = await startTestServer({ OLLAMA_BASE_URL: upstream.url });
  await call(server, "POST", "/graphs", GRAPH);
});
afterAll(async () => {
  await server?.remove();
  upstream?.stop();
});

const list = async (query: string) =>
  (await call<{ dead_letters: Letter[] }>(server, "GET", `/dead-letters${query}`)).dead_letters;

async function fail(question: string): Promise<Letter> {
  upstream.refuse(true);
  const { thread_id: threadId } = await call<{ thread_id: string }>(server, "POST", "/threads", {});
  await call(server, "POST", `/threads/${threadId}/runs`, { assistant_id: "asks", input: { question } });
  await until(async () => (await list(`?thread=${threadId}`)).length === 1, "the dead letter");
  upstream.refuse(false);
  const [line] = await list(`?thread=${threadId}`);
  return call<Letter>(server, "GET", `/dead-letters/${line?.dead_letter_id}`);
}

describe("a node that fails for good", () => {
  it("leaves a dead letter; redriven twice at once it is one run, which succeeds, and the letter says so", async () => {
    onTestFailed(() => console.error(server.output()));
    const letter = await fail("Who?");
    expect(letter).toMatchObject({
      status: "open",
      node: "ask",
      cause: { code: "model_overloaded", attempt: 2 },
      payload: { state: { question: "Who?", noted: ["Who?"] } },
    });
    expect(letter.history.map(({ attempt }) => attempt)).toEqual([1, 2]);
    const path = `/dead-letters/${letter.dead_letter_id}`;
    const asked = () => call<{ run: { run_id: string } }>(server, "POST", `${path}/redrive`);
    const [one, other] = await Promise.all([asked(), asked()]);
    expect(one.run.run_id).toBe(other.run.run_id);
    const run = `/threads/${letter.thread_id}/runs`;
    expect(await call(server, "GET", `${run}/${one.run.run_id}/join`)).toMatchObject({
      answer: "At last.",
      noted: ["Who?"],
    });
    expect(await call<unknown[]>(server, "GET", run)).toHaveLength(2);
    expect(upstream.prompts.filter((prompt) => prompt === "Who?")).toHaveLength(3);
    expect(await call(server, "GET", path)).toMatchObject({ status: "redriven", redriven_run_id: one.run.run_id });
    expect(await list("?status=open&graph=asks")).toEqual([]);
  });

  it("[F8] is there after a kill, and its redrive goes on after another", async () => {
    onTestFailed(() => console.error(server.output()));
    const letter = await fail("When?");
    await server.kill9();
    await server.start();
    const path = `/dead-letters/${letter.dead_letter_id}`;
    expect(await call(server, "GET", path)).toMatchObject({ status: "open", payload: letter.payload });
    const { run } = await call<{ run: { run_id: string } }>(server, "POST", `${path}/redrive`);
    await server.kill9();
    await server.start();
    const again = await call<{ run: { run_id: string } }>(server, "POST", `${path}/redrive`);
    expect(again.run.run_id).toBe(run.run_id);
    expect(await call(server, "GET", `/threads/${letter.thread_id}/runs/${run.run_id}/join`)).toMatchObject({
      answer: "At last.",
    });
  });
});
