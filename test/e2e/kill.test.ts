import { afterAll, beforeAll, describe, onTestFailed, expect, it } from "vitest";
import { readEvents, type StreamEvent } from "../../scripts/local/client.ts";
import { call, scripted, until } from "./api.ts";
import { startTestServer, type TestServer } from "./server.ts";
import { startUpstream, type Upstream } from "./upstream.ts";

// What `npm start` starts dies in the middle of a run, the whole process group at once, and is started again. Many more kills, of
// the runtime alone: chaos.test.ts.

const TRAIL = { mark: {}, trail: { reducer: "append" }, one: {}, two: {}, three: {}, all: {}, seal: {} };
/** The last node asks a service outside: who watches that sees the run go on without asking the server. */
const SEAL = { kind: "model", model: "ollama/sealer", prompt: "{{ state.mark }}", write: "seal" };
const tell = (name: string) => `${name} tells what it has to tell.`;
const note = (name: string) => ({ kind: "transform", set: { trail: JSON.stringify(name) } });
const GRAPH = {
  edgewise: 1,
  id: "parallel",
  channels: TRAIL,
  nodes: {
    one: scripted(tell("one"), 15, "one"),
    after: note("after one"),
    two: scripted(tell("two"), 40, "two"),
    three: scripted(tell("three"), 70, "three"),
    all: { kind: "transform", set: { all: "[state.one, state.two, state.three].join(' ')" } },
    seal: SEAL,
  },
  edges: [
    { from: "start", to: "one" },
    { from: "start", to: "two" },
    { from: "start", to: "three" },
    { from: "one", to: "after" },
    { from: "after", to: "all" },
    { from: "two", to: "all" },
    { from: "three", to: "all" },
    { from: "all", to: "seal" },
  ],
};
const EXPECTED = { one: tell("one"), two: tell("two"), three: tell("three"), trail: ["after one"] };

let upstream: Upstream;
let server: TestServer;
beforeAll(async () => {
  upstream = await startUpstream("Sealed.");
  server = await startTestServer({ OLLAMA_BASE_URL: upstream.url });
  await call(server, "POST", "/graphs", GRAPH);
});
afterAll(async () => {
  await server?.remove();
  upstream?.stop();
});

interface Started {
  readonly threadId: string;
  readonly runId: string;
}
async function start(graph: string, mark: string): Promise<Started> {
  onTestFailed(() => console.error(server.output()));
  const { thread_id: threadId } = await call<{ thread_id: string }>(server, "POST", "/threads", {});
  const run = await call<{ run_id: string }>(server, "POST", `/threads/${threadId}/runs`, {
    assistant_id: graph,
    input: { mark },
  });
  return { threadId, runId: run.run_id };
}

/** Appends to `seen` until the stream ends or, if given, so many frames have been seen. */
async function follow({ threadId, runId }: Started, seen: StreamEvent[], enough = Number.POSITIVE_INFINITY) {
  const modes = "stream_mode=values&stream_mode=updates&stream_mode=messages-tuple&stream_mode=tasks";
  const response = await fetch(`${server.url}/threads/${threadId}/runs/${runId}/stream?${modes}`, {
    headers: { "x-api-key": server.key, "last-event-id": seen.at(-1)?.id ?? "-1" },
  });
  expect(response.status).toBe(200);
  for await (const event of readEvents(response)) {
    seen.push(event);
    if (seen.length >= enough) return;
  }
}

/** Each node's text as a follower has it: that of the last attempt, the first one's having been cut off. */
function textsOf(seen: readonly StreamEvent[]): Record<string, string> {
  const texts = new Map<string, { id: string; text: string }>();
  for (const { event, data } of seen) {
    if (event !== "messages") continue;
    const [message, { langgraph_node: node }] = data as [{ id: string; content: string }, { langgraph_node: string }];
    const before = texts.get(node);
    texts.set(node, { id: message.id, text: (before?.id === message.id ? before.text : "") + message.content });
  }
  return Object.fromEntries([...texts].map(([node, { text }]) => [node, text]));
}

interface Followed extends Started {
  readonly mark: string;
  readonly seen: StreamEvent[];
}

function expectEveryFrameOnce(seen: readonly StreamEvent[]): void {
  const ids = seen.map((frame) => Number(frame.id));
  expect(ids).toEqual([...new Set(ids)].sort((one, other) => one - other));
}

const SPOKEN = { one: tell("one"), two: tell("two"), three: tell("three"), seal: "Sealed." };

describe("a run with uneven branches", () => {
  const graph = GRAPH.id;
  const all = [tell("one"), tell("two"), tell("three")].join(" ");
  const expected = (mark: string) => ({ ...EXPECTED, all, mark, seal: "Sealed." });

  it("ends like this when nobody disturbs it", async () => {
    expect(await call(server, "POST", "/runs/wait", { assistant_id: graph, input: { mark: "calm" } })).toEqual(
      expected("calm"),
    );
  });

  it("killed at five moments, from just acknowledged to nearly done, goes on by itself and ends like that", async () => {
    const runs: Followed[] = [];
    for (const [index, lead] of [9, 8, 7, 6, 0].entries()) {
      const followed: Followed = { mark: `${graph} ${index}`, ...(await start(graph, `${graph} ${index}`)), seen: [] };
      runs.push(followed);
      // The follower dies with the server.
      void follow(followed, followed.seen).catch(() => {});
      // So far each is ahead of the next one when all of them are killed.
      await until(() => followed.seen.length >= lead, `frame ${lead}`);
    }
    await server.kill9();
    expect(upstream.prompts.filter((prompt) => prompt.startsWith(graph))).not.toContain(runs.at(-1)?.mark);
    await server.start();

    // Nobody asks the server for anything until the last node of each has run.
    await until(() => runs.every(({ mark }) => upstream.prompts.includes(mark)), "the last nodes' calls");
    for (const { mark, seen, ...run } of runs) {
      await follow(run, seen);
      expectEveryFrameOnce(seen);
      expect(textsOf(seen)).toEqual(SPOKEN);
      expect(seen.findLast((frame) => frame.event === "values")?.data).toEqual(expected(mark));
      const state = await call<{ values: unknown }>(server, "GET", `/threads/${run.threadId}/state`);
      expect(state.values).toEqual(expected(mark));
    }
  });

  it("killed twice ends like that, and a follower who reconnects each time has every frame once", async () => {
    const mark = `${graph} twice`;
    const run = await start(graph, mark);
    const seen: StreamEvent[] = [];
    for (const frames of [6, 16]) {
      await follow(run, seen, frames);
      await server.kill9();
      await server.start();
    }
    await follow(run, seen);
    expectEveryFrameOnce(seen);
    expect(textsOf(seen)).toEqual(SPOKEN);
    expect(await call(server, "GET", `/threads/${run.threadId}/runs/${run.runId}/join`)).toEqual(expected(mark));
  });
});
