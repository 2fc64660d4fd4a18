import assert from "node:assert/strict";
import { type Case, includes, refused } from "../case.ts";

const space = () => ["c", crypto.randomUUID().replaceAll("-", "")];

export const STORE: readonly Case[] = [
  {
    name: "an item is put, got, changed and deleted; updated_at grows, created_at stays",
    about: ["store.putItem", "store.putItem:index", "store.getItem", "store.deleteItem"],
    async run({ client: { store } }) {
      const namespace = space();
      assert.equal(await store.getItem(namespace, "k"), null);
      await store.putItem(namespace, "k", { a: 1 });
      const first = await store.getItem(namespace, "k");
      includes(first, { namespace, key: "k", value: { a: 1 } });
      await store.putItem(namespace, "k", { a: 2 }, { index: false });
      const second = await store.getItem(namespace, "k");
      assert.deepEqual([second?.value, second?.createdAt], [{ a: 2 }, first?.createdAt]);
      assert.ok((second?.updatedAt ?? "") > (first?.updatedAt ?? ""));
      await store.putItem(namespace, "k", { a: 3 }, { index: ["a"] });
      await store.deleteItem(namespace, "k");
      await store.deleteItem(namespace, "k");
      assert.equal(await store.getItem(namespace, "k"), null);
    },
  },
  {
    name: "items have a TTL in minutes, which reading renews if asked",
    about: ["store.putItem:ttl", "store.getItem:refreshTtl", "store.searchItems:refreshTtl"],
    async run({ client: { store } }) {
      const namespace = space();
      await store.putItem(namespace, "k", { a: 1 }, { ttl: 5 });
      includes(await store.getItem(namespace, "k", { refreshTtl: true }), { value: { a: 1 } });
      includes(await store.searchItems(namespace, { refreshTtl: false }), { items: [{ key: "k" }] });
      await refused(store.putItem(namespace, "k", { a: 1 }, { ttl: -1 }), 400);
    },
  },
  {
    name: "items are found by the beginning of their namespace, by filters with operators, page by page",
    about: ["store.searchItems", "store.searchItems:filter", "store.searchItems:limit", "store.searchItems:offset"],
    async run({ client: { store } }) {
      const namespace = space();
      for (const n of [1, 2, 3])
        await store.putItem([...namespace, `s${n}`], "k", { n, kind: n === 2 ? "even" : "odd" });
      const found = async (query: object) =>
        (await store.searchItems(namespace, query)).items
          .map(({ value }) => Number(value["n"]))
          .sort((one, other) => one - other);
      assert.deepEqual(await found({}), [1, 2, 3]);
      assert.deepEqual(await found({ filter: { kind: "odd" } }), [1, 3]);
      for (const [filter, expected] of [
        [{ $eq: 2 }, [2]],
        [{ $ne: 2 }, [1, 3]],
        [{ $gt: 2 }, [3]],
        [{ $gte: 2 }, [2, 3]],
        [{ $lt: 2 }, [1]],
        [{ $lte: 2 }, [1, 2]],
      ] as const) {
        assert.deepEqual(await found({ filter: { n: filter } }), expected, JSON.stringify(filter));
      }
      assert.equal((await found({ limit: 2 })).length, 2);
      assert.equal((await found({ limit: 2, offset: 2 })).length, 1);
      await refused(store.searchItems(namespace, { filter: { n: { $near: 1 } } }), 400);
    },
  },
  {
    name: "a search by meaning finds what the rest of it finds, without a score",
    about: ["store.searchItems:query"],
    async run({ client: { store } }) {
      const namespace = space();
      await store.putItem(namespace, "k", { text: "tea" });
      const { items } = await store.searchItems(namespace, { query: "drinks" });
      assert.deepEqual(
        items.map(({ key, score }) => [key, score]),
        [["k", undefined]],
      );
    },
  },
  {
    name: "namespaces are listed by beginning and end, cut to a depth, page by page",
    about: [
      "store.listNamespaces",
      ...["prefix", "suffix", "maxDepth", "limit", "offset"].map((field) => `store.listNamespaces:${field}`),
    ],
    async run({ client: { store } }) {
      const prefix = space();
      for (const path of [
        ["a", "x"],
        ["a", "y"],
        ["b", "x"],
      ])
        await store.putItem([...prefix, ...path], "k", { v: 1 });
      const listed = async (query: object) =>
        (await store.listNamespaces({ prefix, ...query })).namespaces.map((each) => each.slice(2).join("/")).sort();
      assert.deepEqual(await listed({}), ["a/x", "a/y", "b/x"]);
      assert.deepEqual(await listed({ suffix: ["x"] }), ["a/x", "b/x"]);
      assert.deepEqual(await listed({ maxDepth: 3 }), ["a", "b"]);
      assert.equal((await listed({ limit: 2 })).length, 2);
      assert.equal((await listed({ limit: 2, offset: 2 })).length, 1);
    },
  },
  {
    name: "a namespace with an empty label or a dot is refused",
    about: ["store.putItem"],
    async run(desk) {
      await refused(desk.client.store.putItem(["a", ""], "k", { v: 1 }), 422);
      const { status } = await desk.ask("PUT", "/store/items", { namespace: ["a.b"], key: "k", value: {} });
      assert.equal(status, 422);
      const wrong = await desk.ask("PUT", "/store/items", { namespace: ["a"], key: "k", value: 7 });
      assert.ok(wrong.status === 400 || wrong.status === 422, String(wrong.status));
    },
  },
];
