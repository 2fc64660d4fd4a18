import { env } from "cloudflare:workers";
import { beforeAll, describe, expect, it } from "vitest";
import { openDatabase } from "../../src/storage/database.ts";
import { createItemStore } from "../../src/storage/items.ts";
import { migrate } from "./client.ts";

beforeAll(migrate);

let time = 1000;
const storeOf = (tenant: string) => createItemStore(openDatabase(env.DB), tenant, () => time);

describe("the store of items in D1", () => {
  it("gives back what was put, and nothing for what was not or is deleted", async () => {
    const store = storeOf("gives");
    const value = { text: "é \0 \ud800", list: [1, null], __proto__x: {} };
    await store.put(["a", "b"], "k", value);
    expect(await store.get(["a", "b"], "k")).toEqual({
      namespace: ["a", "b"],
      key: "k",
      value,
      createdAt: time,
      updatedAt: time,
    });
    expect(await store.get(["a"], "k")).toBeUndefined();
    expect(await store.get(["a", "b"], "K")).toBeUndefined();
    await store.delete(["a", "b"], "k");
    await store.delete(["a", "b"], "k");
    expect(await store.get(["a", "b"], "k")).toBeUndefined();
  });

  it("an update keeps createdAt, and updatedAt grows even if the clock does not", async () => {
    const store = storeOf("grows");
    const times = [];
    for (const [n, at] of [
      [1, 5000],
      [2, 5000],
      [3, 4000],
      [4, 9000],
    ] as const) {
      time = at;
      await store.put(["a"], "k", { n });
      const { createdAt, updatedAt, value } = (await store.get(["a"], "k")) ?? {};
      times.push([value, createdAt, updatedAt]);
    }
    expect(times).toEqual([
      [{ n: 1 }, 5000, 5000],
      [{ n: 2 }, 5000, 5001],
      [{ n: 3 }, 5000, 5002],
      [{ n: 4 }, 5000, 9000],
    ]);
  });

  it("putting the same twice changes nothing", async () => {
    const store = storeOf("same");
    await store.put(["a"], "k", { n: 1 });
    const before = await store.get(["a"], "k");
    time += 1000;
    await store.put(["a"], "k", { n: 1 });
    expect(await store.get(["a"], "k")).toEqual(before);
  });

  it("no tenant sees, changes or deletes another's", async () => {
    const [one, other] = [storeOf("one"), storeOf("other")];
    await one.put(["a"], "k", { of: "one" });
    await other.put(["a"], "k", { of: "other" });
    await other.delete(["a"], "k");
    expect(await one.get(["a"], "k")).toMatchObject({ value: { of: "one" } });
    expect(await other.get(["a"], "k")).toBeUndefined();
  });

  it("parts of namespaces never run into one another", async () => {
    const store = storeOf("parts");
    await store.put(['a","b'], "k", { n: 1 });
    await store.put(["a", "b"], "k", { n: 2 });
    expect(await store.get(['a","b'], "k")).toMatchObject({ value: { n: 1 } });
  });

  it("keeps 1 MiB of JSON and refuses more", async () => {
    const store = storeOf("large");
    const text = "é".repeat(512 * 1024 - 10);
    await store.put(["a"], "k", { text }); // 20 bytes under the bound, of which {"text":""} takes 11
    expect((await store.get(["a"], "k"))?.value["text"]).toBe(text);
    await expect(store.put(["a"], "k", { text: `${text}12345678901` })).rejects.toMatchObject({
      code: "value_too_large",
      retryable: false,
    });
  });

  it.each<[readonly string[], string]>([
    [[], "k"],
    [["a."], "k"],
    [[""], "k"],
    [Array.from({ length: 11 }, () => "a"), "k"],
    [["a"], ""],
    [["a"], "x".repeat(501)],
    [["a"], "\ud800"],
    [["a\u0000"], "k"],
  ])("%j with the key %j names no item", async (namespace, key) => {
    const store = storeOf("places");
    const refusal = { code: "invalid_request", retryable: false };
    await expect(store.put(namespace, key, {})).rejects.toMatchObject(refusal);
    await expect(store.get(namespace, key)).rejects.toMatchObject(refusal);
    await expect(store.delete(namespace, key)).rejects.toMatchObject(refusal);
  });

  it("says that its table is missing as the operator's fault, with nothing of the item", async () => {
    await env.DB.exec("ALTER TABLE items RENAME TO elsewhere");
    try {
      const failed = await storeOf("lost")
        .put(["a"], "k", { secret: "s3cr3t" })
        .catch((thrown: unknown) => thrown);
      expect(failed).toMatchObject({ code: "misconfigured" });
      expect(JSON.stringify((failed as { record: unknown }).record)).not.toContain("s3cr3t");
    } finally {
      await env.DB.exec("ALTER TABLE elsewhere RENAME TO items");
    }
  });
});
