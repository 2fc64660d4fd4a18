import { Client as Client1 } from "langgraph-sdk-1";
import { Client as Client2 } from "langgraph-sdk-2";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { call, scripted, until } from "./api.ts";
import { startTestServer, type TestServer } from "./server.ts";

// The published clients, unchanged: 1.15.0 is the living line, 2.0.0 what an install without a range hands out.

const GREETING = "Hello Ada, well met.";
const TALK = {
  edgewise: 1,
  id: "talk",
  channels: { name: {}, greeting: {}, shout: {} },
  input: ["name"],
  nodes: {
    greet: scripted(GREETING, 5, "greeting", "Greet {{ state.name }}."),
    announce: { kind: "emit", value: "{'greeted': state.name}" },
    shout: { kind: "transform", set: { shout: "state.greeting.upperAscii()" } },
  },
  edges: [
    { from: "start", to: "greet" },
    { from: "greet", to: "announce" },
    { from: "announce", to: "shout" },
  ],
};
const LONG = {
  edgewise: 1,
  id: "long",
  channels: { said: {}, after: {} },
  nodes: {
    speak: scripted("A long story. ".repeat(200), 100, "said"),
    after: { kind: "transform", set: { after: "true" } },
  },
  edges: [
    { from: "start", to: "speak" },
    { from: "speak", to: "after" },
  ],
};
const DONE = { name: "Ada", greeting: GREETING, shout: GREETING.toUpperCase() };

let server: TestServer;
beforeAll(async () => {
  server = await startTestServer();
  for (const graph of [TALK, LONG]) await call(server, "POST", "/graphs", graph);
});
afterAll(() => server?.remove());

interface Part {
  readonly id?: string;
  readonly event: string;
  readonly data: unknown;
}
async function collect(stream: AsyncIterable<Part>): Promise<Part[]> {
  const parts: Part[] = [];
  for await (const part of stream) parts.push(part);
  return parts;
}
function textOf(parts: readonly Part[]): string {
  const messages = parts.filter((part) => part.event === "messages");
  return messages.map((part) => (part.data as [{ content: string }])[0].content).join("");
}

