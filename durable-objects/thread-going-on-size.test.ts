import { applyD1Migrations, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { beforeAll, beforeEach, describe, expect, it } from "vitest";
import { unwrap } from "../src/base/errors.ts";
import type { Json, JsonObject } from "../src/base/json.ts";
import { addressOf, answer, answered, edges, goOn, joined, question, questions, start } from "./testing/going-on.ts";
import { copyLog } from "./testing/log-copy.ts";
import { crash, openThread, runToEnd, stateOf, type TestThread } from "./testing/open-thread.ts";
import { ownKind } from "./testing/own-kind.ts";

beforeAll(() => applyD1Migrations(env.DB, env.TEST_MIGRATIONS));
beforeEach(() => ownKind("work", ({ node }) => ({ writes: [{ channel: "log", value: node }] })));

const LOOP: JsonObject = {
  channels: { log: { reducer: "append" }, said: {}, many: { reducer: "append" } },
  limits: { steps: 10_000 },
  nodes: { ask: { kind: "gate", ask: "more?", write: "said" }, note: { kind: "work" } },
  edges: [...edges(["start", "ask"], ["ask", "note"]), { from: "note", to: "ask", when: "state.said != 'no'" }],
};

async function timed(work: () => Promise<unknown>): Promise<number> {
  const from = performance.now();
  await work();
  return performance.now() - from;
}

const median = (times: readonly number[]) => [...times].sort((one, other) => one - other)[times.length >> 1] ?? 0;

describe("a chain of 400 runs", () => {
  it("goes on as fast as it began, and is read back in the time of one pass", { timeout: 90_000 }, async () => {
    const thread = openThread();
    await runToEnd(thread, LOOP);
    const times: number[] = [];
    for (let n = 0; n < 400; n += 1) {
      const { id } = await question(thread);
      times.push(await timed(() => answered(thread, id, n)));
    }
    // Apart by far from what reading the chain for each of them takes.
    expect(median(times.slice(-50))).toBeLessThan(5 + 3 * median(times.slice(0, 50)));
    await crash(thread);
    expect(await timed(() => stateOf(thread))).toBeLessThan(3_000);
    expect(((await stateOf(thread)).values["log"] as Json[]).length).toBe(400);
  });
});

describe("a thousand open questions", () => {
  it("are each answered on their own, after a restart too, and all the others at once", {
    timeout: 60_000,
  }, async () => {
    const thread = openThread();
    const graph = {
      channels: { sum: { reducer: "append" } },
      nodes: {
        each: {
          kind: "map",
          over: "range(1000)",
          concurrency: 1000,
          output: { sum: "state.mine" },
          graph: {
            channels: { mine: {} },
            nodes: { ask: { kind: "gate", ask: "{{ item }}", write: "mine" } },
            edges: edges(["start", "ask"]),
          },
        },
      },
      edges: edges(["start", "each"]),
    };
    await runToEnd(thread, graph);
    const open = await questions(thread);
    expect(open).toHaveLength(1000);
    await answered(thread, open[0]?.id ?? "", 0);
    await crash(thread);
    await answered(thread, open[1]?.id ?? "", 1);
    expect(await questions(thread)).toHaveLength(998);
    const byId = Object.fromEntries(open.slice(2).map(({ id, value }) => [id, value as Json]));
    const { values } = await goOn(thread, graph, { command: { resume: { byId } } });
    expect(values["sum"]).toEqual(Array.from({ length: 1000 }, (_, n) => n));
    expect(await questions(thread)).toEqual([]);
  });
});

/** A thread of many turns, each a run that asks and one that answers, made by copying the rows of one. */
async function copyTurns(thread: TestThread, times: number): Promise<void> {
  const { commits, runs, continuations } = await copyLog(thread);
  const [of, first] = [commits.length, runs.length];
  await runInDurableObject(thread.stub, async (_, { storage }) => {
    const insert = (table: string, row: Record<string, SqlStorageValue>) =>
      storage.sql.exec(
        `INSERT INTO ${table} (${Object.keys(row).join(", ")}) VALUES (${Object.keys(row)
          .map(() => "?")
          .join(", ")})`,
        ...Object.values(row),
      );
    storage.transactionSync(() => {
      for (let turn = 1; turn <= times; turn += 1) {
        const [seq, n] = [turn * of, turn * first];
        const moved = (row: Record<string, SqlStorageValue>, by: Record<string, number>) =>
          Object.fromEntries(
            Object.entries(row).map(([name, value]) => [
              name,
              value === null ? null : name in by ? Number(value) + (by[name] ?? 0) : value,
            ]),
          );
        for (const row of commits) insert("commits", moved(row, { seq, run: n, step: seq }));
        for (const row of runs)
          insert("runs", { ...moved(row, { n, first_seq: seq, last_seq: seq }), run_id: crypto.randomUUID() });
        for (const row of continuations) insert("continuations", moved(row, { run: n, from_seq: seq }));
      }
    });
    await storage.sync();
  });
  await crash(thread);
}

describe("[F3] a thread that is read back", () => {
  it("takes no more stack with each turn, however long ago its values were written down", {
    timeout: 60_000,
  }, async () => {
    const thread = openThread();
    const graph = {
      channels: { said: {} },
      nodes: { ask: { kind: "gate", ask: "?", write: "said" } },
      edges: edges(["start", "ask"]),
    };
    await runToEnd(thread, graph);
    await answered(thread, (await question(thread)).id, "yes");
    await copyTurns(thread, 4_000);
    expect((await stateOf(thread)).values).toEqual({ said: "yes" });
    const { run } = await runToEnd(thread, graph);
    expect(run.status).toBe("interrupted");
    expect((await answered(thread, (await question(thread)).id, "no")).values).toEqual({ said: "no" });
  });

  it("with its snapshots is what it is without them: 300 runs of all kinds", { timeout: 90_000 }, async () => {
    let seed = 7;
    const random = (below: number): number => {
      seed = (seed * 1_103_515_245 + 12_345) % 2_147_483_648;
      return Math.floor((seed / 2_147_483_648) * below);
    };
    const thread = openThread();
    const of = addressOf(thread);
    const ids: string[] = [];
    const text = () => "x".repeat(random(4_000)) + ids.length;
    for (let n = 0; n < 300; n += 1) {
      const [open] = n === 0 ? [] : await questions(thread);
      const what = random(6);
      if (open === undefined || what === 0) ids.push((await start(thread, LOOP, { many: [text()] })).runId);
      else if (what <= 2) ids.push(unwrap(await answer(thread, open.id, text())).run.run_id);
      else if (what === 3) {
        const history = unwrap(await thread.api.getHistory({ ...of, limit: 12 }));
        const at = history[random(history.length)]?.checkpoint?.["checkpoint_id"];
        const input = random(2) === 0 ? null : { many: [text()] };
        const more = typeof at === "string" ? { checkpointId: at } : {};
        const next = history.find(({ checkpoint }) => checkpoint?.["checkpoint_id"] === at)?.next ?? [];
        if (input !== null || next.length > 0) ids.push((await start(thread, LOOP, input, more)).runId);
      } else if (what === 4) unwrap(await thread.api.updateState({ ...of, values: [["many", text()]] }));
      else if (random(4) === 0) {
        unwrap(await answer(thread, open.id, "no"));
      }
      const last = ids.at(-1);
      if (last !== undefined) await joined(thread, { run_id: last });
      if (random(25) === 0) await crash(thread);
    }
    const seen = async () => ({
      state: await stateOf(thread),
      history: unwrap(await thread.api.getHistory({ ...of, limit: 1_000 })),
      ends: await Promise.all(ids.map((runId) => joined(thread, { run_id: runId }).then(({ values }) => values))),
    });
    await crash(thread);
    const whole = await seen();
    const snapshots = await runInDurableObject(thread.stub, async (_, { storage }) => {
      const { n } = storage.sql.exec<{ n: number }>("SELECT count(*) AS n FROM snapshots").one();
      storage.sql.exec("DELETE FROM snapshots");
      storage.sql.exec("DELETE FROM snapshot_parts");
      await storage.sync();
      return n;
    });
    expect(snapshots).toBeGreaterThan(3);
    await crash(thread);
    expect(await seen()).toEqual(whole);
  });
});
