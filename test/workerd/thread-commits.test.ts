import { beforeAll, expect, it } from "vitest";
import { CommitPage } from "../../src/api/thread-commits.ts";
import { call, migrate, newKey, read } from "./client.ts";

/** One branch runs ahead of the other, and its commits show no step of their own. */
const UNEVEN = {
  edgewise: 1,
  id: "uneven",
  channels: { log: { reducer: "append" } },
  nodes: {
    slow: { kind: "wait", for: "40ms" },
    one: { kind: "transform", set: { log: "'one'" } },
    two: { kind: "transform", set: { log: "'two'" } },
    last: { kind: "transform", set: { log: "'last'" } },
  },
  edges: [
    { from: "start", to: "slow" },
    { from: "start", to: "one" },
    { from: "one", to: "two" },
    { from: "two", to: "last" },
    { from: "slow", to: "last" },
  ],
};

let key: string;
let thread: string;
beforeAll(async () => {
  await migrate();
  key = await newKey("acme");
  await read(call("/graphs", { key, json: UNEVEN }));
  const { thread_id } = (await read(call("/threads", { key, json: {} }))) as { thread_id: string };
  thread = thread_id;
  await read(call(`/threads/${thread}/runs/wait`, { key, json: { assistant_id: "uneven", input: {} } }));
});

const page = async (query: string) =>
  CommitPage.strict().parse(await read(call(`/threads/${thread}/commits${query}`, { key })));

it("lists what history gathers into steps, newest first, in pages", async () => {
  const { commits, next_cursor: end } = await page("?limit=100");
  expect(end).toBeNull();
  expect(commits.map(({ type, node, step, shows }) => [type, node, step, shows])).toEqual([
    ["task-succeeded", "last", 3, 1],
    // of the branch that ran ahead the levels are complete only now: one step each
    ["task-succeeded", "slow", 2, 2],
    ["task-resumed", "slow", null, 0],
    ["task-succeeded", "two", null, 0],
    ["task-succeeded", "one", null, 0],
    ["task-waiting", "slow", null, 0],
    ["run-started", null, 0, 2],
  ]);
  const pages = [];
  for (let cursor: string | null = ""; cursor !== null; ) {
    const { commits: some, next_cursor: next } = await page(`?limit=3${cursor && `&cursor=${cursor}`}`);
    pages.push(...some);
    cursor = next;
  }
  expect(pages).toEqual(commits);
});

it("names positions that no step shows: their state can be read, and forked", async () => {
  const { commits } = await page("");
  const one = commits.find(({ node }) => node === "one");
  const state = await read(call(`/threads/${thread}/state/${one?.checkpoint_id}`, { key }));
  expect(state).toMatchObject({
    values: { log: ["one"] },
    next: ["slow", "two"],
    metadata: { source: "loop", step: 0 },
    checkpoint: { checkpoint_id: one?.checkpoint_id },
  });
  const body = { assistant_id: "uneven", input: null, checkpoint_id: one?.checkpoint_id };
  const values = await read(call(`/threads/${thread}/runs/wait`, { key, json: body }));
  expect(values).toMatchObject({ log: ["one", "two", "last"] });
  const forked = (await page("?limit=100")).commits.filter(({ seq }) => seq > (commits[0]?.seq ?? 0));
  expect(forked.map(({ node }) => node)).not.toContain("one");
  const steps = (await read(call(`/threads/${thread}/history?limit=100`, { key }))) as { checkpoint: unknown }[];
  expect(JSON.stringify(steps.map(({ checkpoint }) => checkpoint))).not.toContain(one?.checkpoint_id);
});

it.each(["x", "bm90aGluZw", "!"])("refuses the cursor %j", async (cursor) => {
  const response = await call(`/threads/${thread}/commits?cursor=${cursor}`, { key });
  expect(response.status).toBe(400);
});
