import assert from "node:assert/strict";
import {
  type Case,
  collect,
  dataOf,
  type Desk,
  includes,
  namesOf,
  type Part,
  refused,
  sorted,
  textOf,
  WRONG,
} from "../case.ts";
import { REPLY } from "../graphs.ts";

const event = (...names: readonly string[]) => names.map((name) => `a stream's events:${name}`);
const MODE = "a run's body:streamMode";

async function streamed(desk: Desk, graph: string, more: object, threadId?: string | null): Promise<Part[]> {
  const id = threadId === undefined ? await desk.thread() : threadId;
  return collect(desk.client.runs.stream(id as string, graph, { input: {}, ...more }));
}

/** Streams: every mode with exactly its events, subgraphs, interrupts, failures. */
export const STREAMS: readonly Case[] = [
  {
    name: "values and metadata are what comes unless told otherwise",
    about: ["runs.stream", "runs.stream:onRunCreated", MODE, ...event("metadata", "values")],
    async run(desk) {
      const told: { run_id: string }[] = [];
      const parts = await streamed(desk, "c-steps", { onRunCreated: (each: { run_id: string }) => told.push(each) });
      assert.deepEqual(namesOf(parts), ["metadata", "values"]);
      includes(parts[0], { event: "metadata", data: { run_id: told[0]?.run_id, attempt: 1 } });
      assert.deepEqual(
        dataOf(parts, "values").map((each) => (each as { n: number }).n),
        [0, 1, 2, 3],
      );
      assert.deepEqual(
        parts.map(({ id }) => Number(id)),
        parts.map(({ id }) => Number(id)).sort((one, other) => one - other),
      );
      const stateless = await streamed(desk, "c-steps", { streamMode: "values" }, null);
      assert.deepEqual(dataOf(stateless, "values").at(-1), { log: ["one", "two", "three"], n: 3 });
    },
  },
  {
    name: "each mode gives exactly its own events",
    about: [MODE, ...event("updates", "messages", "custom", "tasks", "checkpoints", "debug", "events")],
    async run(desk) {
      const expected: Readonly<Record<string, readonly string[]>> = {
        values: ["values"],
        updates: ["updates"],
        "messages-tuple": ["messages"],
        messages: ["messages/complete", "messages/metadata", "messages/partial"],
        tasks: ["tasks"],
        checkpoints: ["checkpoints"],
        debug: ["debug"],
        events: ["events"],
      };
      for (const [streamMode, names] of Object.entries(expected)) {
        const input = { messages: [{ role: "user", content: "Hi" }] };
        const parts = await streamed(desk, "c-chat", { input, streamMode });
        assert.deepEqual(namesOf(parts), ["metadata", ...names].sort(), streamMode);
      }
      const told = await streamed(desk, "c-tell", { input: { name: "Ada" }, streamMode: "custom" });
      assert.deepEqual(namesOf(told), ["custom", "metadata"]);
      assert.deepEqual(dataOf(told, "custom"), [{ hello: "Ada" }]);
      const all = [...Object.keys(expected), "custom"];
      const parts = await streamed(desk, "c-chat", { input: { messages: "Hi" }, streamMode: all });
      assert.deepEqual(namesOf(parts), ["metadata", ...Object.values(expected).flat()].sort());
      await refused(streamed(desk, "c-chat", { streamMode: "sideways" }), WRONG);
    },
  },
  {
    name: "updates name the node and what it wrote",
    about: [MODE, ...event("updates")],
    async run(desk) {
      const parts = await streamed(desk, "c-steps", { streamMode: ["updates"] });
      assert.deepEqual(
        dataOf(parts, "updates").map((each) => Object.keys(each as object)),
        [["one"], ["two"], ["three"]],
      );
      includes(dataOf(parts, "updates")[0], { one: { n: 1 } });
    },
  },
  {
    name: "tokens come as pieces of one message, never followed by the whole",
    about: [MODE, ...event("messages")],
    async run(desk) {
      const input = { messages: [{ role: "user", content: "Hi" }] };
      const parts = await streamed(desk, "c-chat", { input, streamMode: ["messages-tuple", "values"] });
      assert.equal(textOf(parts), REPLY, JSON.stringify(parts.map(({ id, event: name }) => `${id} ${name}`)));
      const pieces = dataOf(parts, "messages") as [Record<string, unknown>, Record<string, unknown>][];
      assert.ok(pieces.length > 3);
      assert.equal(new Set(pieces.map(([{ id }]) => id)).size, 1);
      for (const [message, metadata] of pieces) {
        includes(message, {
          type: "AIMessageChunk" in message ? message["type"] : message["type"],
          additional_kwargs: {},
        });
        includes(metadata, { langgraph_node: "agent", langgraph_step: 1, graph_id: "c-chat" });
        for (const key of [
          "tags",
          "langgraph_triggers",
          "langgraph_checkpoint_ns",
          "run_id",
          "thread_id",
          "assistant_id",
        ]) {
          assert.ok(key in metadata, key);
        }
      }
      const { messages } = dataOf(parts, "values").at(-1) as {
        messages: { id: string; type: string; content: string }[];
      };
      assert.deepEqual(
        messages.map(({ type, content }) => [type, content]),
        [
          ["human", "Hi"],
          ["ai", REPLY],
        ],
      );
      assert.equal(messages[1]?.id, pieces[0]?.[0]["id"]);
    },
  },
  {
    name: "the mode messages tells whose a message is, what there is of it so far, and the whole",
    about: [MODE, ...event("messages/metadata", "messages/partial", "messages/complete")],
    async run(desk) {
      const input = { messages: [{ role: "user", content: "Hi", id: "m1" }] };
      const parts = await streamed(desk, "c-chat", { input, streamMode: "messages" });
      const partial = dataOf(parts, "messages/partial") as [{ id: string; content: string }][];
      assert.ok(partial.length > 3);
      for (const [at, [{ content }]] of partial.entries())
        assert.ok(content.startsWith(partial[at - 1]?.[0].content ?? ""));
      assert.equal(partial.at(-1)?.[0].content, REPLY);
      const complete = dataOf(parts, "messages/complete") as [{ id: string; content: string; type: string }][];
      const ids = complete.map(([{ id }]) => id);
      assert.equal(new Set(ids).size, ids.length, "complete more than once for an id");
      assert.ok(ids.includes("m1"));
      const [about] = dataOf(parts, "messages/metadata") as Record<string, { metadata: object }>[];
      includes(Object.values(about ?? {})[0], { metadata: { langgraph_node: "agent" } });
    },
  },
  {
    name: "messages may be given in every form, get ids that stay, are replaced and removed by id",
    about: ["a run's body:input"],
    async run(desk) {
      const id = await desk.thread();
      const say = async (messages: unknown) => {
        const values = await desk.client.runs.wait(id, "c-chat", { input: { messages } });
        return (values as unknown as { messages: { type: string; content: string; id: string }[] }).messages;
      };
      const first = await say(["bare", { role: "human", content: "role", id: "m2" }, ["user", "pair"]]);
      assert.deepEqual(first.map(({ type, content }) => [type, content]).slice(0, 3), [
        ["human", "bare"],
        ["human", "role"],
        ["human", "pair"],
      ]);
      for (const each of first) assert.ok(each.id);
      const second = await say([
        { type: "human", content: "replaced", id: "m2" },
        { type: "remove", id: first[0]?.id },
      ]);
      assert.deepEqual(
        second.slice(0, 2).map(({ content }) => content),
        ["replaced", "pair"],
      );
      const third = await say([
        { type: "remove", id: "__remove_all__" },
        { role: "user", content: "anew" },
      ]);
      assert.deepEqual(
        third.map(({ content }) => content),
        ["anew", REPLY],
      );
    },
  },
  {
    name: "tasks begin and end, checkpoints and debug say what the history will",
    about: [MODE, ...event("tasks", "checkpoints", "debug")],
    async run(desk) {
      const id = await desk.thread();
      const parts = await streamed(desk, "c-steps", { streamMode: ["tasks", "checkpoints", "debug"] }, id);
      const tasks = dataOf(parts, "tasks") as { id: string; name: string; input?: unknown; result?: unknown }[];
      assert.deepEqual(
        tasks.map((task) => [task.name, "result" in task ? "end" : "start"]),
        ["one", "two", "three"].flatMap((name) => [
          [name, "start"],
          [name, "end"],
        ]),
      );
      const history = (await desk.client.threads.getHistory(id)).reverse();
      const told = dataOf(parts, "checkpoints") as { values: unknown; next: unknown; metadata: { step: number } }[];
      assert.deepEqual(
        told.map(({ values, next, metadata }) => [values, next, metadata.step]),
        history.map(({ values, next, metadata }) => [values, next, metadata?.step]),
      );
      const debug = dataOf(parts, "debug") as { type: string; payload: { checkpoint?: unknown } }[];
      assert.deepEqual([...new Set(debug.map(({ type }) => type))].sort(), ["checkpoint", "task", "task_result"]);
      const checkpoints = debug.filter(({ type }) => type === "checkpoint").map(({ payload }) => payload.checkpoint);
      assert.deepEqual(
        checkpoints,
        history.map(({ checkpoint }) => checkpoint),
      );
    },
  },
  {
    name: "events tell of the chain and of its model",
    about: event("events"),
    async run(desk) {
      const parts = await streamed(desk, "c-chat", { input: { messages: "Hi" }, streamMode: "events" });
      const names = dataOf(parts, "events").map((each) => (each as { event: string }).event);
      for (const name of [
        "on_chain_start",
        "on_chain_end",
        "on_chat_model_start",
        "on_chat_model_stream",
        "on_chat_model_end",
      ])
        assert.ok(names.includes(name), name);
    },
  },
  {
    name: "subgraphs speak under their namespace, and only where they were asked for",
    about: ["a run's body:streamSubgraphs", ...event("mode|namespace")],
    async run(desk) {
      const streamMode = ["values", "updates", "custom", "messages-tuple"];
      const plain = await streamed(desk, "c-inner", { streamMode });
      for (const { event: name } of plain) assert.ok(!name.includes("|"), name);
      const deep = await streamed(desk, "c-inner", { streamMode, streamSubgraphs: true });
      const inside = deep.filter(({ event: name }) => name.includes("|"));
      assert.deepEqual(sorted(inside.map((part) => part.event.split("|")[0])), [
        "custom",
        "messages",
        "updates",
        "values",
      ]);
      for (const { event: name } of inside) assert.match(name, /^[a-z]+\|inner:[0-9a-f-]{36}$/);
    },
  },
  {
    name: "a stream may be narrowed to namespaces",
    about: ["runs.stream:streamNamespaces", "runs.joinStream:streamNamespaces"],
    async run(desk) {
      const id = await desk.thread();
      const more = { streamMode: ["updates"], streamSubgraphs: true, streamNamespaces: [""] };
      const parts = await streamed(desk, "c-inner", more, id);
      assert.deepEqual(namesOf(parts), ["metadata", "updates"]);
      const [run] = await desk.client.runs.list(id);
      const joined = await collect(
        desk.client.runs.joinStream(id, run?.run_id ?? "", {
          lastEventId: "-1",
          streamMode: ["updates"],
          streamNamespaces: ["inner"],
        }),
      );
      for (const { event: name } of joined) assert.match(name, /^metadata$|^updates\|inner/);
    },
  },
  {
    name: "a question is told in updates and, alone, in values",
    about: event("__interrupt__"),
    async run(desk) {
      const parts = await streamed(desk, "c-ask", { streamMode: ["values", "updates"] });
      const question = { question: "Go on?", topic: "none" };
      for (const name of ["updates", "values"]) {
        const last = dataOf(parts, name).at(-1) as { __interrupt__: { id: string; value: unknown }[] };
        assert.deepEqual(Object.keys(last), ["__interrupt__"], name);
        assert.deepEqual(last.__interrupt__[0]?.value, question);
        assert.ok(last.__interrupt__[0]?.id);
      }
      const stopped = await streamed(desk, "c-steps", { streamMode: ["values", "updates"], interruptBefore: ["two"] });
      assert.deepEqual(dataOf(stopped, "values").at(-1), { __interrupt__: [] });
    },
  },
  {
    name: "a failure is the last event, whatever was asked for; the thread says it too",
    about: event("error"),
    async run(desk) {
      for (const streamMode of ["values", "custom", "updates"]) {
        const id = await desk.thread();
        const parts = await streamed(desk, "c-fail", { streamMode }, id);
        assert.equal(parts.at(-1)?.event, "error");
        const { error, message } = (parts.at(-1)?.data ?? {}) as { error?: string; message?: string };
        assert.ok(error && message);
        includes(await desk.client.threads.get(id), { status: "error" });
      }
    },
  },
  {
    name: "a body with one JSON text as stream_mode, as 2.0.0 sends it in queries, is understood",
    about: ["runs.joinStream", "runs.joinStream:streamMode"],
    async run(desk) {
      const id = await desk.thread();
      const run = await desk.client.runs.create(id, "c-steps", { input: {}, streamMode: ["values", "updates"] });
      const parts = await collect(
        desk.client.runs.joinStream(id, run.run_id, { lastEventId: "-1", streamMode: ["updates"] }),
      );
      assert.deepEqual(namesOf(parts), ["metadata", "updates"]);
      await refused(collect(desk.client.runs.joinStream(id, crypto.randomUUID())), 404);
    },
  },
  {
    name: "tools tell of themselves in a mode of their own",
    about: event("tools"),
    async run(desk) {
      const parts = await streamed(desk, "c-chat", { input: { messages: "Hi" }, streamMode: ["tools", "updates"] });
      assert.deepEqual(namesOf(parts), ["metadata", "updates"]);
    },
  },
];
