import { Client as Client1 } from "langgraph-sdk-1";
import { Client as Client2 } from "langgraph-sdk-2";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { call, scripted } from "./api.ts";
import { startTestServer, type TestServer } from "./server.ts";

// What the graph language has, through the published clients, unchanged (see clients.test.ts).

const start = (to: string) => ({ from: "start", to });
const LETTER = {
  edgewise: 1,
  id: "letter",
  channels: { name: {}, letter: {} },
  input: ["name"],
  parameters: { tone: { required: true, schema: { enum: ["dry", "warm"] } }, count: { default: 2 } },
  context: { properties: { sender: { type: "string" } } },
  nodes: {
    write: {
      kind: "transform",
      set: { letter: "params.tone + ' ' + string(params.count) + ' to ' + state.name + ' from ' + context.sender" },
    },
  },
  edges: [start("write")],
};
const WORDS = {
  edgewise: 1,
  id: "words",
  channels: { words: {}, said: {} },
  input: ["words"],
  output: ["said"],
  nodes: {
    each: {
      kind: "map",
      over: "state.words",
      input: { word: "item" },
      output: { said: "state.said" },
      graph: {
        channels: { word: {}, said: {} },
        nodes: { say: scripted("A word or two.", 1, "said", "Say {{ state.word }}.") },
        edges: [start("say")],
      },
    },
  },
  edges: [start("each")],
};
const PAUSE = {
  edgewise: 1,
  id: "pause",
  channels: { done: {} },
  nodes: { pause: { kind: "wait", for: "300ms" }, tell: { kind: "transform", set: { done: "true" } } },
  edges: [start("pause"), { from: "pause", to: "tell" }],
};
const SORT = {
  edgewise: 1,
  id: "sort",
  channels: { found: {}, answer: {} },
  output: ["found", "answer"],
  nodes: {
    ask: {
      ...scripted('{"mood": "angry"}', 1, "found", "How are they?"),
      output: { type: "object", properties: { mood: { enum: ["angry", "calm"] } }, required: ["mood"] },
    },
    pick: { kind: "switch", on: "state.found.mood", cases: { angry: "sorry" }, else: "thanks" },
    sorry: { kind: "transform", set: { answer: "'We are sorry.'" } },
    thanks: { kind: "transform", set: { answer: "'Thank you.'" } },
  },
  edges: [start("ask"), { from: "ask", to: "pick" }],
};
const KEEP = {
  edgewise: 1,
  id: "keep",
  channels: { user: {}, taste: {} },
  nodes: {
    put: {
      kind: "store.put",
      namespace: ["tastes"],
      key: "{{ state.user }}",
      value: { taste: "{{ state.taste }}" },
    },
  },
  edges: [start("put")],
};
const RECALL = {
  edgewise: 1,
  id: "recall",
  channels: { user: {}, found: {} },
  nodes: { get: { kind: "store.get", namespace: ["tastes"], key: "{{ state.user }}", write: "found" } },
  edges: [start("get")],
};
const greeting = (word: string) => ({
  edgewise: 1,
  id: "greeting",
  channels: { name: {}, text: {} },
  nodes: { greet: { kind: "transform", set: { text: `'${word} ' + state.name` } } },
  edges: [start("greet")],
});
const OUTER = {
  edgewise: 1,
  id: "outer",
  channels: { name: {}, text: {} },
  input: ["name"],
  nodes: { inner: { kind: "subgraph", graph: "greeting" } },
  edges: [start("inner")],
};

let server: TestServer;
beforeAll(async () => {
  server = await startTestServer();
  for (const graph of [LETTER, WORDS, PAUSE, SORT, KEEP, RECALL]) await call(server, "POST", "/graphs", graph);
  // "outer" is published while "greeting" says one thing, and again when it says another
  for (const word of ["Hello", "Good day"]) {
    await call(server, "POST", "/graphs", greeting(word));
    await call(server, "POST", "/graphs", OUTER);
  }
});
afterAll(() => server?.remove());

interface Part {
  readonly event: string;
  readonly data: unknown;
}

