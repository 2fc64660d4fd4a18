import assert from "node:assert/strict";
import { type Case, includes, refused, sleep, until } from "../case.ts";

const NEVER = "0 0 1 1 *";
const of = (method: string, ...fields: readonly string[]) => fields.map((field) => `crons.${method}:${field}`);
const COMMON = {
  input: { name: "Ada" },
  metadata: { a: 1 },
  config: { configurable: { tone: "dry" } },
  context: { user: "Ada" },
  webhook: "https://example.com/hook",
  interruptBefore: ["greet"],
  interruptAfter: ["tell"],
  enabled: true,
};
const NEWER = {
  timezone: "Europe/Berlin",
  streamMode: ["values"],
  streamSubgraphs: true,
  streamResumable: true,
  durability: "sync",
  endTime: "2099-01-01T00:00:00Z",
};
/** The fields of a run as the server keeps them for it. */
const KEPT = {
  input: COMMON.input,
  config: COMMON.config,
  context: COMMON.context,
  webhook: COMMON.webhook,
  interrupt_before: COMMON.interruptBefore,
  interrupt_after: COMMON.interruptAfter,
};
const KEPT_NEWER = { stream_mode: ["values"], stream_subgraphs: true, stream_resumable: true, durability: "sync" };
const OLD_FIELDS = ["schedule", ...Object.keys(COMMON)];

