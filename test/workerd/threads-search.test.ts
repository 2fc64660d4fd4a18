import { env } from "cloudflare:workers";
import { beforeAll, describe, expect, it, vi } from "vitest";
import { APPROVAL } from "../approval.ts";
import { threadsOf } from "./approval.ts";
import { call, DOUBLE, migrate, newKey, read } from "./client.ts";

// Threads found by the index, over HTTP.

interface Found {
  readonly thread_id: string;
  readonly status: string;
  readonly values: Record<string, unknown> | null;
  readonly metadata: Record<string, unknown>;
  readonly interrupts: Record<string, unknown>;
  readonly extracted?: Record<string, unknown>;
}

let key = "";
const { get, post, refused } = threadsOf(() => key);
const create = async (json: object = {}) => (await post<{ thread_id: string }>("/threads", json)).thread_id;
const search = (json: object = {}) => post<Found[]>("/threads/search", json);
const idsOf = async (json: object) => (await search(json)).map(({ thread_id: id }) => id);
const count = (json: object = {}) => post<number>("/threads/count", json);
/** What a run changed is told some 50 ms later. */
const soon = (look: () => Promise<void>) => vi.waitFor(look, { timeout: 3_000, interval: 20 });

/** A conversation whose state is too large for the index. */
const LONG = {
  edgewise: 1,
  id: "long",
  channels: { notes: {}, number: {}, nested: {} },
  input: ["notes", "number", "nested"],
  nodes: { note: { kind: "transform", set: { number: "state.number + 1" } } },
  edges: [{ from: "start", to: "note" }],
};
const run = (id: string, assistant: string, input: object) =>
  post(`/threads/${id}/runs/wait`, { assistant_id: assistant, input });

beforeAll(async () => {
  await migrate();
  key = await newKey("searching");
  for (const graph of [APPROVAL, DOUBLE, LONG]) await read(call("/graphs", { key, json: graph }));
});

