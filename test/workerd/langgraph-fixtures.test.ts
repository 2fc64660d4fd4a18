import { beforeAll, describe, expect, it } from "vitest";
import agent from "../fixtures/langgraph/agent.yaml?raw";
import breakpoints from "../fixtures/langgraph/breakpoints.yaml?raw";
import configured from "../fixtures/langgraph/configured.yaml?raw";
import custom from "../fixtures/langgraph/custom.yaml?raw";
import delay from "../fixtures/langgraph/delay.yaml?raw";
import dynamic from "../fixtures/langgraph/dynamic.yaml?raw";
import failing from "../fixtures/langgraph/error.yaml?raw";
import interrupts from "../fixtures/langgraph/interrupts.yaml?raw";
import nested from "../fixtures/langgraph/nested.yaml?raw";
import schemas from "../fixtures/langgraph/schemas.yaml?raw";
import scripted from "../fixtures/langgraph/scripted.yaml?raw";
import sends from "../fixtures/langgraph/sends.yaml?raw";
import storing from "../fixtures/langgraph/store.yaml?raw";
import tools from "../fixtures/langgraph/tools.yaml?raw";
import updates from "../fixtures/langgraph/updates.yaml?raw";
import weather from "../fixtures/langgraph/weather.yaml?raw";
import { call, migrate, newKey, read } from "./client.ts";

/** What documents must be able to say for LangGraph's clients: each fixture is published and run as a client would. */
const SOURCES = [
  agent,
  breakpoints,
  configured,
  custom,
  delay,
  dynamic,
  failing,
  interrupts,
  nested,
  schemas,
  scripted,
  sends,
  storing,
  tools,
  updates,
  weather,
];

let key = "";
beforeAll(async () => {
  await migrate();
  key = await newKey("langgraph-fixtures");
  const headers = { "content-type": "application/yaml" };
  for (const body of SOURCES) await read(call("/graphs", { key, body, headers }));
});

type Given = Readonly<Record<string, unknown>>;
type Message = Readonly<Record<string, unknown>> & { readonly id: string };
interface Event {
  readonly event: string;
  readonly data: unknown;
}

async function thread(): Promise<string> {
  return (await read<{ thread_id: string }>(call("/threads", { key, json: {} }))).thread_id;
}

function wait<T = Record<string, unknown>>(graph: string, given: Given = {}, on?: string): Promise<T> {
  const path = on === undefined ? "/runs/wait" : `/threads/${on}/runs/wait`;
  return read<T>(call(path, { key, json: { assistant_id: graph, ...given } }));
}

async function stream(graph: string, modes: readonly string[], given: Given = {}): Promise<Event[]> {
  const answer = await call("/runs/stream", { key, json: { assistant_id: graph, stream_mode: modes, ...given } });
  return (await answer.text()).split(/\r?\n\r?\n/).flatMap((frame): Event[] => {
    const event = /^event: (.*)$/m.exec(frame)?.[1];
    const data: unknown = JSON.parse(/^data: (.*)$/m.exec(frame)?.[1] ?? "null");
    return event === undefined ? [] : [{ event, data }];
  });
}

const dataOf = (events: readonly Event[], name: string): unknown[] =>
  events.filter(({ event }) => event === name).map(({ data }) => data);

const plain = { additional_kwargs: {}, response_metadata: {} };
const anId = expect.any(String) as unknown;

