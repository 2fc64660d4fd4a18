import { existsSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { Client as Client1 } from "langgraph-sdk-1";
import { Client as Client2 } from "langgraph-sdk-2";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { APPROVAL, PUBLISHED, YES } from "../approval.ts";
import { ROOT } from "../sources.ts";
import { call } from "./api.ts";
import { startTestServer, type TestServer } from "./server.ts";

// Questions, answers, updates and time travel, by the published clients, unchanged.

const ASKED = { question: "Publish?", draft: "About bees" };

let server: TestServer;
beforeAll(async () => {
  server = await startTestServer();
  await call(server, "POST", "/graphs", APPROVAL);
});
afterAll(() => server?.remove());

interface Part {
  readonly event: string;
  readonly data: unknown;
}
async function collect(stream: AsyncIterable<Part>): Promise<Part[]> {
  const parts: Part[] = [];
  for await (const part of stream) parts.push(part);
  return parts;
}
const valuesIn = (parts: readonly Part[]) => parts.filter(({ event }) => event === "values").map(({ data }) => data);

describe.each([
  ["1.15.0", Client1],
  ["2.0.0", Client2 as unknown as typeof Client1],
])("langgraph-sdk %s", (_version, Client) => {
  const open = () => new Client({ apiUrl: server.url, apiKey: server.key, callerOptions: { maxRetries: 0 } });

  /** A thread whose run stands at the question. */
  async function asked() {
    const client = open();
    const { thread_id: threadId } = await client.threads.create();
    const streamed = client.runs.stream(threadId, "approval", {
      input: { topic: "bees" },
      streamMode: ["values", "updates"],
    });
    return { client, threadId, parts: await collect(streamed as AsyncIterable<Part>) };
  }

  it("is told what is asked: by the stream, the state and the thread (R8)", async () => {
    const { client, threadId, parts } = await asked();
    const question = { id: expect.stringMatching(/^[0-9a-f]{32}$/), value: ASKED };
    expect(valuesIn(parts).at(-1)).toEqual({ __interrupt__: [question] });
    expect(parts.filter(({ event }) => event === "updates").at(-1)?.data).toEqual({ __interrupt__: [question] });
    const state = await client.threads.getState(threadId);
    expect(state).toMatchObject({ next: ["ask"], tasks: [{ name: "ask", interrupts: [question] }] });
    const thread = await client.threads.get(threadId);
    expect(thread).toMatchObject({ status: "interrupted", interrupts: { [state.tasks[0]?.id ?? ""]: [question] } });
  });

  it("answers, and the stream goes on to the result (G9)", async () => {
    const { client, threadId } = await asked();
    const goesOn = client.runs.stream(threadId, "approval", { command: { resume: YES }, streamMode: ["values"] });
    const parts = await collect(goesOn as AsyncIterable<Part>);
    expect(new Set(parts.map(({ event }) => event))).toEqual(new Set(["metadata", "values"]));
    expect(valuesIn(parts).at(-1)).toMatchObject(PUBLISHED);
    expect((await client.threads.get(threadId)).status).toBe("idle");
    const state = await client.threads.getState(threadId);
    expect(state).toMatchObject({ next: [], tasks: [], values: PUBLISHED });
  });

  it("answers by the question's id, once: another answer is 409", async () => {
    const { client, threadId } = await asked();
    const id = (await client.threads.getState(threadId)).tasks[0]?.interrupts[0]?.id ?? "";
    const answer = (value: object) => client.runs.wait(threadId, "approval", { command: { resume: { [id]: value } } });
    expect(await answer(YES)).toEqual(PUBLISHED);
    await expect(answer({ approved: false })).rejects.toMatchObject({ status: 409 });
  });

  it("waits for a run that asks, and gets what it asks with the values", async () => {
    const client = open();
    const { thread_id: threadId } = await client.threads.create();
    expect(await client.runs.wait(threadId, "approval", { input: { topic: "bees" } })).toMatchObject({
      draft: "About bees",
      __interrupt__: [{ value: ASKED }],
    });
  });

  it("updates the state as the node that asked, and goes on with no input (R7)", async () => {
    const { client, threadId } = await asked();
    const updated = await client.threads.updateState(threadId, {
      values: { decision: { approved: false } },
      asNode: "ask",
    });
    const state = await client.threads.getState(threadId);
    expect(state.checkpoint).toEqual((updated as unknown as { checkpoint: object }).checkpoint);
    expect(state.next).toEqual(["drop"]);
    expect(await client.runs.wait(threadId, "approval", { input: null })).toMatchObject({ result: "Dropped." });
  });

  it("goes back to a checkpoint, edits what was there and goes on from it; what came after is still read", async () => {
    const { client, threadId } = await asked();
    await client.runs.wait(threadId, "approval", { command: { resume: YES } });
    const ended = await client.threads.getState(threadId);
    const history = await client.threads.getHistory(threadId);
    const then = history.find(({ next }) => next[0] === "ask");
    if (then === undefined) throw new Error("no state stands at the question");
    await client.threads.updateState(threadId, { values: { draft: "About ants" }, checkpoint: then.checkpoint });
    await client.runs.wait(threadId, "approval", { input: null });
    const forked = await client.runs.wait(threadId, "approval", { command: { resume: YES } });
    expect(forked).toMatchObject({ result: "Published: About ants" });
    const before = await client.threads.getState(threadId, ended.checkpoint);
    expect(before.values).toEqual(ended.values);
    expect(await client.threads.getState(threadId, ended.checkpoint.checkpoint_id ?? "")).toEqual(before);
  });

  it("pages through the history by `before`, and finds every state once", async () => {
    const { client, threadId } = await asked();
    await client.runs.wait(threadId, "approval", { command: { resume: YES } });
    const whole = await client.threads.getHistory(threadId, { limit: 100 });
    const paged: typeof whole = [];
    for (let page = await client.threads.getHistory(threadId, { limit: 2 }); page.length > 0; ) {
      paged.push(...page);
      const last = page.at(-1);
      if (last === undefined) break;
      page = await client.threads.getHistory(threadId, {
        limit: 2,
        before: { configurable: last.checkpoint } as never,
      });
    }
    expect(paged).toEqual(whole);
    expect(whole.map(({ next }) => next.join())).toContain("ask");
  });

  it("sends the head's checkpoint along with an answer, as `useStream` does", async () => {
    const { client, threadId } = await asked();
    const { checkpoint } = await client.threads.getState(threadId);
    const { thread_id: _, ...head } = checkpoint;
    const answered = await client.runs.wait(threadId, "approval", { command: { resume: YES }, checkpoint: head });
    expect(answered).toEqual(PUBLISHED);
  });
});

const REMOTE = join(ROOT, "bench/peers/node_modules/@langchain/langgraph/dist/pregel/remote.js");

interface Remote {
  invoke(input: unknown, config: object): Promise<object>;
  getState(config: object): Promise<{ next: string[]; tasks: { interrupts: { value: unknown }[] }[]; values: object }>;
  updateState(config: object, values: object, asNode?: string): Promise<{ configurable: object }>;
  getStateHistory(config: object): AsyncIterable<{ values: object; next: string[] }>;
}

describe.skipIf(!existsSync(REMOTE))("RemoteGraph, where LangGraph itself is installed", () => {
  it("invokes, is asked, updates the state, goes on and looks back", async () => {
    const { RemoteGraph } = (await import(pathToFileURL(REMOTE).href)) as {
      RemoteGraph: new (options: object) => Remote;
    };
    const graph = new RemoteGraph({ graphId: "approval", url: server.url, apiKey: server.key });
    const { thread_id: threadId } = await call<{ thread_id: string }>(server, "POST", "/threads", {});
    const config = { configurable: { thread_id: threadId } };
    await graph.invoke({ topic: "bees" }, config).catch((error: unknown) => error);
    const state = await graph.getState(config);
    expect(state).toMatchObject({ next: ["ask"], tasks: [{ interrupts: [{ value: ASKED }] }] });
    await graph.updateState(config, { decision: YES }, "ask");
    expect(await graph.invoke(null, config)).toMatchObject(PUBLISHED);
    const next: string[][] = [];
    for await (const snapshot of graph.getStateHistory(config)) next.push(snapshot.next);
    expect(next).toContainEqual(["ask"]);
    expect(next[0]).toEqual([]);
  });
});
