import { beforeAll, describe, expect, it } from "vitest";
import * as Views from "../../src/api/views.ts";
import { call, DOUBLE, migrate, newKey, read } from "./client.ts";

interface Assistant {
  readonly graph_id: string;
  readonly name: string;
}

let key: string;
beforeAll(async () => {
  await migrate();
  key = await newKey("searchers");
  await read(call("/graphs", { key, json: DOUBLE }));
});

const post = (path: string, json: object) => call(path, { key, json });
const make = (more: object) => read(post("/assistants", { graph_id: "given", ...more }));
const search = (json: object) => read<Assistant[]>(post("/assistants/search", json));
const problem = async (answer: Promise<Response>) => (await answer).json<{ status: number; pointer: string }>();

describe("a search", () => {
  const mark = crypto.randomUUID();
  beforeAll(async () => {
    for (const name of ["Alpha", "beta", "Gamma É"]) {
      await make({ name, metadata: { mark, in: { name, list: [1, 2] }, n: 1, on: true } });
    }
    await read(call("/graphs", { key, json: { ...DOUBLE, id: "alphabet" } }));
  });
  const names = async (json: object) => (await search({ metadata: { mark }, ...json })).map(({ name }) => name);

  it("finds own ones and the graphs' together, newest first", async () => {
    const found = await search({ name: "ALPHA" });
    expect(found.map(({ name }) => name)).toEqual(["alphabet", "Alpha"]);
    Views.Assistant.strict().parse(found[0]);
    expect(await names({})).toEqual(["Gamma É", "beta", "Alpha"]);
    expect(await names({ name: "é" })).toEqual(["Gamma É"]);
    expect(await names({ graph_id: "double" })).toEqual([]);
    const systems = await search({ metadata: { created_by: "system" }, limit: 1000 });
    expect(new Set(systems.map(({ graph_id: graph, name }) => graph === name))).toEqual(new Set([true]));
  });

  it.each<[object, number]>([
    [{ in: { name: "beta" } }, 1],
    [{ in: {} }, 3],
    [{ in: { list: [1, 2] } }, 3],
    [{ in: { list: [1] } }, 0],
    [{ n: 1, on: true }, 3],
    [{ n: "1" }, 0],
    [{ on: 1 }, 0],
    [{ "in.name": "beta" }, 0],
    [{ absent: null }, 0],
  ])("with the metadata %j finds %i", async (metadata, found) => {
    expect(await names({ metadata: { mark, ...metadata } })).toHaveLength(found);
    expect(await read(post("/assistants/count", { metadata: { mark, ...metadata } }))).toBe(found);
  });

  it("is sorted, paged and cut to members", async () => {
    expect(await names({ sort_by: "name", sort_order: "asc" })).toEqual(["Alpha", "beta", "Gamma É"]);
    expect(await names({ sort_by: "created_at", sort_order: "asc" })).toEqual(["Alpha", "beta", "Gamma É"]);
    const page = await post("/assistants/search", { metadata: { mark }, limit: 2, select: ["name", "version"] });
    expect(await page.json()).toEqual([
      { name: "Gamma É", version: 1 },
      { name: "beta", version: 1 },
    ]);
    expect([page.headers.get("x-pagination-total"), page.headers.get("x-pagination-next")]).toEqual(["3", "2"]);
    const last = await post("/assistants/search", { metadata: { mark }, limit: 2, offset: 2 });
    expect([last.headers.get("x-pagination-total"), last.headers.get("x-pagination-next")]).toEqual(["3", null]);
    expect(await read(post("/assistants/count", { metadata: { mark }, name: "alp" }))).toBe(1);
  });

  it.each<[object, string]>([
    [{ limit: 0 }, "/limit"],
    [{ offset: -1 }, "/offset"],
    [{ sort_by: "config" }, "/sort_by"],
    [{ select: ["secret"] }, "/select/0"],
    [{ metadata: [] }, "/metadata"],
    [{ name: 1 }, "/name"],
  ])("for %j is refused", async (json, pointer) => {
    expect(await problem(post("/assistants/search", json))).toMatchObject({ status: 400, pointer, success: false });
  });
});