describe("a scripted model", () => {
  const input = { messages: [{ role: "user", content: "hi" }] };

  it("answers by an expression over the messages, in a loop with a tool; messages have their keys and no others", async () => {
    const { messages } = await wait<{ messages: Message[] }>("agent", { input });
    const ai = { type: "ai", id: anId, tool_calls: [], invalid_tool_calls: [], additional_kwargs: {} };
    const said = { response_metadata: { model: "builtin/scripted", finish_reason: "stop" } };
    const usage = (input_tokens: number) => ({ input_tokens, output_tokens: 1, total_tokens: input_tokens + 1 });
    expect(messages).toEqual([
      { type: "human", content: "hi", id: anId, ...plain },
      { ...ai, ...said, content: "begin", usage_metadata: usage(1) },
      { type: "tool", content: "tool_call__begin", tool_call_id: "tool_call_id", id: anId, ...plain },
      { ...ai, ...said, content: "end", usage_metadata: usage(5) },
    ]);
    expect(new Set(messages.map(({ id }) => id)).size).toBe(4);
  });

  it("ends where its condition says so", async () => {
    const given = { input: { messages: [{ role: "user", content: "should_end" }] } };
    expect((await wait<{ messages: unknown[] }>("agent", given)).messages).toHaveLength(2);
  });

  it("streams in the pieces that its script says, all under the id that the message keeps", async () => {
    const events = await stream("agent", ["messages-tuple", "values"], { input });
    const spoken = (dataOf(events, "messages") as [Message & { content: string }, unknown][]).map(
      ([message]) => message,
    );
    const chunks = spoken.filter(({ type }) => type === "AIMessageChunk" || type === "ai");
    const { messages } = dataOf(events, "values").at(-1) as { messages: Message[] };
    const [, begin, , end] = messages;
    const of = (id: unknown) => chunks.filter((chunk) => chunk.id === id && chunk.content !== "");
    expect(of(begin?.id).map(({ content }) => content)).toEqual("begin".split(""));
    expect(of(end?.id).map(({ content }) => content)).toEqual("end".split(""));
  });

  it("answers from a list, fails where its script says so, and says what it has used", async () => {
    const on = await thread();
    const first = await wait<{ messages: Message[] }>("scripted", { input }, on);
    expect(first.messages.at(-1)).toMatchObject({
      content: "First.",
      usage_metadata: { input_tokens: 7, output_tokens: 2, total_tokens: 9 },
    });
    const second = await wait<{ messages: Message[] }>("scripted", { input }, on);
    expect(second.messages.map(({ content }) => content)).toEqual(["hi", "First.", "hi", "Second."]);
    expect(second.messages.slice(0, 2)).toEqual(first.messages);
  });
});

it("values are set and appended by expressions; a channel without a default is absent until it is written", async () => {
  const events = await stream("updates", ["values", "updates"], { input: {} });
  const messages = [
    { type: "human", content: "Hello", id: anId, ...plain },
    { type: "ai", content: "Hi", id: anId, ...plain, tool_calls: [], invalid_tool_calls: [] },
  ];
  expect(dataOf(events, "updates")).toEqual([
    { first: { foo: "a", bar: ["x", "y"] } },
    { second: { foo: "ab", bar: 2 } },
    { third: { late: false, messages } },
  ]);
  const values = dataOf(events, "values");
  expect(values[0]).toEqual({ bar: [] });
  expect(values.at(-1)).toEqual({ foo: "ab", bar: ["x", "y", 2], late: false, messages });
});

it("a wait is as long as an expression says", async () => {
  const started = Date.now();
  const { messages } = await wait<{ messages: Message[] }>("delay", { input: { delay: 60 } });
  expect(Date.now() - started).toBeGreaterThanOrEqual(60);
  expect(messages).toEqual([{ type: "human", content: "finished after 60ms", id: anId, ...plain }]);
});

it("a computed wait below nothing is none, and what is no time fails", async () => {
  const failed = await wait("delay", { input: { delay: -5 } });
  expect(failed).toMatchObject({ messages: [{ content: "finished after -5ms" }] });
  const never = await wait("delay", { input: {} });
  expect(never).toMatchObject({ __error__: { code: "expression_failed", node: "long_running" } });
});

it("events of the graph's own come from a list at once, and from each turn of a loop", async () => {
  expect(dataOf(await stream("custom", ["custom"], { input: { steps: 2 } }), "custom")).toEqual([
    { type: "progress", step: 0 },
    { type: "progress", step: 1 },
    { type: "turn", turn: 1 },
    { type: "turn", turn: 2 },
  ]);
});

describe("a node that asks", () => {
  const asked = async (on: string): Promise<unknown[]> =>
    (await read<{ value: unknown }[]>(call(`/threads/${on}/interrupts`, { key }))).map(({ value }) => value);
  const resume = (on: string, value: unknown) => wait("interrupts", { command: { resume: value } }, on);

  it("asks its questions in order, each knowing the answers before it, and goes on where it asked", async () => {
    const on = await thread();
    await wait("interrupts", { input: { interrupt: true } }, on);
    expect(await asked(on)).toEqual(["What is your name?"]);
    await resume(on, "Ada");
    expect(await asked(on)).toEqual(["How old are you, Ada?"]);
    await resume(on, 130);
    expect(await asked(on)).toEqual([{ question: "Really?", age: 130 }]);
    expect(await resume(on, "yes")).toEqual({
      interrupt: true,
      name: "Ada",
      age: 130,
      why: "yes",
      log: ["before", "after Ada"],
    });
  });

  it("leaves out what its condition says; an answer that does not fit is refused and ends nothing", async () => {
    const on = await thread();
    await wait("interrupts", { input: { interrupt: true } }, on);
    const wrong = { assistant_id: "interrupts", command: { resume: 5 } };
    const refused = await call(`/threads/${on}/runs/wait`, { key, json: wrong });
    expect([refused.status, await refused.json()]).toMatchObject([422, { code: "invalid_answer" }]);
    await resume(on, "Ada");
    expect(await resume(on, 36)).toEqual({ interrupt: true, name: "Ada", age: 36, log: ["before", "after Ada"] });
  });

  it("does not ask at all unless its condition holds", async () => {
    expect(await wait("interrupts", { input: {} })).toEqual({ log: ["before", "after nobody"] });
  });
});