export const CRONS: readonly Case[] = [
  {
    name: "a schedule is made with its fields, found, and deleted",
    about: ["crons.create", ...of("create", ...OLD_FIELDS, "onRunCompleted"), "crons.delete", "crons.search"],
    async run({ client: { crons } }) {
      const made = (await crons.create("c-tell", {
        schedule: NEVER,
        onRunCompleted: "keep",
        ...COMMON,
      } as never)) as never;
      const { cron_id: id } = made as { cron_id: string };
      includes(made, {
        schedule: NEVER,
        thread_id: null,
        enabled: true,
        on_run_completed: "keep",
        metadata: { a: 1 },
        payload: KEPT,
      });
      for (const key of [
        "assistant_id",
        "next_run_date",
        "payload",
        "end_time",
        "user_id",
        "created_at",
        "updated_at",
      ]) {
        assert.ok(key in (made as object), key);
      }
      assert.ok((await crons.search({ limit: 100 })).some(({ cron_id }) => cron_id === id));
      await crons.delete(id);
      assert.ok(!(await crons.search({ limit: 100 })).some(({ cron_id }) => cron_id === id));
      await refused(crons.delete(id), 404);
      await refused(crons.create("no-such-graph", { schedule: NEVER } as never), 404);
      await refused(crons.create("c-tell", { schedule: "every now and then" } as never), 400);
    },
  },
  {
    name: "a schedule takes what 1.15.0 adds",
    about: of("create", ...Object.keys(NEWER)),
    async run({ client: { crons } }) {
      const made = (await crons.create("c-tell", { schedule: "30 9 * * *", ...NEWER } as never)) as never as Cron;
      includes(made, { timezone: "Europe/Berlin", payload: KEPT_NEWER });
      assert.equal(Date.parse(made.end_time ?? ""), Date.parse(NEWER.endTime));
      const hour = new Intl.DateTimeFormat("en-GB", { timeZone: "Europe/Berlin", hour: "2-digit", minute: "2-digit" });
      assert.equal(hour.format(new Date(made.next_run_date)), "09:30");
      await refused(crons.create("c-tell", { schedule: NEVER, timezone: "Mars/Olympus" } as never), 400);
      await crons.delete(made.cron_id);
    },
  },
  {
    name: "a schedule may be of a thread",
    about: ["crons.createForThread", ...of("createForThread", ...OLD_FIELDS), "crons.search:threadId"],
    async run(desk) {
      const { crons } = desk.client;
      const id = await desk.thread();
      const made = (await crons.createForThread(id, "c-tell", {
        schedule: NEVER,
        ...COMMON,
      } as never)) as never as Cron;
      includes(made, { thread_id: id, metadata: { a: 1 }, payload: KEPT });
      assert.deepEqual(
        (await crons.search({ threadId: id })).map(({ cron_id }) => cron_id),
        [made.cron_id],
      );
      await refused(crons.createForThread(crypto.randomUUID(), "c-tell", { schedule: NEVER } as never), 404);
      await crons.delete(made.cron_id);
    },
  },
  {
    name: "a thread's schedule takes what 1.15.0 adds",
    about: of("createForThread", ...Object.keys(NEWER)),
    async run(desk) {
      const id = await desk.thread();
      const made = await desk.client.crons.createForThread(id, "c-tell", { schedule: NEVER, ...NEWER } as never);
      includes(made, { thread_id: id, timezone: "Europe/Berlin", payload: KEPT_NEWER });
      await desk.client.crons.delete((made as never as Cron).cron_id);
    },
  },
  {
    name: "a schedule is changed",
    about: ["crons.update", ...of("update", ...OLD_FIELDS, ...Object.keys(NEWER), "onRunCompleted")],
    async run({ client: { crons } }) {
      const { cron_id: id } = (await crons.create("c-tell", { schedule: NEVER } as never)) as never as Cron;
      const changes = { schedule: "5 4 * * *", ...COMMON, ...NEWER, enabled: false, onRunCompleted: "keep" };
      const updated = await crons.update(id, changes as never);
      includes(updated, { cron_id: id, schedule: "5 4 * * *", enabled: false, timezone: "Europe/Berlin" });
      includes(updated, { metadata: { a: 1 }, on_run_completed: "keep", payload: { ...KEPT, ...KEPT_NEWER } });
      await refused(crons.update(crypto.randomUUID(), { enabled: true }), 404);
      await crons.delete(id);
    },
  },
  {
    name: "schedules are searched, sorted, paged, cut to fields",
    about: [...of("search", "assistantId", "limit", "offset", "sortBy", "sortOrder", "select"), "crons.search"],
    async run({ client: { crons, assistants } }) {
      const { assistant_id: assistantId } = await assistants.create({ graphId: "c-tell" });
      const ids: string[] = [];
      for (const hour of [1, 2, 3]) {
        const made = (await crons.create(assistantId, { schedule: `0 ${hour} 1 1 *` } as never)) as never as Cron;
        ids.push(made.cron_id);
        await sleep(3);
      }
      const found = async (query: object) =>
        (await crons.search({ assistantId, ...query })).map(({ cron_id }) => cron_id);
      assert.deepEqual((await found({})).sort(), [...ids].sort());
      assert.deepEqual(await found({ sortBy: "created_at", sortOrder: "asc" } as never), ids);
      assert.deepEqual(await found({ sortBy: "created_at", sortOrder: "desc", limit: 1, offset: 1 } as never), [
        ids[1],
      ]);
      const [one] = await crons.search({ assistantId, limit: 1, select: ["cron_id", "schedule"] } as never);
      assert.deepEqual(Object.keys(one ?? {}).sort(), ["cron_id", "schedule"]);
      for (const id of ids) await crons.delete(id);
    },
  },
  {
    name: "schedules are found by whether they are on and by metadata",
    about: of("search", "enabled", "metadata"),
    async run({ client: { crons, assistants } }) {
      const { assistant_id: assistantId } = await assistants.create({ graphId: "c-tell" });
      const make = async (more: object) =>
        ((await crons.create(assistantId, { schedule: NEVER, ...more } as never)) as never as Cron).cron_id;
      const off = await make({ enabled: false });
      const on = await make({ metadata: { mark: "m" } });
      const found = async (query: object) =>
        (await crons.search({ assistantId, ...query })).map(({ cron_id }) => cron_id);
      assert.deepEqual(await found({ enabled: false }), [off]);
      assert.deepEqual(await found({ metadata: { mark: "m" } }), [on]);
      for (const id of [off, on]) await crons.delete(id);
    },
  },
  {
    name: "schedules are counted",
    about: ["crons.count", ...of("count", "assistantId", "threadId")],
    async run(desk) {
      const { crons, assistants } = desk.client;
      const { assistant_id: assistantId } = await assistants.create({ graphId: "c-tell" });
      const threadId = await desk.thread();
      const made = [
        await crons.create(assistantId, { schedule: NEVER } as never),
        await crons.createForThread(threadId, assistantId, { schedule: NEVER } as never),
      ] as never as Cron[];
      assert.equal(await crons.count({ assistantId }), 2);
      assert.equal(await crons.count({ threadId }), 1);
      for (const { cron_id: id } of made) await crons.delete(id);
    },
  },
  {
    name: "schedules are counted by metadata",
    about: of("count", "metadata"),
    async run({ client: { crons } }) {
      const mark = crypto.randomUUID();
      const made = (await crons.create("c-tell", { schedule: NEVER, metadata: { mark } } as never)) as never as Cron;
      assert.equal(await crons.count({ metadata: { mark } }), 1);
      await crons.delete(made.cron_id);
    },
  },
  {
    name: "a schedule of every minute starts its run within the minute",
    about: ["crons.createForThread"],
    long: true,
    async run(desk) {
      const id = await desk.thread();
      const payload = { schedule: "* * * * *", input: { name: "Ada" } };
      const made = (await desk.client.crons.createForThread(id, "c-tell", payload as never)) as never as Cron;
      const startedAt = Date.now();
      while ((await desk.client.runs.list(id)).length === 0) {
        assert.ok(Date.now() - startedAt < 70_000, "no run within 70 s");
        await sleep(500);
      }
      await until(async () => (await desk.client.threads.get(id)).status === "idle", "the run's end");
      includes(await desk.client.threads.getState(id), { values: { greeting: "Hi Ada" } });
      await desk.client.crons.delete(made.cron_id);
    },
  },
];

interface Cron {
  readonly cron_id: string;
  readonly next_run_date: string;
  readonly end_time: string | null;
}
