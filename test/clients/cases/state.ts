import assert from "node:assert/strict";
import { type Case, includes, refused, WRONG } from "../case.ts";

/** What a thread holds: its state, its history, and what is written into it from outside. */
export const STATE: readonly Case[] = [
  {
    name: "a thread that never ran has an empty state, and no history",
    about: ["threads.getState", "threads.getHistory"],
    async run(desk) {
      const id = await desk.thread();
      const state = await desk.client.threads.getState(id);
      includes(state, { values: {}, next: [], tasks: [], checkpoint: null, parent_checkpoint: null, created_at: null });
      assert.deepEqual(await desk.client.threads.getHistory(id), []);
      await refused(desk.client.threads.getState(crypto.randomUUID()), 404);
      await refused(desk.client.threads.getHistory(crypto.randomUUID()), 404);
    },
  },
  {
    name: "a history has an entry for the input and one for each step, newest first",
    about: ["threads.getHistory", "threads.getHistory:limit", "threads.getHistory:before"],
    async run(desk) {
      const { threads, runs } = desk.client;
      const id = await desk.thread();
      await runs.wait(id, "c-steps", { input: {} });
      const history = await threads.getHistory(id);
      assert.deepEqual(
        history.map(({ next, metadata, values }) => [
          next,
          metadata?.step,
          metadata?.source,
          (values as { n?: number }).n,
        ]),
        [
          [[], 3, "loop", 3],
          [["three"], 2, "loop", 2],
          [["two"], 1, "loop", 1],
          [["one"], 0, "loop", 0],
          [["__start__"], -1, "input", 0],
        ].map(([next, step, source, n]) => [next, step, source, n]),
      );
      assert.deepEqual(
        history.map(({ parent_checkpoint: parent }) => parent?.checkpoint_id),
        [...history.slice(1).map(({ checkpoint }) => checkpoint.checkpoint_id), undefined],
      );
      const ids = history.map(({ checkpoint }) => checkpoint.checkpoint_id ?? "");
      assert.deepEqual([...ids].sort().reverse(), ids);
      const listed = async (query: object) =>
        (await threads.getHistory(id, query)).map(({ checkpoint }) => checkpoint.checkpoint_id);
      assert.deepEqual(await listed({ limit: 2 }), ids.slice(0, 2));
      assert.deepEqual(await listed({ before: { checkpoint_id: ids[1] } }), ids.slice(2));
      assert.deepEqual(await listed({ before: { configurable: { checkpoint_id: ids[1] } } }), ids.slice(2));
      assert.deepEqual(await listed({ before: ids[1] }), ids.slice(2));
      await refused(threads.getHistory(id, { limit: -1 }), 400);
    },
  },
  {
    name: "a history is filtered by its metadata, and read of a subgraph",
    about: ["threads.getHistory:metadata", "threads.getHistory:checkpoint", "a run's body:metadata"],
    async run(desk) {
      const { threads, runs } = desk.client;
      const id = await desk.thread();
      await runs.wait(id, "c-steps", { input: {}, metadata: { turn: 1 } });
      await runs.wait(id, "c-steps", { input: {}, metadata: { turn: 2 } });
      const second = await threads.getHistory(id, { limit: 100, metadata: { turn: 2 } });
      assert.ok(second.length >= 4);
      for (const { metadata } of second) includes(metadata, { turn: 2 });
      includes(await threads.getHistory(id, { metadata: { source: "input", turn: 1 } }), [
        { metadata: { source: "input" } },
      ]);
      const nested = await desk.thread();
      await runs.wait(nested, "c-nested", { input: {} });
      const [task] = (await threads.getState(nested)).tasks;
      const [inside] = await threads.getHistory(nested, {
        checkpoint: { checkpoint_ns: `inner:${task?.id}` } as never,
      });
      includes(inside, {
        values: { said: "Inside." },
        next: ["ask"],
        checkpoint: { checkpoint_ns: `inner:${task?.id}` },
      });
    },
  },
  {
    name: "a history and a state may be cut to fields",
    about: ["threads.getHistory:select", "threads.getState:select"],
    async run(desk) {
      const id = await desk.thread();
      await desk.client.runs.wait(id, "c-steps", { input: {} });
      const state = await desk.client.threads.getState(id, undefined, { select: ["values.n", "next"] } as never);
      assert.deepEqual(state, { values: { n: 3 }, next: [] });
      const [entry] = await desk.client.threads.getHistory(id, { limit: 1, select: ["values.n"] } as never);
      assert.deepEqual(entry, { values: { n: 3 } });
    },
  },
  {
    name: "a state is read at an older checkpoint, by its id and by the whole checkpoint",
    about: ["threads.getState", "threads.getState:checkpoint"],
    async run(desk) {
      const { threads, runs } = desk.client;
      const id = await desk.thread();
      await runs.wait(id, "c-steps", { input: {} });
      const history = await threads.getHistory(id);
      const older = history[2] ?? assert.fail();
      assert.deepEqual(await threads.getState(id, older.checkpoint.checkpoint_id ?? ""), older);
      assert.deepEqual(await threads.getState(id, older.checkpoint), older);
      assert.deepEqual(await threads.getState(id), history[0]);
      await refused(threads.getState(id, "1ef00000-0000-6000-8000-000000000000"), 404);
    },
  },
  {
    name: "tasks and checkpoints have all their keys",
    about: ["threads.getState"],
    async run(desk) {
      const id = await desk.thread();
      await desk.client.runs.wait(id, "c-ask", { input: {} });
      const state = await desk.client.threads.getState(id);
      const [task] = state.tasks;
      assert.deepEqual(task, {
        id: task?.id,
        name: "ask",
        path: ["__pregel_pull", "ask"],
        error: null,
        interrupts: [{ id: task?.interrupts[0]?.id, value: { question: "Go on?", topic: "none" } }],
        checkpoint: null,
        state: null,
        result: null,
      });
      assert.deepEqual(Object.keys(state.checkpoint).sort(), [
        "checkpoint_id",
        "checkpoint_map",
        "checkpoint_ns",
        "thread_id",
      ]);
      includes(state, { next: ["ask"], checkpoint: { thread_id: id, checkpoint_ns: "", checkpoint_map: null } });
      const thread = await desk.client.threads.get(id);
      assert.deepEqual(Object.values(thread.interrupts), [task?.interrupts]);
    },
  },
  {
    name: "what waits in a subgraph is told with its state, or by the place where it is read",
    about: ["threads.getState:subgraphs", "threads.getState:checkpoint"],
    async run(desk) {
      const { threads, runs } = desk.client;
      const id = await desk.thread();
      await runs.wait(id, "c-nested", { input: {} });
      const [plain] = (await threads.getState(id)).tasks;
      const ns = `inner:${plain?.id}`;
      includes(plain, { name: "inner", checkpoint: { thread_id: id, checkpoint_ns: ns }, state: null });
      const [deep] = (await threads.getState(id, undefined, { subgraphs: true })).tasks;
      includes(deep, { checkpoint: null, state: { values: { said: "Inside." }, next: ["ask"] } });
      const read = await threads.getState(id, { checkpoint_ns: ns } as never, { subgraphs: true });
      includes(read, { values: { said: "Inside." }, next: ["ask"], tasks: [{ name: "ask" }] });
    },
  },
  {
    name: "an update writes values, and as a node it takes that node's edges",
    about: ["threads.updateState", "threads.updateState:values", "threads.updateState:asNode"],
    async run(desk) {
      const { threads, runs } = desk.client;
      const id = await desk.thread();
      await refused(threads.updateState(id, { values: { n: 1 } }), 400);
      await runs.wait(id, "c-ask", { input: { topic: "tea" } });
      const written = await threads.updateState(id, { values: { answer: "yes" }, asNode: "ask" });
      includes(written, { checkpoint: { thread_id: id, checkpoint_ns: "" } });
      includes(await threads.getState(id), {
        values: { answer: "yes" },
        next: ["after"],
        metadata: { source: "update" },
      });
      includes(await runs.wait(id, "c-ask", { input: null }), { log: ["before", "after"], answer: "yes" });
      await refused(threads.updateState(id, { values: { nope: 1 } }), WRONG);
      await refused(threads.updateState(id, { values: {}, asNode: "nobody" }), WRONG);
    },
  },
  {
    name: "an update at an older checkpoint is a fork",
    about: ["threads.updateState:checkpointId", "threads.updateState:checkpoint"],
    async run(desk) {
      const { threads, runs } = desk.client;
      const id = await desk.thread();
      await runs.wait(id, "c-steps", { input: {} });
      const history = await threads.getHistory(id);
      const at = history.find(({ next }) => next[0] === "three")?.checkpoint ?? assert.fail();
      await threads.updateState(id, { values: { log: "mine" }, checkpointId: at.checkpoint_id ?? "" });
      includes(await threads.getState(id), { values: { log: ["one", "two", "mine"] }, next: ["three"] });
      const { thread_id: _thread, ...checkpoint } = at;
      await threads.updateState(id, { values: { log: "other" }, checkpoint } as never);
      includes(await runs.wait(id, "c-steps", { input: null }), { log: ["one", "two", "other", "three"] });
    },
  },
  {
    name: "an update is refused while a run is live",
    about: ["threads.updateState"],
    async run(desk) {
      const { threads, runs } = desk.client;
      const id = await desk.thread();
      const run = await runs.create(id, "c-wait", { input: {} });
      await refused(threads.updateState(id, { values: { log: "x" } }), 409);
      await runs.cancel(id, run.run_id, true);
    },
  },
  {
    name: "a state's metadata is patched",
    about: ["threads.patchState", "threads.patchState:metadata"],
    async run(desk) {
      const id = await desk.thread({ graph_id: "c-steps" });
      await desk.client.runs.wait(id, "c-steps", { input: {} });
      await desk.client.threads.patchState(id, { mine: true });
      includes(await desk.client.threads.get(id), { metadata: { mine: true } });
      await refused(desk.client.threads.patchState(crypto.randomUUID(), {}), 404);
    },
  },
  {
    name: "an update into a subgraph is used when it goes on",
    about: ["threads.updateState:checkpoint"],
    async run(desk) {
      const { threads, runs } = desk.client;
      const id = await desk.thread();
      await runs.wait(id, "c-nested", { input: {} });
      const [task] = (await threads.getState(id)).tasks;
      await threads.updateState(id, {
        values: { said: "Changed." },
        checkpoint: { checkpoint_ns: `inner:${task?.id}` },
      } as never);
      includes(await runs.wait(id, "c-nested", { command: { resume: "yes" } }), { said: "Changed.", answer: "yes" });
    },
  },
];