it("a failure has the name and the message that the graph gives it", async () => {
  const failed = { error: "CustomError", message: "Boo!", code: "failed_by_graph", node: "error_node" };
  expect(await wait("error", { input: {} })).toMatchObject({ __error__: failed });
  expect((await stream("error", ["values"], { input: {} })).at(-1)).toMatchObject({ event: "error", data: failed });
});

it("namespaces, keys and values of the store are computed", async () => {
  const given = { input: {}, config: { configurable: { user_id: "ada" } } };
  expect(await wait("store", given)).toMatchObject({ seen: { id: "ada", depth: 2 }, other: { none: true } });
  const wrong = await wait("store", { input: { path: [] } });
  expect(wrong).toMatchObject({ __error__: { code: "expression_failed", node: "put" } });
});

it("expressions read config.configurable and context", async () => {
  const config = { configurable: { model: "large", tone: "warm", extra: 1 } };
  const given = { input: {}, config, context: { user: "ada" } };
  expect(await wait("configured", given)).toEqual({ seen: { model: "large", tone: "warm", user: "ada", extra: 1 } });
});

it("conditional edges send payloads that they compute", async () => {
  expect(await wait("sends", { input: { subjects: ["bees", "cats"] } })).toMatchObject({
    jokes: ["good joke 0 about bees", "good joke 1 about cats"],
    best: "good joke 1 about cats",
  });
  expect(await wait("sends", { input: { subjects: [] } })).toMatchObject({ jokes: ["no joke"], best: "no joke" });
});

it("graphs inside share channels by their names, two deep", async () => {
  expect(await wait("nested", { input: {} })).toEqual({
    parent: "parent_one",
    messages: [{ type: "ai", content: "grandchild", id: "gc", ...plain, tool_calls: [], invalid_tool_calls: [] }],
  });
});

describe("tools [R10]", () => {
  const input = { messages: "Weather?" };
  const tool = (id: string, name: string, status: string, content: unknown) => ({
    type: "tool",
    tool_call_id: id,
    name,
    status,
    content,
    id: anId,
    ...plain,
  });

  it("are run for the calls of the last message; what they come to, failures too, is told to the model", async () => {
    const { messages } = await wait<{ messages: Message[] }>("tools", { input });
    expect(messages[1]).toMatchObject({ type: "ai", tool_calls: { length: 5 } });
    expect(messages.slice(2, 7)).toEqual([
      tool("call_1", "weather", "success", "It's 60 degrees and foggy."),
      tool("call_2", "research", "success", '{"found":"bees dance"}'),
      tool("call_3", "broken", "error", "Error: It is broken."),
      tool("call_4", "nobody", "error", expect.stringContaining('There is no tool "nobody"')),
      tool("call_5", "weather", "error", expect.stringMatching(/arguments of "weather" do not fit: \/city/)),
    ]);
    expect(messages.slice(7)).toMatchObject([{ type: "ai", content: "Done." }]);
    expect(new Set(messages.map(({ id }) => id)).size).toBe(8);
  });

  it("are one node to who follows, with one update", async () => {
    const updates = dataOf(await stream("tools", ["updates"], { input }), "updates") as Record<string, unknown>[];
    expect(updates.map((update) => Object.keys(update))).toEqual([["agent"], ["tools"], ["agent"]]);
    expect(updates[1]).toMatchObject({ tools: { messages: { length: 5 } } });
  });

  it("leave alone what was answered from outside, and do nothing where nothing was called", async () => {
    const calls = [1, 2].map((n) => ({ id: `c${n}`, name: "weather", args: { city: `City ${n}` } }));
    const answered = { type: "tool", tool_call_id: "c1", content: "By hand.", id: "by-hand" };
    const given = [{ type: "ai", content: "", tool_calls: calls, id: "asks" }, answered];
    const graph = await publishedWithoutModel();
    const run = (messages: unknown) => wait<{ messages: Message[] }>(graph, { input: { messages } });
    expect((await run(given)).messages.slice(1)).toMatchObject([
      { content: "By hand." },
      tool("c2", "weather", "success", "Sunny in City 2"),
    ]);
    expect((await run("hi")).messages).toHaveLength(1);
  });
});

