import { applyD1Migrations } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { beforeAll, describe, expect, it } from "vitest";
import { unwrap } from "../src/base/errors.ts";
import type { Json, JsonObject } from "../src/base/json.ts";
import { DEEP } from "./testing/frame-graphs.ts";
import { DIAMOND } from "./testing/graphs.ts";
import { follow, openThread, readFrames, type SeenFrame, startOf, type TestThread } from "./testing/open-thread.ts";
import { CHAT, isOf, UNEVEN } from "./testing/stream-graphs.ts";
import { type StartRun, STREAM_MODES, type StreamMode } from "./thread-api.ts";

beforeAll(async () => {
  await applyD1Migrations(env.DB, env.TEST_MIGRATIONS);
});

interface Followed {
  readonly thread: TestThread;
  readonly runId: string;
  readonly live: readonly SeenFrame[];
}

async function streamed(
  graph: JsonObject,
  input: Json = {},
  more: Partial<StartRun> = {},
  thread = openThread(),
): Promise<Followed> {
  const command = startOf(thread, graph, input, { streamMode: STREAM_MODES, ...more });
  const { frames } = unwrap(await thread.api.startAndFollow(command, false));
  return { thread, runId: command.runId, live: await readFrames(frames) };
}

function dataOf<T = JsonObject>(frames: readonly SeenFrame[], event: string): T[] {
  return frames.filter((frame) => frame.event === event).map(({ data }) => data as T);
}

function namesOf(frames: readonly SeenFrame[]): Set<string> {
  return new Set(frames.map(({ event }) => event.split("|")[0] ?? ""));
}

const hi = { messages: "hi" };

describe("[G7] a stream", () => {
  it.each(STREAM_MODES)(
    "of %s has exactly its frames, the same ones as with all modes, behind `metadata`",
    async (mode) => {
      for (const streamSubgraphs of [false, true]) {
        const { thread, runId, live } = await streamed(CHAT, hi, { streamSubgraphs });
        expect(live[0]).toEqual({ id: 0, event: "metadata", data: { run_id: runId, attempt: 1 } });
        const alone = await follow(thread, runId, [mode]);
        expect(alone).toEqual(live.filter(({ event }) => isOf([mode], event)));
        if (mode !== "tools") expect(alone.length).toBeGreaterThan(1);
      }
    },
  );

  it("has ids that grow, none twice, and never an `end`", async () => {
    const { live } = await streamed(UNEVEN);
    for (const [index, { id }] of live.entries()) if (index > 0) expect(id).toBeGreaterThan(live[index - 1]?.id ?? -1);
    expect([...namesOf(live)]).not.toContain("end");
  });

  it("without subgraphs shows the run itself; with them what is inside, under `mode|node:<task>`", async () => {
    const { thread, runId, live } = await streamed(CHAT, hi);
    expect(live.filter(({ event }) => event.includes("|"))).toEqual([]);
    const deep = await follow(thread, runId, STREAM_MODES, -1, { subgraphs: true });
    const inside = deep.filter(({ event }) => event.includes("|"));
    const task = dataOf<{ id: string; name: string }>(live, "tasks").find(({ name }) => name === "inner");
    expect(new Set(inside.map(({ event }) => event.slice(event.indexOf("|") + 1)))).toEqual(
      new Set([`inner:${task?.id}`]),
    );
    expect([...namesOf(inside)].sort()).toEqual([
      "checkpoints",
      "custom",
      "debug",
      "events",
      "messages",
      "messages/complete",
      "messages/metadata",
      "messages/partial",
      "tasks",
      "updates",
      "values",
    ]);
    // All but the message that leaves the frame as a whole where nobody has seen it inside.
    const isInside = ({ event, data }: SeenFrame) =>
      event.startsWith("messages") && JSON.stringify(data).includes('"content":"Inside"');
    expect(deep.filter(({ event }) => !event.includes("|"))).toEqual(live.filter((frame) => !isInside(frame)));
  });

  it("takes a namespace: only what is in frames whose names begin so", async () => {
    const { thread, runId } = await streamed(DEEP);
    const all = await follow(thread, runId, ["updates"], -1, { subgraphs: true });
    const names = all.map(({ event }) => event);
    const outer = names.find((name) => name.startsWith("updates|outer:"))?.slice("updates|".length) ?? "";
    for (const namespaces of [["outer"], [outer]])
      expect(await follow(thread, runId, ["updates"], -1, { namespaces })).toEqual(
        all.filter(({ event }) => event === "metadata" || event.startsWith(`updates|${outer}`)),
      );
    expect(await follow(thread, runId, ["updates"], -1, { namespaces: ["out"] })).toHaveLength(1);
  });
});

