import { env } from "cloudflare:workers";
import { beforeAll, describe, expect, it } from "vitest";
import { openDatabase } from "../../src/storage/database.ts";
import { createItemStore, removeExpiredItems } from "../../src/storage/items.ts";
import { call, migrate, newKey, read } from "./client.ts";

interface Item {
  readonly namespace: string[];
  readonly key: string;
  readonly value: unknown;
  readonly created_at: string;
  readonly updated_at: string;
}
interface Problem {
  readonly status: number;
  readonly code: string;
  readonly pointer?: string;
}

let key: string;
beforeAll(async () => {
  await migrate();
  key = await newKey("keeper");
});

const put = (namespace: unknown, name: unknown, value: unknown, more: object = {}, by = key) =>
  call("/store/items", { method: "PUT", key: by, json: { namespace, key: name, value, ...more } });
const get = (namespace: string, name: string, more = "", by = key) =>
  read<Item | null>(call(`/store/items?namespace=${namespace}&key=${name}${more}`, { key: by }));
const remove = (namespace: unknown, name: string, by = key) =>
  call("/store/items", { method: "DELETE", key: by, json: { namespace, key: name } });
const search = async (json: object, by = key) =>
  (await read<{ items: Item[] }>(call("/store/items/search", { key: by, json }))).items;
const keysOf = async (json: object) => (await search(json)).map((item) => item.key);
const namespaces = async (json: object, by = key) =>
  (await read<{ namespaces: string[][] }>(call("/store/namespaces", { key: by, json }))).namespaces;
const refusal = async (answer: Response | Promise<Response>) => (await (await answer).json()) as Problem;

describe("an item", () => {
  it("is put, got, updated and deleted, each time as LangGraph's clients read it", async () => {
    const first = await put(["docs", "me"], "a", { n: 1 });
    expect([first.status, await first.text()]).toEqual([204, ""]);
    const before = await get("docs.me", "a");
    expect(before).toEqual({
      namespace: ["docs", "me"],
      key: "a",
      value: { n: 1 },
      created_at: expect.stringMatching(/^20.*Z$/),
      updated_at: before?.created_at,
    });
    const updates = [Date.parse(before?.updated_at ?? "")];
    // The second changes nothing, and counts as an update all the same.
    for (const value of [{ n: 2 }, { n: 2 }]) {
      await put(["docs", "me"], "a", value);
      const after = await get("docs.me", "a");
      expect(after).toMatchObject({ value, created_at: before?.created_at });
      updates.push(Date.parse(after?.updated_at ?? ""));
    }
    expect(updates).toEqual([...new Set(updates)].sort((one, other) => one - other));
    expect((await remove(["docs", "me"], "a")).status).toBe(204);
    expect(await get("docs.me", "a")).toBeNull();
    expect((await remove(["docs", "me"], "a")).status).toBe(204);
  });

  it("takes an index and a query and answers as a store without an index of meanings", async () => {
    for (const index of [null, false, ["text"]]) expect((await put(["indexed"], "a", {}, { index })).status).toBe(204);
    expect(await search({ namespace_prefix: ["indexed"], query: "anything" })).toMatchObject([{ key: "a" }]);
  });

  it.each<[string, unknown, unknown, unknown, number, string, string]>([
    ["an empty namespace", [], "k", {}, 422, "invalid_namespace", "/namespace"],
    ["an empty label", ["a", ""], "k", {}, 422, "invalid_namespace", "/namespace"],
    ["a label with a dot", ["a.b"], "k", {}, 422, "invalid_namespace", "/namespace"],
    ["LangGraph's own root", ["langgraph", "a"], "k", {}, 422, "invalid_namespace", "/namespace/0"],
    ["eleven labels", Array.from({ length: 11 }, () => "a"), "k", {}, 422, "invalid_namespace", "/namespace"],
    ["an empty key", ["a"], "", {}, 400, "invalid_request", "/key"],
    ["a namespace that is no list", "a", "k", {}, 400, "invalid_request", "/namespace"],
    ["a label that is no text", ["a", 1], "k", {}, 400, "invalid_request", "/namespace/1"],
    ["a value that is no object", ["a"], "k", [1], 400, "invalid_request", "/value"],
    ["a value that is too large", ["a"], "k", { text: "x".repeat(1024 * 1024) }, 413, "value_too_large", ""],
  ])("is not put with %s", async (_, namespace, name, value, status, code, pointer) => {
    const refused = await refusal(put(namespace, name, value));
    expect([refused.status, refused.code, refused.pointer ?? ""]).toEqual([status, code, pointer]);
    if (status === 400) expect(refused).toMatchObject({ success: false, error: { name: "ZodError" } });
  });

  it.each([0, -1, 1e9, "1"])("is not put with a time to live of %j", async (ttl) => {
    expect(await refusal(put(["a"], "k", {}, { ttl }))).toMatchObject({ status: 400, pointer: "/ttl" });
  });

  it("is asked for by a namespace without faults only", async () => {
    for (const query of ["namespace=a..b&key=k", "key=k", "namespace=&key=k"]) {
      expect(await refusal(call(`/store/items?${query}`, { key }))).toMatchObject({ code: "invalid_namespace" });
    }
    expect((await refusal(remove(["a.b"], "k"))).status).toBe(422);
    expect((await refusal(call("/store/items?namespace=a", { key }))).status).toBe(400);
  });

  it("[G14] is another tenant's business", async () => {
    const other = await newKey("keeper2");
    await put(["mine"], "a", { of: "keeper" });
    await put(["mine"], "a", { of: "keeper2" }, {}, other);
    expect((await get("mine", "a"))?.value).toEqual({ of: "keeper" });
    await remove(["mine"], "a", other);
    expect(await get("mine", "a")).not.toBeNull();
    expect(await search({ namespace_prefix: ["mine"] }, other)).toEqual([]);
    expect(await namespaces({ prefix: ["mine"] }, other)).toEqual([]);
  });
});