describe.each([
  ["1.15.0", Client1],
  ["2.0.0", Client2 as unknown as typeof Client1],
])("langgraph-sdk %s", (_version, Client) => {
  const open = () => new Client({ apiUrl: server.url, apiKey: server.key, callerOptions: { maxRetries: 0 } });

  it("creates a thread, runs a graph in it and waits for the values", async () => {
    const client = open();
    const thread = await client.threads.create({ metadata: { topic: "test" } });
    expect(thread.status).toBe("idle");
    expect(await client.runs.wait(thread.thread_id, "talk", { input: { name: "Ada" } })).toEqual(DONE);
    const after = await client.threads.get(thread.thread_id);
    expect(after).toMatchObject({ status: "idle", metadata: { topic: "test", graph_id: "talk" } });
  });

  it("runs without a thread", async () => {
    expect(await open().runs.wait(null, "talk", { input: { name: "Ada" } })).toEqual(DONE);
  });

  it("streams exactly the modes that were asked for, metadata first, the text piece by piece", async () => {
    const client = open();
    const { thread_id: threadId } = await client.threads.create();
    const created: string[] = [];
    const parts = await collect(
      client.runs.stream(threadId, "talk", {
        input: { name: "Ada" },
        streamMode: ["values", "updates", "messages-tuple", "custom"],
        onRunCreated: ({ run_id: runId }) => void created.push(runId),
      }) as AsyncIterable<Part>,
    );
    expect(parts[0]).toMatchObject({ event: "metadata", data: { run_id: created[0] } });
    expect(new Set(parts.map((part) => part.event))).toEqual(
      new Set(["metadata", "values", "updates", "messages", "custom"]),
    );
    expect(parts.filter((part) => part.event === "custom").map((part) => part.data)).toEqual([{ greeted: "Ada" }]);
    expect(parts.filter((part) => part.event === "updates").map((part) => part.data)).toEqual([
      { greet: { greeting: GREETING } },
      { announce: {} },
      { shout: { shout: DONE.shout } },
    ]);
    expect(parts.findLast((part) => part.event === "values")?.data).toEqual(DONE);
    expect(parts.filter((part) => part.event === "messages").length).toBeGreaterThan(3);
    expect(textOf(parts)).toBe(GREETING);
  });

  it("streams values alone unless told otherwise", async () => {
    const client = open();
    const { thread_id: threadId } = await client.threads.create();
    const parts = await collect(
      client.runs.stream(threadId, "talk", { input: { name: "Ada" } }) as AsyncIterable<Part>,
    );
    expect(new Set(parts.map((part) => part.event))).toEqual(new Set(["metadata", "values"]));
  });

  it("starts a run in the background, and joins it for its values", async () => {
    const client = open();
    const { thread_id: threadId } = await client.threads.create();
    const run = await client.runs.create(threadId, "talk", { input: { name: "Ada" } });
    expect(["pending", "running"]).toContain(run.status);
    expect(await client.runs.join(threadId, run.run_id)).toEqual(DONE);
    expect((await client.runs.get(threadId, run.run_id)).status).toBe("success");
    expect((await client.runs.list(threadId)).map((found) => found.run_id)).toEqual([run.run_id]);
  });

  it("joins a run's stream from the beginning, and gets the very frames of the first stream", async () => {
    const client = open();
    const { thread_id: threadId } = await client.threads.create();
    const streamMode = ["values", "messages-tuple"] as const;
    let runId = "";
    const first = await collect(
      client.runs.stream(threadId, "talk", {
        input: { name: "Ada" },
        streamMode: [...streamMode],
        streamResumable: true,
        onRunCreated: (run) => {
          runId = run.run_id;
        },
      }) as AsyncIterable<Part>,
    );
    const again = await collect(
      client.runs.joinStream(threadId, runId, {
        lastEventId: "-1",
        streamMode: [...streamMode],
      }) as AsyncIterable<Part>,
    );
    expect(again).toEqual(first);
    const middle = first[Math.floor(first.length / 2)];
    const rest = await collect(
      client.runs.joinStream(threadId, runId, {
        lastEventId: middle?.id ?? "",
        streamMode: [...streamMode],
      }) as AsyncIterable<Part>,
    );
    expect(rest).toEqual(first.slice(first.findIndex((part) => part.id === middle?.id) + 1));
  });

  it("cancels a run, after which nothing starts any more", async () => {
    const client = open();
    const { thread_id: threadId } = await client.threads.create();
    const run = await client.runs.create(threadId, "long", { input: {} });
    await until(async () => (await client.runs.get(threadId, run.run_id)).status === "running", "the run's start");
    await client.runs.cancel(threadId, run.run_id, true);
    expect((await client.runs.get(threadId, run.run_id)).status).toBe("interrupted");
    expect(await client.threads.get(threadId)).not.toMatchObject({ status: "busy" });
    const state = await client.threads.getState(threadId);
    expect(state.values).not.toHaveProperty("after");
  });

  it("refuses a second run on a busy thread", async () => {
    const client = open();
    const { thread_id: threadId } = await client.threads.create();
    const run = await client.runs.create(threadId, "long", { input: {} });
    await expect(client.runs.create(threadId, "talk", { input: { name: "Ada" } })).rejects.toMatchObject({
      status: 422,
    });
    await client.runs.cancel(threadId, run.run_id, true);
  });

  it("reads state and history: newest first, each entry's parent the next one", async () => {
    const client = open();
    const { thread_id: threadId } = await client.threads.create();
    const empty = await client.threads.getState(threadId);
    expect(empty).toMatchObject({ next: [], tasks: [] });
    expect(await client.threads.getHistory(threadId)).toEqual([]);
    await client.runs.wait(threadId, "talk", { input: { name: "Ada" } });
    const state = await client.threads.getState(threadId);
    expect(state).toMatchObject({ values: DONE, next: [] });
    const history = await client.threads.getHistory(threadId);
    expect(history[0]?.values).toEqual(DONE);
    expect(history[0]?.checkpoint.checkpoint_id).toBe(state.checkpoint.checkpoint_id);
    const parents = history.slice(0, -1).map((entry) => entry.parent_checkpoint?.checkpoint_id);
    expect(parents).toEqual(history.slice(1).map((entry) => entry.checkpoint.checkpoint_id));
    expect(history.at(-1)?.metadata).toMatchObject({ source: "input" });
  });

  it("draws an assistant's graph, and knows the schemas of what it takes and gives", async () => {
    const client = open();
    const { nodes, edges } = await client.assistants.getGraph("talk", { xray: true });
    expect(nodes.map(({ id }) => id)).toEqual(["__start__", "greet", "announce", "shout", "__end__"]);
    expect(edges).toContainEqual({ source: "greet", target: "announce" });
    const schemas = await client.assistants.getSchemas("talk");
    expect(schemas).toMatchObject({ graph_id: "talk", input_schema: { properties: { name: {} } } });
    expect(Object.keys(schemas.state_schema?.properties ?? {})).toEqual(["name", "greeting", "shout"]);
  });

  it("names what it does not know", async () => {
    const client = open();
    const { thread_id: threadId } = await client.threads.create();
    await expect(client.runs.wait(threadId, "no-such-graph", { input: {} })).rejects.toMatchObject({ status: 404 });
    await expect(client.threads.get("00000000-0000-7000-8000-000000000000")).rejects.toMatchObject({ status: 404 });
    const stranger = new Client({ apiUrl: server.url, apiKey: "ewk_local_nobody", callerOptions: { maxRetries: 0 } });
    await expect(stranger.threads.get(threadId)).rejects.toMatchObject({ status: 401 });
  });
});