type Tuple = readonly [{ id: string; type: string; content: string }, JsonObject];

describe("messages", () => {
  it("as tuples are joined by id to what was said, and no message that was streamed comes whole besides", async () => {
    const { live, runId, thread } = await streamed(CHAT, hi, { streamSubgraphs: true });
    const tuples = live.filter(({ event }) => event.startsWith("messages|") || event === "messages");
    const texts = new Map<string, string>();
    for (const { data } of tuples) {
      const [message] = data as unknown as Tuple;
      texts.set(message.id, (texts.get(message.id) ?? "") + message.content);
    }
    expect([...texts.values()]).toEqual(["42", "Hello there", "Inside"]);
    // What the run was given is nobody's answer.
    expect(texts.has(`${runId}:input:0`)).toBe(false);
    const [, metadata] = dataOf<Tuple>(tuples, "messages")[1] ?? [];
    expect(metadata).toMatchObject({
      tags: [],
      langgraph_node: "answer",
      langgraph_step: 3,
      langgraph_triggers: ["branch:to:answer"],
      run_id: runId,
      thread_id: thread.threadId,
      graph_id: "test",
      assistant_id: "test",
    });
    expect(metadata?.["langgraph_checkpoint_ns"]).toMatch(/^answer:[0-9a-f-]{36}$/);
  });

  it("that a graph inside has said leave it as a whole, once, where its stream is not shown", async () => {
    const { live } = await streamed(CHAT, hi);
    const said = dataOf<Tuple>(live, "messages").filter(([{ content }]) => content === "Inside");
    expect(said).toHaveLength(1);
    expect(said[0]?.[0].type).toBe("ai");
    expect(said[0]?.[1]).toMatchObject({ langgraph_node: "inner" });
  });

  it("`messages/partial` holds all there is so far, `messages/complete` each message once, input and tool's too", async () => {
    const { live } = await streamed(CHAT, hi);
    const named = dataOf(live, "messages/metadata").flatMap((data) => Object.keys(data));
    expect(named).toHaveLength(1);
    const parts = dataOf<readonly { id: string; content: string; type: string }[]>(live, "messages/partial");
    expect(parts.map(([message]) => message?.content)).toEqual(["Hell", "Hello th", "Hello there"]);
    expect(new Set(parts.map(([message]) => message?.id))).toEqual(new Set(named));
    const whole = dataOf<readonly { id: string; type: string; content: string }[]>(live, "messages/complete").flat();
    expect(whole.map(({ type, content }) => [type, content])).toEqual([
      ["human", "hi"],
      ["tool", "42"],
      ["ai", "Hello there"],
      ["ai", "Inside"],
    ]);
    expect(new Set(whole.map(({ id }) => id)).size).toBe(4);
  });

  it("that a model writes as text are completed as well", async () => {
    const { live } = await streamed(DIAMOND);
    const whole = dataOf<readonly { content: string }[]>(live, "messages/complete").flat();
    expect(whole.map(({ content }) => content).sort()).toEqual(["long one", "short"]);
  });
});