describe.each([
  ["1.15.0", Client1],
  ["2.0.0", Client2 as unknown as typeof Client1],
])("langgraph-sdk %s", (version, Client) => {
  const open = () => new Client({ apiUrl: server.url, apiKey: server.key, callerOptions: { maxRetries: 0 } });

  it("gives a run its parameters, by context or by config", async () => {
    const given = { input: { name: "Ada" }, context: { tone: "warm", sender: "Bo" } };
    expect(await open().runs.wait(null, "letter", given)).toMatchObject({ letter: "warm 2 to Ada from Bo" });
    const config = { configurable: { tone: "dry", count: 3 } };
    const both = { input: { name: "Ada" }, context: { sender: "Bo" }, config };
    await expect(open().runs.wait(null, "letter", both)).resolves.toMatchObject({ letter: "dry 3 to Ada from Bo" });
  });

  it("throws for a run without a parameter it must have, with the status and what to do", async () => {
    const refused = open().runs.wait(null, "letter", { input: { name: "Ada" }, context: { sender: "Bo" } });
    await expect(refused).rejects.toMatchObject({ status: 400, message: expect.stringContaining("tone") as string });
    const wrong = open().runs.create(null, "letter", { input: { name: "Ada" }, context: { tone: "loud" } });
    await expect(wrong).rejects.toMatchObject({ status: 400, message: expect.stringContaining("tone") as string });
  });

  it("streams the messages of the models inside a map, each piece with its message and node", async () => {
    const client = open();
    const { thread_id: threadId } = await client.threads.create();
    const stream = client.runs.stream(threadId, "words", {
      input: { words: ["a", "b", "c"] },
      streamMode: ["messages-tuple", "values"],
      // What is said inside a graph is streamed to who asks for it.
      streamSubgraphs: true,
    }) as AsyncIterable<Part>;
    const texts = new Map<string, string>();
    const nodes = new Set<unknown>();
    let last: unknown;
    for await (const { event, data } of stream) {
      if (event === "values") last = data;
      if (!event.startsWith("messages|each:")) continue;
      const [{ id, content }, { langgraph_node: node }] = data as [
        { id: string; content: string },
        { langgraph_node: unknown },
      ];
      texts.set(id, (texts.get(id) ?? "") + content);
      nodes.add(node);
    }
    expect([...texts.values()]).toEqual(Array(3).fill("A word or two."));
    expect([...nodes]).toEqual(["say"]);
    expect(last).toEqual({ said: Array(3).fill("A word or two.") });
  });

  it("joins a run that waits for a time, and gets what comes after it", async () => {
    const client = open();
    const { thread_id: threadId } = await client.threads.create();
    const run = await client.runs.create(threadId, "pause", { input: {} });
    expect(await client.runs.join(threadId, run.run_id)).toMatchObject({ done: true });
    expect((await client.runs.get(threadId, run.run_id)).status).toBe("success");
  });

  it("takes the way that a model's structured answer says", async () => {
    const values = await open().runs.wait(null, "sort", { input: {} });
    expect(values).toEqual({ found: { mood: "angry" }, answer: "We are sorry." });
  });

  it("finds in one thread what another has kept", async () => {
    const client = open();
    const user = `ada-${version.replaceAll(".", "-")}`;
    const [one, other] = [await client.threads.create(), await client.threads.create()];
    await client.runs.wait(one.thread_id, "keep", { input: { user, taste: "tea" } });
    const found = await client.runs.wait(other.thread_id, "recall", { input: { user } });
    expect(found).toMatchObject({ found: { taste: "tea" } });
  });

  it("runs the version that is named, with the graph inside that was current when it was published", async () => {
    const client = open();
    const run = (id: string) => client.runs.wait(null, id, { input: { name: "Ada" } });
    expect(await run("outer@1")).toMatchObject({ text: "Hello Ada" });
    expect(await run("outer")).toMatchObject({ text: "Good day Ada" });
    expect(await run("greeting@1")).toMatchObject({ text: "Hello Ada" });
    const drawn = await client.assistants.getGraph("outer@1");
    expect(drawn.nodes.map(({ id }) => id)).toEqual(["__start__", "inner", "__end__"]);
  });
});