async function publishedWithoutModel(): Promise<string> {
  const inside = {
    channels: { result: {} },
    nodes: { weather: { kind: "transform", set: { result: "'Sunny in ' + item.args.city" } } },
    edges: [],
  };
  const json = {
    edgewise: 1,
    id: "only-tools",
    channels: { messages: { reducer: "messages", default: [] } },
    nodes: { tools: { kind: "tools", graph: inside } },
    edges: [{ from: "start", to: "tools" }],
  };
  return (await read<{ graph_id: string }>(call("/graphs", { key, json }))).graph_id;
}

it("JSON Schemas reach clients as they are written", async () => {
  expect(await read(call("/assistants/schemas/schemas", { key }))).toEqual({
    graph_id: "schemas",
    config_schema: {
      type: "object",
      title: "Config",
      properties: { model: { type: "string", enum: ["small", "large"], "x-ui": { widget: "select" } } },
    },
    context_schema: {
      type: "object",
      title: "Context",
      properties: { user: { type: "string", format: "email" } },
      $defs: { unused: { type: "string" } },
    },
    state_schema: {
      type: "object",
      title: "State",
      properties: { topic: { type: "string" }, answer: { type: "string", examples: ["yes"] }, private: {} },
    },
    input_schema: {
      type: "object",
      title: "Input",
      properties: { topic: { type: "string", "x-ui": { widget: "textarea" } } },
      required: ["topic"],
    },
    output_schema: {
      type: "object",
      title: "Output",
      properties: { answer: { type: "string" } },
      required: ["answer"],
    },
  });
});

it("a node is shown by the name that the configuration gives it, and by its id in everything that is kept", async () => {
  const config = { configurable: { nodeName: "runtime" } };
  const named = await stream("dynamic", ["updates"], { input: {}, config });
  expect(dataOf(named, "updates")).toEqual([{ runtime: { node: "runtime", messages: "runtime" } }]);
  const unnamed = await stream("dynamic", ["updates"], { input: {} });
  expect(dataOf(unnamed, "updates")).toEqual([{ default: { node: "default", messages: "default" } }]);
});

it("states call a node what it is shown as, and a write from outside may name it so", async () => {
  const on = await thread();
  const config = { configurable: { nodeName: "runtime" } };
  const given = { assistant_id: "dynamic", input: {}, config, interrupt_before: ["work"] };
  await read(call(`/threads/${on}/runs/wait`, { key, json: given }));
  const stateOf = () => read<{ next: string[]; tasks: Given[] }>(call(`/threads/${on}/state`, { key }));
  const { next, tasks } = await stateOf();
  expect(next).toEqual(["runtime"]);
  expect(tasks).toMatchObject([{ name: "runtime", path: ["__pregel_pull", "runtime"] }]);
  await read(call(`/threads/${on}/state`, { key, json: { values: { node: "by hand" }, as_node: "runtime" } }));
  expect(await stateOf()).toMatchObject({ next: [], values: { node: "by hand" } });
});

it("defaults of the graph hold where the run says nothing, key by key", async () => {
  expect(await wait("configured", { input: {} })).toEqual({
    seen: { model: "small", tone: "plain", user: "nobody", extra: "none" },
  });
  expect(await wait("configured", { input: {}, config: { configurable: { tone: "warm" } } })).toEqual({
    seen: { model: "small", tone: "warm", user: "nobody", extra: "none" },
  });
});

describe("breakpoints [R8]", () => {
  it("of a graph stop its runs before and after, whatever the run asks for", async () => {
    const on = await thread();
    expect(await wait("breakpoints", { input: {} }, on)).toMatchObject({ log: ["one"] });
    const next = async () => (await read<{ next: string[] }>(call(`/threads/${on}/state`, { key }))).next;
    expect(await next()).toEqual(["two"]);
    expect(await wait("breakpoints", { input: null }, on)).toMatchObject({ log: ["one", "two", "three"] });
    expect(await wait("breakpoints", { input: null }, on)).toEqual({ log: ["one", "two", "three", "four"] });
  });

  it("of a graph inside stop it there", async () => {
    const on = await thread();
    const input = { messages: [{ role: "user", content: "What's the weather in SF?", id: "ask" }] };
    expect(await wait("weather", { input }, on)).toMatchObject({ route: "weather", messages: { length: 1 } });
    const { messages } = await wait<{ messages: Message[] }>("weather", { input: null }, on);
    expect(messages).toMatchObject([{ id: "ask" }, { type: "ai", content: "It's sunny in San Francisco!" }]);
  });
});