describe("steps", () => {
  it.each([
    ["chat", CHAT, hi],
    ["uneven branches", UNEVEN, {}],
  ])("of %s: debug's checkpoints are the entries of the history, in their order", async (_, graph, input) => {
    const { thread, live } = await streamed(graph, input);
    const { tenant, threadId } = thread;
    const history = unwrap(await thread.api.getHistory({ tenant, threadId, limit: 100 })).toReversed();
    const checkpoints = dataOf<{ type: string; step: number; payload: JsonObject }>(live, "debug").filter(
      ({ type }) => type === "checkpoint",
    );
    expect(checkpoints.map(({ payload: { config: _config, parent_config: _parent, ...state } }) => state)).toEqual(
      history,
    );
    expect(checkpoints.map(({ step }) => step)).toEqual(history.map(({ metadata }) => metadata?.["step"]));
    expect(dataOf(live, "checkpoints")).toEqual(checkpoints.map(({ payload }) => payload));
    for (const { payload } of checkpoints) {
      const { thread_id, checkpoint_id, checkpoint_ns } = payload["checkpoint"] as JsonObject;
      expect(payload["config"]).toEqual({ configurable: { thread_id, checkpoint_id, checkpoint_ns } });
    }
    const output = (state: JsonObject) => state["values"];
    if (graph === UNEVEN) {
      // The first is before the input is written: values begin with it.
      expect(dataOf(live, "values")).toEqual(checkpoints.slice(1).map(({ payload }) => output(payload)));
    }
  });

  it("begin behind what they follow from: values of a step before its tasks' starts", async () => {
    const { live } = await streamed(CHAT, hi, { streamMode: ["values", "tasks", "updates"] });
    const kinds = live.map(({ event, data }) =>
      event === "tasks" ? ("result" in (data as JsonObject) ? "end" : "start") : event,
    );
    expect(kinds.slice(0, 7)).toEqual(["metadata", "values", "start", "end", "updates", "values", "start"]);
  });
});

describe("tasks", () => {
  it("tell what they see, or were sent, what they left, what they failed of, and what they ask", async () => {
    const { live } = await streamed({
      channels: { list: { default: [1, 2] }, out: { reducer: "append" } },
      nodes: {
        fan: { kind: "transform" },
        part: { kind: "transform", set: { out: "payload * 2" } },
        ask: { kind: "gate", ask: "well?", write: "out" },
        no: { kind: "fail", message: "no luck" },
      },
      edges: [
        { from: "start", to: "fan" },
        { from: "fan", to: "part", send: "state.list" },
        { from: "start", to: "ask" },
        { from: "start", to: "no" },
      ],
    });
    const tasks = dataOf(live, "tasks");
    const of = (name: string, key: string) => tasks.filter((task) => task["name"] === name && key in task);
    expect(of("fan", "input")).toMatchObject([
      { input: { list: [1, 2] }, triggers: ["branch:to:fan"], interrupts: [], metadata: { langgraph_node: "fan" } },
    ]);
    expect(of("part", "input").map(({ input, triggers }) => [input, triggers])).toEqual([
      [1, ["__pregel_push"]],
      [2, ["__pregel_push"]],
    ]);
    expect(of("part", "result").map(({ result }) => result)).toEqual([{ out: 2 }, { out: 4 }]);
    expect(of("no", "error")).toMatchObject([{ error: "no luck", interrupts: [] }]);
    expect(of("ask", "result")).toMatchObject([{ result: {}, interrupts: [{ value: "well?" }] }]);
    const results = dataOf<{ type: string; payload: JsonObject; step: number }>(live, "debug");
    expect(results.filter(({ type }) => type === "task").map(({ payload }) => payload)).toEqual(
      tasks.filter((task) => "input" in task),
    );
    expect(results.filter(({ type }) => type === "task_result").map(({ payload }) => payload)).toEqual(
      tasks.filter((task) => !("input" in task)),
    );
    expect(live.at(-1)).toMatchObject({
      event: "error",
      data: { message: expect.stringContaining("no luck") as string },
    });
  });
});

