// RemoteGraph, alone and as a node inside of a LangGraph.js graph, against an Edgewise server: URL and key are arguments.
// Prints one JSON line for each claim. Plain JavaScript: its packages are this folder's own.
import assert from "node:assert/strict";
import { Annotation, Command, END, MemorySaver, START, StateGraph } from "@langchain/langgraph";
import { RemoteGraph } from "@langchain/langgraph/remote";

const [url, key] = process.argv.slice(2);
const remote = (graphId) => new RemoteGraph({ graphId, url, ...(key && { apiKey: key }) });
const onThread = (more = {}) => ({ configurable: { thread_id: crypto.randomUUID() }, ...more });
const collect = async (stream) => {
  const parts = [];
  for await (const part of stream) parts.push(part);
  return parts;
};
const DONE = { log: ["one", "two", "three"], n: 3 };

const CLAIMS = {
  async invoke() {
    assert.deepEqual(await remote("c-steps").invoke({}), DONE);
    assert.deepEqual(await remote("c-steps").invoke({}, onThread()), DONE);
    const config = onThread({ recursionLimit: 10, tags: ["a"], metadata: { a: 1 } });
    assert.deepEqual(
      await remote("c-given").invoke({}, { ...config, configurable: { ...config.configurable, tone: "dry" } }),
      {
        seen: { tone: "dry", user: "nobody", header: "none" },
      },
    );
  },
  async stream() {
    const updates = await collect(await remote("c-steps").stream({}, { streamMode: "updates" }));
    assert.deepEqual(
      updates.map((update) => Object.keys(update)[0]),
      ["one", "two", "three"],
    );
    const both = await collect(await remote("c-tell").stream({ name: "Ada" }, { streamMode: ["values", "custom"] }));
    assert.deepEqual(
      both.filter(([mode]) => mode === "custom"),
      [["custom", { hello: "Ada" }]],
    );
    assert.deepEqual(
      [...new Set(both.map(([mode]) => String(mode)))].toSorted((one, other) => (one < other ? -1 : 1)),
      ["custom", "values"],
    );
  },
  async subgraphs() {
    const parts = await collect(await remote("c-inner").stream({}, { streamMode: "updates", subgraphs: true }));
    const inside = parts.filter(([namespace]) => namespace.length > 0);
    assert.ok(inside.length > 0);
    for (const [namespace] of inside) assert.match(namespace.join("|"), /^inner:[0-9a-f-]{36}$/);
  },
  async "interrupt and Command"() {
    const config = onThread();
    await assert.rejects(
      collect(await remote("c-ask").stream({ topic: "tea" }, config)),
      /GraphInterrupt|interrupt|question/i,
    );
    const values = await remote("c-ask").invoke(new Command({ resume: "yes" }), config);
    assert.deepEqual([values.answer, values.log], ["yes", ["before", "after"]]);
  },
  async getState() {
    const config = onThread();
    await remote("c-steps").invoke({}, config);
    const state = await remote("c-steps").getState(config);
    assert.deepEqual([state.values, state.next, state.tasks], [DONE, [], []]);
    assert.equal(state.config.configurable.thread_id, config.configurable.thread_id);
    const older = await remote("c-steps").getState(state.parentConfig);
    assert.deepEqual(older.next, ["three"]);
  },
  async updateState() {
    const config = onThread();
    await remote("c-steps").invoke({}, config);
    const updated = await remote("c-steps").updateState(config, { log: "mine" }, "one");
    assert.ok(updated.configurable.checkpoint_id);
    assert.deepEqual((await remote("c-steps").getState(config)).next, ["two"]);
  },
  async getStateHistory() {
    const config = onThread();
    await remote("c-steps").invoke({}, config);
    const history = await collect(remote("c-steps").getStateHistory(config));
    assert.deepEqual(
      history.map(({ next }) => next[0]),
      [undefined, "three", "two", "one", "__start__"],
    );
    const before = await collect(remote("c-steps").getStateHistory(config, { before: history[1].config, limit: 1 }));
    assert.deepEqual(before[0].next, ["two"]);
  },
  async getGraphAsync() {
    const plain = await remote("c-nested").getGraphAsync();
    assert.deepEqual(Object.keys(plain.nodes).sort(), ["__end__", "__start__", "inner", "outer"]);
    const deep = await remote("c-nested").getGraphAsync({ xray: true });
    assert.ok(Object.keys(deep.nodes).some((id) => id.startsWith("inner:")));
    assert.match(deep.drawMermaid(), /inner/);
  },
  async getSubgraphsAsync() {
    const found = await collect(remote("c-nested").getSubgraphsAsync());
    assert.deepEqual(
      found.map(([namespace]) => namespace),
      ["inner"],
    );
  },
  async error() {
    await assert.rejects(remote("c-fail").invoke({}), /divi|zero|expression|0/i);
    await assert.rejects(remote("no-such-graph").invoke({}), /404/);
  },
  async "as a node"() {
    const State = Annotation.Root({
      topic: Annotation(),
      answer: Annotation(),
      log: Annotation({ reducer: (_before, after) => after, default: () => [] }),
    });
    const graph = new StateGraph(State)
      .addNode("local", () => ({ topic: "from outside" }))
      .addNode("remote", remote("c-ask"))
      .addEdge(START, "local")
      .addEdge("local", "remote")
      .addEdge("remote", END)
      .compile({ checkpointer: new MemorySaver() });
    const config = onThread();
    const paused = await graph.invoke({}, config);
    assert.equal(paused.__interrupt__?.[0]?.value?.topic, "from outside");
    assert.deepEqual((await graph.getState(config)).next, ["remote"]);
    // RemoteGraph does not hand a resume of the outer graph on: its own thread is answered, then the outer graph goes on.
    const values = await remote("c-ask").invoke(new Command({ resume: "yes" }), config);
    await graph.updateState(config, values, "remote");
    const done = await graph.invoke(null, config);
    assert.deepEqual([values.answer, done?.answer ?? (await graph.getState(config)).values.answer], ["yes", "yes"]);
    const streamed = new StateGraph(Annotation.Root({ said: Annotation() }))
      .addNode("remote", remote("c-inner"))
      .addEdge(START, "remote")
      .addEdge("remote", END)
      .compile();
    const parts = await collect(await streamed.stream({}, { streamMode: ["updates", "values"], subgraphs: true }));
    assert.ok(
      parts.some(([namespace]) => namespace.length > 0),
      "nothing from the remote graph",
    );
    assert.equal(parts.at(-1)[2].said, "Inside.");
  },
};

for (const [name, claim] of Object.entries(CLAIMS)) {
  const startedAt = performance.now();
  const fault = await claim().then(
    () => undefined,
    (error) => (error instanceof Error ? error.message : String(error)),
  );
  console.log(JSON.stringify({ name, milliseconds: Math.round(performance.now() - startedAt), fault }));
}
process.exit(0);
