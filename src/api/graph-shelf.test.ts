import { expect, it } from "vitest";
import type { RunnableGraph } from "../storage/graphs.ts";
import { GraphShelf } from "./graph-shelf.ts";

function rowOf(version: number, document = "{}"): RunnableGraph {
  const texts = { document, source: "", sourceType: "json" } as const;
  const published = { status: "current", createdAt: 0, publishedAt: 0, publishedBy: null } as const;
  return { graphId: "g", assistantId: "a", version, hash: "h", ...texts, ...published, assistant: null };
}

function counting(...rows: (RunnableGraph | undefined)[]) {
  let asked = 0;
  return { find: async () => rows[Math.min(asked++, rows.length - 1)], asked: () => asked };
}

it("asks once a second for a graph that is in use", async () => {
  const shelf = new GraphShelf();
  const { find, asked } = counting(rowOf(1), rowOf(2));
  expect((await shelf.find("t", "g", find, 0))?.version).toBe(1);
  expect((await shelf.find("t", "g", find, 999))?.version).toBe(1);
  expect((await shelf.find("t", "g", find, 1_000))?.version).toBe(2);
  expect(asked()).toBe(2);
});

it("a version published here counts at once", async () => {
  const shelf = new GraphShelf();
  const { find } = counting(rowOf(1), rowOf(2));
  await shelf.find("t", "g", find, 0);
  shelf.forget("t", "g");
  expect((await shelf.find("t", "g", find, 1))?.version).toBe(2);
});

it("forgets a graph under every name that it was found by, and no other graph", async () => {
  const shelf = new GraphShelf();
  const { find, asked } = counting(rowOf(1));
  const other = counting({ ...rowOf(1), graphId: "other" });
  for (const name of ["g", "a", "g@1"]) await shelf.find("t", name, find, 0);
  await shelf.find("t", "other", other.find, 0);
  shelf.forget("t", "g");
  for (const name of ["g", "a", "g@1"]) await shelf.find("t", name, find, 1);
  await shelf.find("t", "other", other.find, 1);
  expect([asked(), other.asked()]).toEqual([6, 1]);
});

it("does not remember what was read while another version was published", async () => {
  const shelf = new GraphShelf();
  const { find } = counting(rowOf(1), rowOf(2));
  const publishedMeanwhile = async () => {
    const row = await find();
    shelf.forget("t", "g");
    return row;
  };
  expect((await shelf.find("t", "g", publishedMeanwhile, 0))?.version).toBe(1);
  expect((await shelf.find("t", "g", find, 1))?.version).toBe(2);
});

it("[G14] never shows one tenant's graph to another", async () => {
  const shelf = new GraphShelf();
  await shelf.find("t", "g", async () => rowOf(1), 0);
  expect(await shelf.find("u", "g", async () => undefined, 1)).toBeUndefined();
});

it("remembers neither a graph that is not there nor one that is large", async () => {
  for (const row of [undefined, rowOf(1, "x".repeat(70_000))]) {
    const shelf = new GraphShelf();
    const { find, asked } = counting(row);
    await shelf.find("t", "g", find, 0);
    await shelf.find("t", "g", find, 1);
    expect(asked()).toBe(2);
  }
});