describe("events", () => {
  it("show the run and its nodes as chains, the model's start, pieces and end", async () => {
    const { live, runId } = await streamed(DIAMOND);
    const events = dataOf<{ event: string; name: string; run_id: string; data: JsonObject }>(live, "events");
    expect(events[0]).toMatchObject({ event: "on_chain_start", run_id: runId });
    expect(events.at(-1)).toMatchObject({
      event: "on_chain_end",
      run_id: runId,
      data: { output: { both: "short & long one" } },
    });
    for (const each of events)
      expect(Object.keys(each)).toEqual(["event", "name", "tags", "run_id", "metadata", "data"]);
    const model = events.filter(({ event, name }) => event.startsWith("on_chat_model") && name === "short");
    expect(model.map(({ event }) => event)).toEqual([
      "on_chat_model_start",
      "on_chat_model_stream",
      "on_chat_model_stream",
      "on_chat_model_end",
    ]);
    expect(new Set(model.map(({ run_id }) => run_id)).size).toBe(1);
    expect(model.at(-1)?.data).toMatchObject({ output: { content: "short" } });
    const join = events.filter(({ name }) => name === "join").map(({ event }) => event);
    expect(join).toEqual(["on_chain_start", "on_chain_stream", "on_chain_end"]);
  });

  it("`tools` tells of each call that a model made: how it begins, what it says meanwhile, and what it comes to", async () => {
    const call = (id: string, name: string) => ({ id, name, args: { n: 1 } });
    const { live } = await streamed(
      {
        channels: { messages: { reducer: "messages" } },
        nodes: {
          act: {
            kind: "tools",
            graph: {
              channels: { result: {} },
              nodes: {
                say: { kind: "emit", value: "'half way'" },
                done: { kind: "transform", set: { result: "'one'" } },
                no: { kind: "fail", message: "no luck" },
              },
              edges: [{ from: "say", to: "done" }],
            },
          },
        },
        edges: [{ from: "start", to: "act" }],
      },
      { messages: [{ type: "ai", content: "", tool_calls: [call("c1", "say"), call("c2", "no")] }] },
    );
    const tools = dataOf(live, "tools");
    expect(tools.filter(({ toolCallId }) => toolCallId === "c1")).toEqual([
      { event: "on_tool_start", toolCallId: "c1", name: "say", input: { n: 1 } },
      { event: "on_tool_event", toolCallId: "c1", name: "say", data: "half way" },
      expect.objectContaining({ event: "on_tool_end", output: expect.objectContaining({ content: "one" }) as unknown }),
    ]);
    expect(tools.filter(({ toolCallId }) => toolCallId === "c2")).toMatchObject([
      { event: "on_tool_start", name: "no" },
      { event: "on_tool_error", name: "no", error: expect.stringContaining("no luck") as unknown },
    ]);
  });

  it("`tools` tells how a request begins and what it failed of", async () => {
    const { live } = await streamed(UNEVEN);
    expect(dataOf(live, "tools")).toMatchObject([
      { event: "on_tool_start", name: "tool" },
      { event: "on_tool_error", name: "tool" },
    ]);
  });
});

describe("[G9] what is asked", () => {
  it("is told in updates and in values alone, of the run and of the frame it is in", async () => {
    const { live } = await streamed(DEEP, {}, { streamMode: ["updates", "values"], streamSubgraphs: true });
    const asked = live.filter(({ data }) => "__interrupt__" in (data as JsonObject));
    const data = { __interrupt__: [{ id: expect.stringMatching(/^[0-9a-f]{32}$/) as string, value: "go on?" }] };
    expect(asked.map(({ event }) => event.replaceAll(/:[0-9a-f-]{36}/g, ""))).toEqual([
      "updates|outer|inner",
      "values|outer|inner",
      "updates",
      "values",
    ]);
    for (const frame of asked) expect(frame.data).toEqual(data);
  });

  it.each([["before"], ["after"]])("of a breakpoint %s a node is an empty list", async (when) => {
    const modes: readonly StreamMode[] = ["values", "updates"];
    const stops = when === "before" ? { interruptBefore: ["tell"] } : { interruptAfter: ["prepare"] };
    const { live, thread, runId } = await streamed(CHAT, hi, { streamMode: modes, ...stops });
    const asked = live.filter(({ data }) => "__interrupt__" in (data as JsonObject));
    expect(asked).toMatchObject([
      { event: "updates", data: { __interrupt__: [] } },
      { event: "values", data: { __interrupt__: [] } },
    ]);
    expect(await follow(thread, runId, modes)).toEqual(live);
  });
});
