import { applyD1Migrations } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { beforeAll, expect, it } from "vitest";
import { call, DOUBLE, newKey, read } from "./client.ts";

/** As the release before 0001 wrote them, and goes on to while the new one is rolled out. */
async function insertAsBefore(graphId: string, version: number, hash: string, createdAt: number): Promise<void> {
  await env.DB.prepare(
    `insert into graph_versions (tenant, graph_id, version, assistant_id, hash, document, source, source_type, created_at)
     values ('acme', ?, ?, 'a', ?, ?, '{}', 'json', ?)`,
  )
    .bind(graphId, version, hash, JSON.stringify({ ...DOUBLE, id: graphId, name: `Version ${version}` }), createdAt)
    .run();
}
const lines = async (graphId: string) => {
  const page = await read<{ versions: { version: number; status: string; published_at: string }[] }>(
    call(`/graphs/${graphId}/versions`, { key }),
  );
  return page.versions.map(({ version, status, published_at: at }) => [version, status, Date.parse(at)]);
};

let key = "";
beforeAll(async () => {
  const first = env.TEST_MIGRATIONS.filter(({ name }) => name.startsWith("0000"));
  expect(first).toHaveLength(1);
  await applyD1Migrations(env.DB, first);
  await insertAsBefore("old", 1, "one", 1_000);
  await insertAsBefore("old", 2, "two", 2_000);
  await applyD1Migrations(env.DB, env.TEST_MIGRATIONS);
  key = await newKey("acme");
});

it("versions from before the migration are published, and the newest is current", async () => {
  expect(await lines("old")).toEqual([
    [2, "current", 2_000],
    [1, "published", 1_000],
  ]);
  expect(await read(call("/graphs/old", { key }))).toMatchObject({ version: 2, published_by: null });
  const { graphs } = await read<{ graphs: object[] }>(call("/graphs", { key }));
  expect(graphs).toEqual([expect.objectContaining({ graph_id: "old", version: 2, status: "current" })]);
});

it("so is what the release before stores meanwhile", async () => {
  await insertAsBefore("old", 3, "three", 3_000);
  expect((await lines("old"))[0]).toEqual([3, "current", 3_000]);
});

it("they go on as all others: drafts, publications and runs", async () => {
  const next = { ...DOUBLE, id: "old" };
  expect(await read(call("/graphs?draft=true", { key, json: next }))).toMatchObject({ version: 4, status: "draft" });
  expect((await lines("old")).map(([, status]) => status)).toEqual(["draft", "current", "published", "published"]);
  await read(call("/graphs/old/versions/4/publish", { key, method: "POST" }));
  const json = { assistant_id: "old", input: { number: 4 } };
  expect(await read(call("/runs/wait", { key, json }))).toEqual({ doubled: 8 });
  expect((await lines("old")).map(([, status]) => status)).toEqual(["current", "published", "published", "published"]);
});
