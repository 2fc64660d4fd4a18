import { describe, expect, it } from "vitest";
import type { Json, JsonObject } from "../base/json.ts";
import { storeInMemory } from "./testing/context.ts";
import { outOf, problemsOf, runOne } from "./testing/one-node.ts";

const place = { namespace: ["users", "{{ state.user }}"], key: "profile" };
const get = { kind: "store.get", ...place, write: "out" };
const put = { kind: "store.put", ...place };
const ada: JsonObject = { name: "Ada" };

describe("store.get", () => {
  it("writes the item's value", async () => {
    const store = storeInMemory([[["users", "ada"], "profile", ada]]);
    expect(outOf(await runOne(get, { user: "ada" }, { store }))).toEqual(ada);
  });

  it.each([
    [get, null],
    [
      { ...get, default: { name: "{{ state.user }}", visits: 0 } },
      { name: "eve", visits: 0 },
    ],
    [{ ...get, default: 0 }, 0],
  ])("%j writes %j where there is none", async (node, expected) => {
    expect(outOf(await runOne(node, { user: "eve" }, { store: storeInMemory() }))).toEqual(expected);
  });
});

describe("store.put", () => {
  it.each([
    [
      { name: "{{ state.user }}", visits: 1 },
      { name: "ada", visits: 1 },
    ],
    ["{{ state.all }}", ada],
  ])("keeps %j as %j", async (value, kept) => {
    const store = storeInMemory();
    expect(await runOne({ ...put, value }, { user: "ada", all: ada }, { store })).toEqual({ writes: [] });
    expect(await store.get(["users", "ada"], "profile")).toMatchObject({ value: kept });
  });

  it("deletes, also what is not there", async () => {
    const store = storeInMemory([[["users", "ada"], "profile", ada]]);
    const node = { ...put, delete: true };
    await runOne(node, { user: "ada" }, { store });
    await runOne(node, { user: "ada" }, { store });
    expect(store.size()).toBe(0);
  });

  it.each([["text"], [[1]], [null], ["{{ state.user }}"]])("%j is no item", async (value) => {
    const failed = runOne({ ...put, value }, { user: "ada" }, { store: storeInMemory() });
    await expect(failed).rejects.toMatchObject({ code: "invalid_write", retryable: false });
  });

  it.each<[JsonObject]>([[{}], [{ value: {}, delete: true }]])(
    "%j is refused: exactly one of value and delete",
    (config) => {
      expect(problemsOf({ ...put, ...config }, { user: {} })).toEqual([["invalid_value", "/nodes/n"]]);
    },
  );
});

describe("a place", () => {
  it.each<[Json]>([[["users", "ada"]], [["users"]]])("%j may be computed as a whole", async (path) => {
    const store = storeInMemory([[path as string[], "profile", ada]]);
    const node = { ...get, namespace: "{{ state.path }}" };
    expect(outOf(await runOne(node, { user: "eve", path }, { store }))).toEqual(ada);
  });

  it.each<[Json]>([[[]], [5], [["a", 5]], [null]])("%j is no namespace", async (path) => {
    const failed = runOne(
      { ...put, namespace: "{{ state.path }}", value: {} },
      { user: "eve", path },
      { store: storeInMemory() },
    );
    await expect(failed).rejects.toMatchObject({ code: "expression_failed", retryable: false });
  });

  it.each([
    [["a.b"], "/0"],
    [["users", ""], "/1"],
    [["x".repeat(201)], "/0"],
  ])("%j is refused before it runs", (namespace, at) => {
    const found = problemsOf({ ...get, namespace });
    expect(found).toEqual([["invalid_value", `/nodes/n/namespace${at}`]]);
  });

  it.each(["", "x".repeat(501), "a\nb"])("the key %j is refused before it runs", (key) => {
    expect(problemsOf({ ...get, namespace: ["a"], key })).toEqual([["invalid_value", "/nodes/n/key"]]);
  });

  it.each(["a.b", "", "\ud800", "a\0b"])("%j cannot become part of a namespace", async (user) => {
    const store = storeInMemory();
    await expect(runOne(get, { user }, { store })).rejects.toMatchObject({ code: "invalid_request" });
    await expect(runOne({ ...put, value: {} }, { user }, { store })).rejects.toMatchObject({ code: "invalid_request" });
  });
});
