import { applyD1Migrations, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { beforeAll, expect, it } from "vitest";
import { unwrap } from "../src/base/errors.ts";
import type { JsonObject } from "../src/base/json.ts";
import { crash, openThread, startOf } from "./testing/open-thread.ts";

beforeAll(async () => {
  await applyD1Migrations(env.DB, env.TEST_MIGRATIONS);
});

const WIDE = 1_000;
const GRAPH: JsonObject = {
  channels: { out: {}, log: { reducer: "append", default: [] } },
  limits: { concurrency: 100 },
  nodes: {
    each: {
      kind: "map",
      over: `state.list`,
      concurrency: 100,
      input: { n: "item" },
      output: { out: "state.n" },
      graph: {
        channels: { n: {} },
        nodes: { pause: { kind: "wait", for: "1ms" }, add: { kind: "transform", set: { n: "state.n + 1" } } },
        edges: [
          { from: "start", to: "pause" },
          { from: "pause", to: "add" },
        ],
      },
    },
    open: { kind: "transform" },
    sent: { kind: "transform", set: { log: "payload" } },
  },
  edges: [
    { from: "start", to: "each" },
    { from: "start", to: "open" },
    { from: "open", to: "sent", send: "state.list" },
  ],
};

it("[F24] a thousand branches, as items and as sends, are each committed once, crash or not, and the thread answers meanwhile", {
  timeout: 120_000,
}, async () => {
  const thread = openThread();
  const list = Array.from({ length: WIDE }, (_, index) => index);
  const channels = { ...(GRAPH["channels"] as JsonObject), list: {} };
  const command = startOf(thread, { ...GRAPH, channels }, { list });
  unwrap(await thread.api.startRun(command));
  await scheduler.wait(200);
  await crash(thread);
  const waits: number[] = [];
  for (let status = "running"; status === "running"; ) {
    const askedAt = Date.now();
    ({ status } = unwrap(await thread.api.getRun(command)));
    waits.push(Date.now() - askedAt);
    await scheduler.wait(5);
  }
  expect(waits.length).toBeGreaterThan(0);
  expect(Math.max(...waits)).toBeLessThan(5_000);
  const { run, values } = unwrap(await thread.api.joinRun(command));
  expect(run.status).toBe("success");
  expect(values).toMatchObject({ out: list.map((n) => n + 1), log: list });
  const outcomes = await runInDurableObject(thread.stub, (_, { storage }) =>
    storage.sql
      .exec<{ head: string }>("SELECT substr(body, 1, 40) AS head FROM commits WHERE body LIKE '[\"o\"%'")
      .toArray(),
  );
  const tasks = outcomes.map(({ head }) => head.split('"')[3]);
  expect(tasks.length).toBe(new Set(tasks).size);
  // Two nodes an item, a task for each send, the map and what sends.
  expect(tasks).toHaveLength(3 * WIDE + 2);
});