describe("a search", () => {
  beforeAll(async () => {
    for (const [at, name, value] of [
      [["s"], "root", { n: 0, kind: "a" }],
      [["s", "one"], "1", { n: 1, kind: "a", on: true, nothing: null }],
      [["s", "one"], "2", { n: 2, kind: "b", list: [1, { a: 1 }] }],
      [["s", "one", "deep"], "3", { n: 2.5, kind: "a" }],
      [["s", "two"], "4", { n: "2", kind: "a" }],
      [["s2"], "5", { n: 5 }],
      [["s+"], "6", { n: 6 }],
    ] as const) {
      await put(at, name, value);
    }
  });

  it("finds what is below a prefix of whole labels, by namespace and key", async () => {
    expect(await keysOf({ namespace_prefix: ["s"] })).toEqual(["3", "1", "2", "4", "root"]);
    expect(await keysOf({ namespace_prefix: ["s", "one"] })).toEqual(["3", "1", "2"]);
    expect(await keysOf({ namespace_prefix: ["s", "on"] })).toEqual([]);
    expect(new Set(await keysOf({ limit: 1000 }))).toEqual(
      new Set(await keysOf({ namespace_prefix: [], limit: 1000 })),
    );
    expect(await keysOf({ limit: 1000 })).toEqual(expect.arrayContaining(["root", "1", "5", "6"]));
  });

  it("is paged, ten at a time unless told otherwise", async () => {
    for (let index = 10; index < 23; index += 1) await put(["paged"], `k${index}`, {});
    const page = (more: object) => keysOf({ namespace_prefix: ["paged"], ...more });
    expect(await page({})).toHaveLength(10);
    expect(await page({ offset: 10 })).toEqual(["k20", "k21", "k22"]);
    expect(await page({ limit: 2, offset: 1 })).toEqual(["k11", "k12"]);
  });

  it.each<[object, string[]]>([
    [{ kind: "b" }, ["2"]],
    [{ kind: "a", n: 1 }, ["1"]],
    [{ n: 2 }, ["2"]],
    [{ n: "2" }, ["4"]],
    [{ n: { $eq: 2.5 } }, ["3"]],
    [{ n: { $ne: 2 } }, ["3", "1", "4", "root"]],
    [{ absent: { $ne: 1 } }, ["3", "1", "2", "4", "root"]],
    [{ n: { $gt: 1 } }, ["3", "2"]],
    [{ n: { $gte: 1, $lt: 2.5 } }, ["1", "2"]],
    [{ n: { $lte: 0 } }, ["root"]],
    [{ kind: { $gt: "a" } }, ["2"]],
    [{ on: true }, ["1"]],
    [{ on: false }, []],
    [{ nothing: null }, ["1"]],
    [{ list: [1, { a: 1 }] }, ["2"]],
    [{ list: [1] }, []],
    [{ "n') or 1=1 --": 1 }, []],
  ])("with the filter %j finds %j", async (filter, found) => {
    expect(await keysOf({ namespace_prefix: ["s"], filter })).toEqual(found);
  });

  it.each<[object, string]>([
    [{ filter: { n: { $near: 1 } } }, "/filter/n/$near"],
    [{ filter: { n: { $gt: [1] } } }, "/filter/n/$gt"],
    [{ filter: Object.fromEntries(Array.from({ length: 21 }, (_, n) => [`k${n}`, n])) }, "/filter"],
    [{ filter: [] }, "/filter"],
    [{ limit: 0 }, "/limit"],
    [{ limit: 1001 }, "/limit"],
    [{ offset: -1 }, "/offset"],
    [{ namespace_prefix: "a" }, "/namespace_prefix"],
    [{ refresh_ttl: "yes" }, "/refresh_ttl"],
  ])("for %j is refused", async (json, pointer) => {
    const refused = await refusal(call("/store/items/search", { key, json }));
    expect(refused).toMatchObject({ status: 400, code: "invalid_request", pointer, success: false });
  });

  it("refuses a page that no Worker could hold, and says how many would do", async () => {
    const text = "x".repeat(1024 * 1024 - 20);
    for (let index = 0; index < 9; index += 1) await put(["heavy"], `k${index}`, { text });
    const refused = await refusal(call("/store/items/search", { key, json: { namespace_prefix: ["heavy"] } }));
    expect(refused).toMatchObject({
      status: 413,
      code: "value_too_large",
      detail: expect.stringContaining("at most 8"),
    });
    expect(await keysOf({ namespace_prefix: ["heavy"], limit: 8 })).toHaveLength(8);
    expect(await keysOf({ namespace_prefix: ["heavy"], limit: 8, offset: 8 })).toHaveLength(1);
  });
});

