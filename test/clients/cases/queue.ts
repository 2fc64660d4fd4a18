import assert from "node:assert/strict";
import { type Case, type Desk, includes, refused, sleep, until } from "../case.ts";

const STRATEGY = "a run's body:multitaskStrategy";
const missing = "00000000-0000-7000-8000-00000000dead";

/** A thread whose run is surely at work: its model speaks for a while. */
async function busy(desk: Desk, graph = "c-story") {
  const id = await desk.thread();
  const { run_id: runId } = await desk.client.runs.create(id, graph, { input: {} });
  await until(async () => (await desk.client.runs.get(id, runId)).status === "running", "the run's start");
  return { id, runId };
}

/** Several runs of one thread, and runs that are ended from outside. */
export const QUEUE: readonly Case[] = [
  {
    name: "a busy thread refuses a second run with 422",
    about: [STRATEGY],
    async run(desk) {
      const { runs } = desk.client;
      const { id, runId } = await busy(desk);
      await refused(runs.create(id, "c-steps", { input: {} }), 422);
      await refused(runs.create(id, "c-steps", { input: {}, multitaskStrategy: "reject" }), 422);
      assert.equal((await runs.list(id)).length, 1);
      await runs.cancel(id, runId, true);
    },
  },
  {
    name: "queued runs go one after the other, in their order",
    about: [STRATEGY],
    async run(desk) {
      const { runs, threads } = desk.client;
      const id = await desk.thread();
      const first = await runs.create(id, "c-pause", { input: { word: "1" } });
      const more = [];
      for (const word of ["2", "3"]) {
        more.push(await runs.create(id, "c-pause", { input: { word }, multitaskStrategy: "enqueue" }));
      }
      includes(more[1], { status: "pending", multitask_strategy: "enqueue" });
      for (const { run_id: runId } of [first, ...more]) await runs.join(id, runId);
      includes(await threads.getState(id), { values: { log: ["1", "end", "2", "end", "3", "end"] } });
      for (const run of await runs.list(id)) assert.equal(run.status, "success");
    },
  },
  {
    name: "interrupt stops the live run, keeps what it did, and starts",
    about: [STRATEGY],
    async run(desk) {
      const { runs, threads } = desk.client;
      const id = await desk.thread();
      const first = await runs.create(id, "c-wait", { input: {} });
      await until(async () => (await threads.getState(id)).next.includes("wait"), "the first step");
      const values = await runs.wait(id, "c-pause", { input: { word: "2" }, multitaskStrategy: "interrupt" });
      includes(values, { log: ["before", "2", "end"] });
      includes(await runs.get(id, first.run_id), { status: "interrupted" });
    },
  },
  {
    name: "rollback takes the live run back, as if it had never been, and starts",
    about: [STRATEGY],
    async run(desk) {
      const { runs, threads } = desk.client;
      const id = await desk.thread();
      await runs.wait(id, "c-pause", { input: { word: "0" } });
      const before = (await threads.getHistory(id, { limit: 100 })).length;
      const taken = await runs.create(id, "c-wait", { input: {} });
      await until(async () => (await threads.getState(id)).next.includes("wait"), "the first step");
      const values = await runs.wait(id, "c-pause", { input: { word: "2" }, multitaskStrategy: "rollback" });
      includes(values, { log: ["0", "end", "2", "end"] });
      await refused(runs.get(id, taken.run_id), 404);
      assert.equal((await threads.getHistory(id, { limit: 100 })).length, before * 2);
    },
  },
  {
    name: "the four strategies in a race: each run ends, is taken back or was refused, and the thread is idle",
    about: [STRATEGY],
    async run(desk) {
      const { runs, threads } = desk.client;
      const id = await desk.thread();
      const strategies = ["enqueue", "interrupt", "rollback", "reject", "enqueue", "interrupt"] as const;
      const outcomes = await Promise.all(
        strategies.map((multitaskStrategy, at) =>
          runs.create(id, "c-pause", { input: { word: String(at) }, multitaskStrategy }).then(
            (run) => run.run_id,
            (error: { status?: number }) => error.status ?? "failed otherwise",
          ),
        ),
      );
      for (const [at, outcome] of outcomes.entries()) {
        if (typeof outcome === "number") assert.deepEqual([strategies[at], outcome], ["reject", 422]);
      }
      await until(async () => (await threads.get(id)).status !== "busy", "the race's end");
      for (const outcome of outcomes) {
        if (typeof outcome === "number") continue;
        const ended = await runs.get(id, outcome).then(
          ({ status }) => status,
          (error: { status?: number }) => error.status,
        );
        assert.ok(ended === "success" || ended === "interrupted" || ended === 404, String(ended));
      }
      includes(await threads.get(id), { status: "idle" });
    },
  },
  {
    name: "a running run is cancelled: at once, or waited for; nothing starts after it",
    about: ["runs.cancel", "runs.cancel:wait", "runs.cancel:action"],
    async run(desk) {
      const { runs, threads } = desk.client;
      const one = await busy(desk);
      await runs.cancel(one.id, one.runId, true, "interrupt");
      includes(await runs.get(one.id, one.runId), { status: "interrupted" });
      includes(await threads.getState(one.id), { values: { log: [] } });
      const other = await busy(desk);
      await runs.cancel(other.id, other.runId);
      await until(async () => (await runs.get(other.id, other.runId)).status === "interrupted", "the cancel");
      const waited = await desk.ask("POST", `/threads/${other.id}/runs/${other.runId}/cancel?wait=1`);
      assert.ok([204, 409, 404].includes(waited.status) || waited.status === 202, String(waited.status));
    },
  },
  {
    name: "a run that waits, that is pending, or that is over: each can be asked to cancel",
    about: ["runs.cancel", "runs.cancel:wait"],
    async run(desk) {
      const { runs } = desk.client;
      const id = await desk.thread();
      const waiting = await runs.create(id, "c-wait", { input: {} });
      const pending = await runs.create(id, "c-steps", { input: {}, multitaskStrategy: "enqueue" });
      await runs.cancel(id, pending.run_id, true);
      includes(await runs.get(id, pending.run_id), { status: "interrupted" });
      await runs.cancel(id, waiting.run_id, true);
      includes(await runs.get(id, waiting.run_id), { status: "interrupted" });
      const over = await desk.thread();
      const run = await runs.create(over, "c-steps", { input: {} });
      await runs.join(over, run.run_id);
      const answer = await desk.ask("POST", `/threads/${over}/runs/${run.run_id}/cancel?wait=1&action=interrupt`);
      assert.ok(answer.status < 500, String(answer.status));
      includes(await runs.get(over, run.run_id), { status: "success" });
      await refused(runs.cancel(over, missing, true), 404);
    },
  },
  {
    name: "a cancel with rollback takes the run and its checkpoints back",
    about: ["runs.cancel:action"],
    async run(desk) {
      const { runs, threads } = desk.client;
      const id = await desk.thread();
      await runs.wait(id, "c-steps", { input: {} });
      const before = await threads.getState(id);
      const run = await runs.create(id, "c-wait", { input: {} });
      await until(async () => (await threads.getState(id)).next.includes("wait"), "the first step");
      await runs.cancel(id, run.run_id, true, "rollback");
      await refused(runs.get(id, run.run_id), 404);
      assert.deepEqual((await threads.getState(id)).values, before.values);
    },
  },
  {
    name: "a cancel may say why",
    about: ["runs.cancel:reason"],
    async run(desk) {
      const { id, runId } = await busy(desk);
      await desk.client.runs.cancel(id, runId, true, "interrupt", { reason: "taken" });
      const run = await desk.client.runs.get(id, runId);
      assert.deepEqual([run.status, /taken/.test(JSON.stringify(run))], ["interrupted", true]);
    },
  },
  {
    name: "many runs are cancelled at once: by thread and ids, or by status",
    about: [
      "runs.cancelMany",
      ...["threadId", "runIds", "status", "action"].map((field) => `runs.cancelMany:${field}`),
    ],
    async run(desk) {
      const { runs } = desk.client;
      const id = await desk.thread();
      const live = await runs.create(id, "c-wait", { input: {} });
      const queued = await runs.create(id, "c-steps", { input: {}, multitaskStrategy: "enqueue" });
      const ended = async (runId: string) => (await runs.get(id, runId)).status === "interrupted";
      await runs.cancelMany({ threadId: id, runIds: [queued.run_id], action: "interrupt" });
      await until(() => ended(queued.run_id), "the queued one's end");
      assert.equal(await ended(live.run_id), false);
      await runs.cancelMany({ threadId: id, runIds: [live.run_id] });
      await until(() => ended(live.run_id), "the live one's end");
      // Of a status: everybody's runs, so only what no other case has is asked for.
      await runs.cancelMany({ threadId: id, status: "pending" } as never);
      await refused(runs.cancelMany({ threadId: id, runIds: [missing] }), 404);
    },
  },
  {
    name: "a client that goes away leaves its run, or takes it along where it said so",
    about: ["a run's body:onDisconnect"],
    async run(desk) {
      const { runs } = desk.client;
      for (const [graph, onDisconnect, expected] of [
        ["c-story", "cancel", "interrupted"],
        ["c-quick", "continue", "success"],
      ] as const) {
        const id = await desk.thread();
        const stop = new AbortController();
        const stream = runs.stream(id, graph, { input: {}, onDisconnect, signal: stop.signal });
        await stream.next();
        await sleep(100);
        stop.abort();
        await stream.next().catch(() => undefined);
        const over = await until(async () => {
          const [run] = await runs.list(id);
          return run?.status !== "running" && run?.status !== "pending" && run?.status;
        }, "the run's end");
        assert.equal(over, expected);
      }
    },
  },
  {
    name: "who joins a run may take it along too",
    about: ["runs.join:cancelOnDisconnect"],
    async run(desk) {
      const { runs } = desk.client;
      const { id, runId } = await busy(desk);
      const stop = new AbortController();
      const joined = runs.join(id, runId, { cancelOnDisconnect: true, signal: stop.signal }).catch(() => undefined);
      await sleep(200);
      stop.abort();
      await joined;
      await until(async () => (await runs.get(id, runId)).status === "interrupted", "the cancel");
    },
  },
  {
    name: "who joins a run's stream may take it along too",
    about: ["runs.joinStream:cancelOnDisconnect"],
    async run(desk) {
      const { runs } = desk.client;
      const { id, runId } = await busy(desk);
      const stop = new AbortController();
      const stream = runs.joinStream(id, runId, { cancelOnDisconnect: true, signal: stop.signal, lastEventId: "-1" });
      await stream.next();
      stop.abort();
      await stream.next().catch(() => undefined);
      await until(async () => (await runs.get(id, runId)).status === "interrupted", "the cancel");
    },
  },
];
