// LangGraph.js with its SQLite checkpointer, as a process of its own: performs one piece of work at a time and answers what it took.
// Called in its own process, without a server in front: what it takes is less than what its users wait for.
import { mkdtempSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { AIMessage, HumanMessage, ToolMessage } from "@langchain/core/messages";
import { END, MessagesDeltaValue, MessagesValue, START, StateGraph, StateSchema } from "@langchain/langgraph";
import { SqliteSaver } from "@langchain/langgraph-checkpoint-sqlite";
import { z } from "zod";

const folder = mkdtempSync(join(tmpdir(), "edgewise-langgraph-"));
process.on("exit", () => rmSync(folder, { recursive: true, force: true }));
let files = 0;

/** A checkpointer on a file of its own, as `SqliteSaver.fromConnString` opens it: write-ahead log, default flushing. */
function openSaver() {
  const path = join(folder, `${files++}.sqlite`);
  return { path, saver: SqliteSaver.fromConnString(path) };
}

const shared = openSaver().saver;
const Done = new StateSchema({ done: z.any().optional() });
const Conversation = new StateSchema({ messages: MessagesValue });
const DeltaConversation = new StateSchema({ messages: MessagesDeltaValue });
const nothing = () => ({});
const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
const threadOf = (id) => ({ configurable: { thread_id: id }, durability: "async" });

function chain(nodes) {
  const graph = new StateGraph(Done);
  for (let node = 0; node < nodes; node++) graph.addNode(`n${node}`, nothing);
  for (let node = 0; node < nodes; node++) graph.addEdge(node === 0 ? START : `n${node - 1}`, `n${node}`);
  graph.addEdge(`n${nodes - 1}`, END);
  return graph.compile({ checkpointer: shared });
}

function fan(width) {
  const graph = new StateGraph(Done).addNode("first", nothing).addNode("join", nothing).addEdge(START, "first");
  const ids = Array.from({ length: width }, (_, index) => `n${index}`);
  for (const id of ids) graph.addNode(id, nothing).addEdge("first", id);
  return graph.addEdge(ids, "join").addEdge("join", END).compile({ checkpointer: shared });
}

function agent(turns) {
  const tools = ({ messages }) => messages.filter((message) => message.type === "tool").length;
  return new StateGraph(Conversation)
    .addNode("model", (state) => {
      const turn = tools(state);
      const tool_calls =
        turn < turns ? [{ id: `call_${turn}`, name: "look", args: { at: "here" }, type: "tool_call" }] : [];
      return { messages: [new AIMessage({ content: turn < turns ? "" : "done", tool_calls })] };
    })
    .addNode("tool", (state) => ({
      messages: [new ToolMessage({ content: "nothing there", tool_call_id: `call_${tools(state)}` })],
    }))
    .addEdge(START, "model")
    .addConditionalEdges("model", ({ messages }) => (messages.at(-1).tool_calls.length > 0 ? "tool" : END), [
      "tool",
      END,
    ])
    .addEdge("tool", "model")
    .compile({ checkpointer: shared });
}

function shaped(delays, edges) {
  const graph = new StateGraph(Done);
  for (const [node, delay] of delays.entries()) {
    graph.addNode(`n${node}`, delay === 0 ? nothing : () => sleep(delay).then(nothing));
  }
  graph.addEdge(START, "n0");
  for (const node of delays.keys()) {
    const from = edges.filter(([, to]) => to === node).map(([before]) => `n${before}`);
    // A list waits for all of them; single edges would run the node once for each.
    if (from.length > 0) graph.addEdge(from, `n${node}`);
    if (!edges.some(([before]) => before === node)) graph.addEdge(`n${node}`, END);
  }
  return graph.compile({ checkpointer: shared });
}

function notes(state, saver) {
  return new StateGraph(state)
    .addNode("note", nothing)
    .addEdge(START, "note")
    .addEdge("note", END)
    .compile({ checkpointer: saver });
}

/** Graphs are compiled once, as ours are. */
const graphs = new Map();
function graphFor(key, make) {
  if (!graphs.has(key)) graphs.set(key, make());
  return graphs.get(key);
}

async function timed(work) {
  const startedAt = performance.now();
  const value = await work();
  return { ms: performance.now() - startedAt, value };
}

const threads = new Map();
let runs = 0;
const fresh = () => `t${runs++}`;
const run = (graph, input, limit) =>
  timed(() => graph.invoke(input, { ...threadOf(fresh()), recursionLimit: limit })).then(({ ms }) => ms);

const works = {
  chain: ({ nodes }) =>
    run(
      graphFor(`chain${nodes}`, () => chain(nodes)),
      { done: 0 },
      nodes + 5,
    ),
  fan: ({ width }) =>
    run(
      graphFor(`fan${width}`, () => fan(width)),
      { done: 0 },
      25,
    ),
  agent: ({ turns }) =>
    run(
      graphFor(`agent${turns}`, () => agent(turns)),
      { messages: [new HumanMessage("go")] },
      3 * turns,
    ),
  shaped: ({ id, delays, edges }) =>
    run(
      graphFor(id, () => shaped(delays, edges)),
      { done: 0 },
      200,
    ),
  /** A thread in a file of its own. */
  open: ({ thread, delta }) => {
    const { path, saver } = openSaver();
    threads.set(thread, { path, saver, graph: notes(delta ? DeltaConversation : Conversation, saver) });
    return 0;
  },
  say: async ({ thread, texts }) => {
    const { graph } = threads.get(thread);
    const samples = [];
    for (const text of texts) {
      const input = { messages: [new HumanMessage(text)] };
      samples.push((await timed(() => graph.invoke(input, threadOf(thread)))).ms);
    }
    return samples;
  },
  bytes: ({ thread }) => {
    const { path, saver } = threads.get(thread);
    saver.db.pragma("wal_checkpoint(TRUNCATE)");
    return statSync(path).size;
  },
  state: async ({ thread }) => (await timed(() => threads.get(thread).graph.getState(threadOf(thread)))).ms,
  list: async ({ thread, limit }) => {
    const { graph } = threads.get(thread);
    const { ms, value } = await timed(async () => {
      const states = [];
      for await (const state of graph.getStateHistory(threadOf(thread), { limit })) states.push(state);
      return states;
    });
    if (value.length !== limit) throw new Error(`asked for ${limit} states, got ${value.length}`);
    return ms;
  },
  /** At the middle of the thread: the state after the run that brought message `at`, a new message, one node. */
  fork: async ({ thread, at, text }) => {
    const held = threads.get(thread);
    held.middle ??= await findState(held.graph, thread, at);
    const { ms, value } = await timed(() =>
      held.graph.invoke({ messages: [new HumanMessage(text)] }, { ...held.middle, durability: "async" }),
    );
    if (value.messages.length !== at + 1)
      throw new Error(`the fork has ${value.messages.length} messages, not ${at + 1}`);
    return ms;
  },
};

async function findState(graph, thread, messages) {
  for await (const state of graph.getStateHistory(threadOf(thread))) {
    if (state.next.length === 0 && state.values.messages.length === messages) return state.config;
  }
  throw new Error(`no state of ${messages} messages`);
}

/** W7: the whole life of a process, up to its first result. */
if (process.argv[1] === fileURLToPath(import.meta.url) && process.argv[2] === "--cold") {
  await works.chain({ nodes: 1 });
  process.stdout.write("done\n");
  process.exit(0);
}

async function answer({ question, work, ...more }) {
  try {
    process.send({ question, value: await works[work](more) });
  } catch (error) {
    process.send({ question, error: String(error?.stack ?? error) });
  }
}

process.on("message", (message) => void answer(message));
process.on("disconnect", () => process.exit(0));