describe("a search", () => {
  it("finds a thread right after its call made or changed it, whole as the thread itself tells it", async () => {
    const id = await create({ metadata: { order: 1, who: { name: "ada", tags: ["a", "b"] } } });
    expect(await search({ metadata: { who: { name: "ada" } } })).toEqual([await get(`/threads/${id}`)]);
    await read(call(`/threads/${id}`, { key, method: "PATCH", json: { metadata: { order: 2 } } }));
    expect(await idsOf({ metadata: { order: 1 } })).toEqual([]);
    expect(await idsOf({ metadata: { order: 2, who: { tags: ["a", "b"] } } })).toEqual([id]);
  });

  it.each([
    ["a list that is only a part", { of: { tags: ["a"] } }],
    ["a text for a number", { of: { count: "1" } }],
    ["a key that is not there", { of: { missing: null } }],
    ["an object for a value", { of: { count: {} } }],
    ["another key beside", { of: { count: 1 }, more: 1 }],
  ])("does not take %s for what the metadata holds", async (_, metadata) => {
    const kept = { of: { tags: ["a", "b"], count: 1, 'odd "key".x': true, none: null } };
    const id = await create({ metadata: kept });
    expect(await idsOf({ ids: [id], metadata })).toEqual([]);
    expect(await idsOf({ ids: [id], metadata: { of: { count: 1, 'odd "key".x': true, none: null } } })).toEqual([id]);
    expect(await idsOf({ ids: [id], metadata: {} })).toEqual([id]);
  });

  it("answers pages, the newest first, with how many there are and where the next begins", async () => {
    const ids = [];
    for (let made = 0; made < 5; made++) ids.push(await create({ metadata: { batch: "pages" } }));
    const page = async (json: object) => {
      const answer = await call("/threads/search", { key, json: { metadata: { batch: "pages" }, ...json } });
      const [total, next] = ["x-pagination-total", "x-pagination-next"].map((name) => answer.headers.get(name));
      return { ids: (await answer.json<Found[]>()).map(({ thread_id: id }) => id), total, next };
    };
    expect(await page({ limit: 2 })).toEqual({ ids: [ids[4], ids[3]], total: "5", next: "2" });
    expect(await page({ limit: 2, offset: 4 })).toEqual({ ids: [ids[0]], total: "5", next: null });
    expect(await page({ sort_by: "thread_id", sort_order: "asc" })).toMatchObject({ ids: [...ids].sort(), next: null });
    expect(await count({ metadata: { batch: "pages" } })).toBe(5);
  });

  it("by the status finds what waits, with what it asks", async () => {
    const id = await create({ metadata: { batch: "status" } });
    await run(id, "approval", { topic: "bees" });
    await soon(async () => {
      const found = await search({ metadata: { batch: "status" }, status: "interrupted" });
      expect(found).toEqual([await get(`/threads/${id}`)]);
      expect(Object.values(found[0]?.interrupts ?? {})).toMatchObject([[{ value: { question: "Publish?" } }]]);
    });
    expect(await count({ metadata: { batch: "status" }, status: "idle" })).toBe(0);
    expect(await count({ metadata: { graph_id: "approval", batch: "status" } })).toBe(1);
  });

  it("by values finds those in the index, and looks into the threads whose values are too large for it", async () => {
    const [small, large, other] = [await create(), await create(), await create()];
    const notes = "n".repeat(20_000);
    await run(small, "long", { notes: "short", number: 1, nested: { a: { b: 1 }, c: 2 } });
    await run(large, "long", { notes, number: 1, nested: { a: { b: 1 }, c: notes } });
    await run(other, "long", { notes, number: 1, nested: { a: { b: 2 }, c: notes } });
    const ids = [small, large, other];
    await soon(async () => expect((await idsOf({ ids, values: { number: 2 } })).sort()).toEqual([...ids].sort()));
    expect((await idsOf({ ids, values: { nested: { a: { b: 1 } } } })).sort()).toEqual([small, large].sort());
    expect(await idsOf({ ids, values: { notes: "short" } })).toEqual([small]);
    expect(await idsOf({ ids, values: { notes } })).toHaveLength(2);
    // Counted among all threads.
    expect(await count({ values: { nested: { a: { b: 1 } } } })).toBe(2);
    expect((await search({ ids: [large] }))[0]?.values).toMatchObject({ notes, number: 2 });
    // Nothing of it lies in the index.
    const line = await env.DB.prepare(`SELECT "values", whole FROM threads WHERE thread_id = ?`).bind(large).first();
    expect(line).toEqual({ values: '{"number":2}', whole: 0 });
  });

  it("selects members, and extracts values by paths from what the index has and has not", async () => {
    const [small, large] = [await create({ metadata: { team: "a" } }), await create()];
    await run(small, "long", { notes: ["first", { text: "last" }], number: 1, nested: {} });
    await run(large, "long", { notes: ["n".repeat(5_000), { text: "end" }], number: 1, nested: {} });
    const extract = {
      last: "values.notes[-1].text",
      first: "$.values.notes[0]",
      team: "metadata.team",
      none: "values.absent.x",
    };
    const asked = { select: ["thread_id", "metadata"], extract };
    await soon(async () =>
      expect(await search({ ids: [small], ...asked })).toEqual([
        {
          thread_id: small,
          metadata: expect.objectContaining({ team: "a" }),
          extracted: { last: "last", first: "first", team: "a", none: null },
        },
      ]),
    );
    await soon(async () =>
      expect((await search({ ids: [large], ...asked }))[0]?.extracted).toMatchObject({ last: "end", team: null }),
    );
  });

  it.each([
    ["a path into nothing", { extract: { a: "thread_id" } }],
    ["a path that is none", { extract: { a: "values[" } }],
    ["a name that is none", { extract: { "a b": "values" } }],
    ["too many paths", { extract: Object.fromEntries(Array.from({ length: 11 }, (_, i) => [`a${i}`, "values"])) }],
    ["an id that is no UUID", { ids: ["x"] }],
    ["a status there is none of", { status: "asleep" }],
    ["a limit of none", { limit: 0 }],
    ["metadata that is no object", { metadata: [] }],
  ])("is refused with %s", async (_, json) => {
    expect(await refused("/threads/search", json)).toMatchObject({ status: 400, code: "invalid_request" });
  });

  it("[G14] finds nothing of another tenant, whatever it names", async () => {
    const id = await create({ metadata: { secret: "x" } });
    const other = await newKey("searching2");
    for (const json of [{}, { ids: [id] }, { metadata: { secret: "x" } }]) {
      expect(await read(call("/threads/search", { key: other, json }))).toEqual([]);
      expect(await read(call("/threads/count", { key: other, json }))).toBe(0);
    }
  });

  it("reads lines of earlier versions from their threads", async () => {
    const id = await create({ metadata: { batch: "old" } });
    await run(id, "double", { number: 4 });
    await soon(async () => expect(await idsOf({ ids: [id], values: { doubled: 8 } })).toEqual([id]));
    await env.DB.prepare(
      `UPDATE threads SET state_updated_at = 0, "values" = NULL, left_out = NULL, interrupts = NULL, config = NULL, error = NULL, whole = 0 WHERE thread_id = ?`,
    )
      .bind(id)
      .run();
    expect(await search({ ids: [id], values: { doubled: 8 } })).toEqual([await get(`/threads/${id}`)]);
    expect(await search({ ids: [id], values: { doubled: 9 } })).toEqual([]);
  });

  it("forgets a thread with its deletion", async () => {
    const id = await create();
    expect((await call(`/threads/${id}`, { key, method: "DELETE" })).status).toBe(204);
    expect(await search({ ids: [id] })).toEqual([]);
  });
});