describe("namespaces", () => {
  beforeAll(async () => {
    for (const at of [
      ["n", "a", "x"],
      ["n", "a", "y"],
      ["n", "b", "x"],
      ["n", "b"],
      ["n", "b", "x", "deep"],
    ]) {
      for (const name of ["1", "2"]) await put(at, name, {});
    }
  });

  it.each<[object, string[][]]>([
    [
      { prefix: ["n", "a"] },
      [
        ["n", "a", "x"],
        ["n", "a", "y"],
      ],
    ],
    [
      { prefix: ["n"], suffix: ["x"] },
      [
        ["n", "a", "x"],
        ["n", "b", "x"],
      ],
    ],
    [
      { prefix: ["n"], max_depth: 2 },
      [
        ["n", "a"],
        ["n", "b"],
      ],
    ],
    [
      { prefix: ["n", "*", "x"] },
      [
        ["n", "a", "x"],
        ["n", "b", "x"],
        ["n", "b", "x", "deep"],
      ],
    ],
    [{ prefix: ["n"], suffix: ["b", "*"] }, [["n", "b", "x"]]],
    [{ prefix: ["n"], limit: 1, offset: 1 }, [["n", "a", "y"]]],
    [{ prefix: ["n", "a", "x", "y", "z"] }, []],
    [{ suffix: ["x", "deep"] }, [["n", "b", "x", "deep"]]],
  ])("for %j are %j", async (json, found) => {
    expect(await namespaces(json)).toEqual(found);
  });

  it("are refused for labels that none can have", async () => {
    for (const json of [{ prefix: ["a.b"] }, { suffix: [""] }]) {
      expect(await refusal(call("/store/namespaces", { key, json }))).toMatchObject({ code: "invalid_namespace" });
    }
    const json = { max_depth: 0 };
    expect(await refusal(call("/store/namespaces", { key, json }))).toMatchObject({ pointer: "/max_depth" });
  });
});

