import { Client as Client1, type ThreadState } from "langgraph-sdk-1";
import { Client as Client2 } from "langgraph-sdk-2";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { call } from "./api.ts";
import { startTestServer, type TestServer } from "./server.ts";

// What goes on inside of a node, as the published clients ask for it.

const ASKING = {
  edgewise: 1,
  id: "asking",
  channels: { topic: {}, draft: {}, verdict: {} },
  nodes: {
    review: {
      kind: "subgraph",
      graph: {
        channels: { topic: {}, draft: {}, verdict: {} },
        nodes: {
          write: { kind: "transform", set: { draft: "'About ' + state.topic" } },
          ask: { kind: "gate", ask: "{{ state.draft }}?", write: "verdict" },
        },
        edges: [
          { from: "start", to: "write" },
          { from: "write", to: "ask" },
        ],
      },
    },
  },
  edges: [{ from: "start", to: "review" }],
};

let server: TestServer;
beforeAll(async () => {
  server = await startTestServer();
  await call(server, "POST", "/graphs", ASKING);
});
afterAll(() => server?.remove());

describe.each([
  ["1.15.0", Client1],
  ["2.0.0", Client2 as unknown as typeof Client1],
])("langgraph-sdk %s", (_version, Client) => {
  const open = () => new Client({ apiUrl: server.url, apiKey: server.key, callerOptions: { maxRetries: 0 } });

  it("reads the state of a subgraph that waits, and its history when it is over", async () => {
    const { runs, threads } = open();
    const { thread_id: threadId } = await threads.create();
    await runs.wait(threadId, "asking", { input: { topic: "ants" } });

    const state = await threads.getState(threadId);
    const [task] = state.tasks;
    const name = `review:${task?.id}`;
    const inner = { values: { topic: "ants", draft: "About ants" }, next: ["ask"] };
    expect(task).toMatchObject({ state: null, checkpoint: { thread_id: threadId, checkpoint_ns: name } });
    const [whole] = (await threads.getState(threadId, undefined, { subgraphs: true })).tasks;
    expect(whole).toMatchObject({ checkpoint: null, state: inner });
    if (!task?.checkpoint) throw new Error("The task names no checkpoint.");
    const asked: ThreadState = await threads.getState(threadId, task.checkpoint as never, { subgraphs: true });
    expect(asked).toEqual(whole?.state);
    expect(await threads.getState(threadId, asked.checkpoint)).toEqual(asked);
    expect(asked.tasks[0]?.interrupts).toEqual([{ id: expect.any(String), value: "About ants?" }]);

    await runs.wait(threadId, "asking", { command: { resume: "fine" } });
    const history = await threads.getHistory(threadId, { checkpoint: { checkpoint_ns: name } });
    expect(history.map(({ next }) => next)).toEqual([[], ["ask"], ["write"]]);
    expect(history[0]?.values).toEqual({ topic: "ants", draft: "About ants", verdict: "fine" });
    expect(history[0]?.parent_checkpoint).toEqual(history[1]?.checkpoint);
    const outer = String(history[0]?.checkpoint.checkpoint_map?.[""]);
    expect((await threads.getState(threadId, outer)).next).toEqual(["review"]);
    const before = history[0]?.checkpoint as never;
    expect(await threads.getHistory(threadId, { checkpoint: { checkpoint_ns: name }, before, limit: 1 })).toEqual([
      history[1],
    ]);
  });

  it("is told that there is no such frame", async () => {
    const { runs, threads } = open();
    const { thread_id: threadId } = await threads.create();
    await runs.wait(threadId, "asking", { input: { topic: "bees" } });
    const checkpoint = { checkpoint_ns: "review:6ba7b821-9dad-11d1-80b4-00c04fd430c8" };
    await expect(threads.getHistory(threadId, { checkpoint })).rejects.toThrow(/404/);
    await expect(threads.getState(threadId, checkpoint as never)).rejects.toThrow(/No frame .* has begun/);
  });
});
