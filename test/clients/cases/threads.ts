import assert from "node:assert/strict";
import { type Case, type Client, includes, refused, sleep, until } from "../case.ts";

const missing = "00000000-0000-7000-8000-00000000dead";

export const THREADS: readonly Case[] = [
  {
    name: "a thread is made with an id, metadata and a graph",
    about: [
      "threads.create",
      ...["metadata", "graphId", "threadId", "ifExists"].map((field) => `threads.create:${field}`),
    ],
    async run({ client }) {
      const threadId = crypto.randomUUID();
      const thread = await client.threads.create({ threadId, metadata: { a: 1 }, graphId: "c-steps" });
      includes(thread, {
        thread_id: threadId,
        status: "idle",
        metadata: { a: 1, graph_id: "c-steps" },
        interrupts: {},
      });
      await refused(client.threads.create({ threadId }), 409);
      includes(await client.threads.create({ threadId, ifExists: "do_nothing" }), { metadata: { a: 1 } });
      await refused(client.threads.create({ threadId: "no-uuid" }), 400);
    },
  },
  {
    name: "supersteps rebuild a history with equal values and next",
    about: ["threads.create:supersteps"],
    async run({ client }) {
      const thread = await client.threads.create({
        graphId: "c-steps",
        supersteps: [
          { updates: [{ values: {}, asNode: "__input__" }] },
          { updates: [{ values: { log: "one", n: 1 }, asNode: "one" }] },
        ],
      });
      const state = await client.threads.getState(thread.thread_id);
      includes(state, { values: { log: ["one"], n: 1 }, next: ["two"] });
      const history = await client.threads.getHistory(thread.thread_id);
      assert.deepEqual(history.map(({ next }) => next).slice(0, 2), [["two"], ["one"]]);
      assert.deepEqual(await client.runs.wait(thread.thread_id, "c-steps", { input: null }), {
        log: ["one", "two", "three"],
        n: 3,
      });
      const updates = [{ values: {}, asNode: "one" }];
      await refused(client.threads.create({ supersteps: [{ updates }] }), 400);
    },
  },
  {
    name: "a thread with a TTL of some minutes keeps it, and another one that it is given; a wrong one is refused",
    about: ["threads.create:ttl", "threads.update:ttl"],
    async run(desk) {
      const { client } = desk;
      const { thread_id: id } = await client.threads.create({ ttl: 5 });
      await client.threads.update(id, { ttl: { ttl: 10, strategy: "delete" } });
      const { json } = await desk.ask("GET", `/threads/${id}?include=ttl`);
      includes(json, { thread_id: id, ttl: { ttl: 10, strategy: "delete" } });
      await refused(client.threads.create({ ttl: { ttl: -1, strategy: "delete" } }), 400);
    },
  },
  {
    name: "a thread is read; one that is not there, or no id, is 404 or 400",
    about: ["threads.get"],
    async run({ client }) {
      const { thread_id: id } = await client.threads.create();
      const keys = ["config", "created_at", "interrupts", "metadata", "status", "thread_id", "updated_at", "values"];
      const thread = await client.threads.get(id);
      for (const key of keys) assert.ok(key in thread, key);
      await refused(client.threads.get(missing), 404, /not found/i);
      await refused(client.threads.get("no-uuid"), 400);
    },
  },
  {
    name: "a thread is read with what `include` names",
    about: ["threads.get:include"],
    async run({ client }) {
      const { thread_id: id } = await client.threads.create({ ttl: 5 });
      includes(await client.threads.get(id, { include: ["ttl"] }), {
        thread_id: id,
        ttl: { ttl: 5, strategy: "delete" },
      });
    },
  },
  {
    name: "metadata is merged by an update",
    about: ["threads.update", "threads.update:metadata"],
    async run({ client }) {
      const { thread_id: id } = await client.threads.create({ metadata: { a: 1, b: 1 } });
      includes(await client.threads.update(id, { metadata: { b: 2 } }), { metadata: { a: 1, b: 2 } });
      await refused(client.threads.update(missing, { metadata: {} }), 404);
    },
  },
  {
    name: "an update that asks for nothing back gets nothing back",
    about: ["threads.update:returnMinimal"],
    async run({ client }) {
      const { thread_id: id } = await client.threads.create({ metadata: { a: 1 } });
      await client.threads.update(id, { metadata: { a: 2 }, returnMinimal: true });
      includes(await client.threads.get(id), { metadata: { a: 2 } });
    },
  },
  {
    name: "a thread is deleted, and is gone",
    about: ["threads.delete"],
    async run({ client }) {
      const { thread_id: id } = await client.threads.create();
      await client.threads.delete(id);
      await refused(client.threads.get(id), 404);
      await refused(client.threads.delete(missing), 404);
    },
  },
  {
    name: "a thread is copied with all its checkpoints, and the two go their own ways",
    about: ["threads.copy"],
    async run({ client }) {
      const { thread_id: id } = await client.threads.create({ metadata: { of: "copy" } });
      await client.runs.wait(id, "c-steps", { input: {} });
      const copy = await client.threads.copy(id);
      assert.notEqual(copy.thread_id, id);
      const [ours, theirs] = await Promise.all([id, copy.thread_id].map((each) => client.threads.getHistory(each)));
      assert.deepEqual(
        theirs?.map(({ values, next }) => ({ values, next })),
        ours?.map(({ values, next }) => ({ values, next })),
      );
      for (const { checkpoint } of theirs ?? []) assert.equal(checkpoint.thread_id, copy.thread_id);
      await client.runs.wait(copy.thread_id, "c-steps", { input: {} });
      includes(await client.threads.getState(id), { values: { n: 3 } });
      includes(await client.threads.getState(copy.thread_id), { values: { n: 6 } });
      await refused(client.threads.copy(missing), 404);
    },
  },
  {
    name: "threads are pruned: away, or down to their latest state",
    about: ["threads.prune", "threads.prune:strategy"],
    async run({ client }) {
      const { thread_id: kept } = await client.threads.create();
      const { thread_id: gone } = await client.threads.create();
      await client.runs.wait(kept, "c-steps", { input: {} });
      const state = await client.threads.getState(kept);
      includes(await client.threads.prune([kept], { strategy: "keep_latest" }), { pruned_count: 1 });
      includes(await client.threads.getState(kept), { values: state.values });
      assert.equal((await client.threads.getHistory(kept)).length, 1);
      includes(await client.threads.prune([gone, missing]), { pruned_count: 1 });
      await refused(client.threads.get(gone), 404);
    },
  },
  {
    name: "threads are searched by metadata, ids, status and values; sorted, paged, cut to fields",
    about: [
      "threads.search",
      ...["metadata", "ids", "limit", "offset", "status", "sortBy", "sortOrder", "select", "values"].map(
        (field) => `threads.search:${field}`,
      ),
    ],
    async run({ client }) {
      const mark = crypto.randomUUID();
      const ids: string[] = [];
      for (const name of ["a", "b", "c"]) {
        ids.push((await client.threads.create({ metadata: { mark, in: { name } } })).thread_id);
        await sleep(3);
      }
      const [a = "", b = "", c = ""] = ids;
      await client.runs.wait(b, "c-steps", { input: {} });
      await client.runs.wait(c, "c-ask", { input: {} });
      // What a run changed is found a moment later.
      await until(
        async () => (await client.threads.count({ metadata: { mark }, values: { n: 3 } })) === 1,
        "the values of b",
      );
      await until(
        async () => (await client.threads.count({ metadata: { mark }, status: "interrupted" })) === 1,
        "c's status",
      );
      const found = async (query: object) =>
        (await client.threads.search({ metadata: { mark }, ...query })).map(({ thread_id }) => thread_id);
      assert.deepEqual(await found({}), [c, b, a]);
      assert.deepEqual(await found({ sortBy: "created_at", sortOrder: "asc" }), [a, b, c]);
      for (const sortBy of ["thread_id", "status", "updated_at"]) assert.equal((await found({ sortBy })).length, 3);
      assert.deepEqual(await found({ limit: 1, offset: 1 }), [b]);
      assert.deepEqual(await found({ ids: [a, c] }), [c, a]);
      assert.deepEqual(await found({ status: "interrupted" }), [c]);
      assert.deepEqual(await found({ values: { n: 3 } }), [b]);
      assert.deepEqual(await found({ metadata: { mark, in: { name: "b" } } }), [b]);
      const [one] = await client.threads.search({ ids: [a], select: ["thread_id", "status"] });
      assert.deepEqual(one, { thread_id: a, status: "idle" });
      await refused(client.threads.search({ limit: -1 }), 400);
    },
  },
  {
    name: "a search takes values out of the states it finds",
    about: ["threads.search:extract"],
    async run({ client }) {
      const { thread_id: id } = await client.threads.create();
      await client.runs.wait(id, "c-steps", { input: {} });
      const look = async () => {
        const [found] = await client.threads.search({ ids: [id], extract: { last: "values.log[-1]" } } as never);
        return (found as unknown as { extracted: { last: unknown } }).extracted.last;
      };
      assert.equal(await until(async () => (await look()) ?? undefined, "the values"), "three");
    },
  },
  {
    name: "threads are counted",
    about: ["threads.count", ...["metadata", "values", "status"].map((field) => `threads.count:${field}`)],
    async run({ client }) {
      const mark = crypto.randomUUID();
      const { thread_id: id } = await client.threads.create({ metadata: { mark } });
      await client.threads.create({ metadata: { mark } });
      await client.runs.wait(id, "c-ask", { input: { topic: mark } });
      const count = (query: object) => client.threads.count({ metadata: { mark }, ...query });
      assert.equal(await count({}), 2);
      for (const query of [{ status: "interrupted" }, { values: { topic: mark } }]) {
        await until(async () => (await count(query)) === 1, JSON.stringify(query));
      }
    },
  },
  {
    name: "a thread's status goes from idle to busy, and says how its run ended before the stream closes",
    about: ["threads.get"],
    async run({ client }) {
      const { thread_id: id } = await client.threads.create();
      const status = async () => (await client.threads.get(id)).status;
      assert.equal(await status(), "idle");
      const run = await client.runs.create(id, "c-wait", { input: {} });
      assert.equal(await status(), "busy");
      await client.runs.cancel(id, run.run_id, true);
      for (const [graph, expected] of [
        ["c-steps", "idle"],
        ["c-fail", "error"],
        ["c-ask", "interrupted"],
      ] as const) {
        const fresh = (await client.threads.create()).thread_id;
        await drain(client, fresh, graph);
        assert.equal((await client.threads.get(fresh)).status, expected, graph);
      }
    },
  },
];

async function drain(client: Client, threadId: string, graph: string): Promise<void> {
  for await (const _part of client.runs.stream(threadId, graph, { input: {} }));
}