describe("a time to live", () => {
  let time = 1_000_000;
  const database = () => openDatabase(env.DB);
  const store = (tenant: string) => createItemStore(database(), tenant, () => time);
  const page = { limit: 10, offset: 0 };

  it("ends an item for every reader, and what comes after is another item", async () => {
    const kept = store("ends");
    await kept.put(["t"], "k", { n: 1 }, { ttlMs: 1_000 });
    await kept.put(["t"], "for good", { n: 1 });
    time += 999;
    expect(await kept.get(["t"], "k")).toMatchObject({ createdAt: time - 999 });
    time += 1;
    expect(await kept.get(["t"], "k")).toBeUndefined();
    expect((await kept.search({ prefix: ["t"], ...page })).map((item) => item.key)).toEqual(["for good"]);
    await kept.delete(["t"], "for good");
    expect(await kept.namespaces({ prefix: [], suffix: [], ...page })).toEqual([]);
    await kept.put(["t"], "k", { n: 1 });
    expect(await kept.get(["t"], "k")).toMatchObject({ createdAt: time });
  });

  it("begins anew with a read that renews it, by get and by search, and with a put", async () => {
    const kept = store("renews");
    await kept.put(["t"], "k", {}, { ttlMs: 1_000 });
    const reads = [
      () => kept.get(["t"], "k", { renew: true }),
      () => kept.search({ prefix: [], renew: true, ...page }),
      () => kept.put(["t"], "k", {}, { ttlMs: 1_000 }),
    ];
    for (const touch of reads) {
      time += 900;
      await touch();
    }
    time += 900;
    expect(await kept.get(["t"], "k")).toBeDefined();
    time += 100;
    expect(await kept.get(["t"], "k")).toBeUndefined();
  });

  it("is taken away by a put without one", async () => {
    const kept = store("lasts");
    await kept.put(["t"], "k", {}, { ttlMs: 1_000 });
    await kept.put(["t"], "k", {});
    time += 5_000;
    expect(await kept.get(["t"], "k")).toBeDefined();
  });

  it("comes in minutes, and a read renews it unless told otherwise", async () => {
    await put(["ttl"], "k", {}, { ttl: 60 });
    const row = () =>
      env.DB.prepare("select expires_at, ttl_ms from items where tenant = 'keeper' and key = 'k'").first();
    const before = await row();
    expect(before).toMatchObject({ ttl_ms: 3_600_000 });
    await new Promise((resolve) => setTimeout(resolve, 5));
    await get("ttl", "k", "&refresh_ttl=false");
    await search({ namespace_prefix: ["ttl"], refresh_ttl: false });
    expect(await row()).toEqual(before);
    await get("ttl", "k");
    expect(Number((await row())?.["expires_at"])).toBeGreaterThan(Number(before?.["expires_at"]));
  });

  it("lets the sweep take what is over, so many at once, of every tenant", async () => {
    await env.DB.exec("delete from items");
    for (const tenant of ["one", "two"]) {
      for (const name of ["a", "b"]) await store(tenant).put(["t"], name, {}, { ttlMs: 10 });
      await store(tenant).put(["t"], "stays", {}, { ttlMs: 1_000 });
    }
    time += 10;
    expect(await removeExpiredItems(database(), time, 3)).toBe(3);
    expect(await removeExpiredItems(database(), time, 3)).toBe(1);
    expect(await removeExpiredItems(database(), time, 3)).toBe(0);
    expect(await env.DB.prepare("select count(*) as n from items").first()).toEqual({ n: 2 });
  });
});

describe("what it costs", () => {
  const plan = async (sql: string) =>
    (await env.DB.prepare(`explain query plan ${sql}`).all<{ detail: string }>()).results.map(({ detail }) => detail);

  it("a prefix is a range of the primary key, and the sweep reads an index", async () => {
    const range = `select * from items where tenant = 'a' and namespace between '["a",' and '["a"]' order by namespace, key`;
    expect(await plan(range)).toEqual([
      expect.stringMatching(
        /^SEARCH items USING INDEX sqlite_autoindex_items_1 \(tenant=\? AND namespace>\? AND namespace<\?\)/,
      ),
    ]);
    expect(await plan("select rowid from items where expires_at <= 5 limit 3")).toEqual([
      expect.stringMatching(/items_expiry/),
    ]);
  });
});
