import { applyD1Migrations, runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { beforeAll, beforeEach, describe, expect, it } from "vitest";
import { failure, unwrap } from "../src/base/errors.ts";
import type { JsonObject } from "../src/base/json.ts";
import { crash, follow, openThread, startOf, type TestThread } from "./testing/open-thread.ts";
import { CACHED, chain, EACH, HELD, LOOP, NESTED, RACE, TURNS } from "./testing/composite-graphs.ts";
import { ownKind } from "./testing/own-kind.ts";
import { HELD_SAGA, SAGA } from "./testing/saga-graphs.ts";
import type { StartRun, StreamMode } from "./thread-api.ts";

/** How often each task was executed, by its idempotency key. */
const executions = new Map<string, number>();
const stepsMade = new Map<string, number>();

beforeAll(async () => {
  await applyD1Migrations(env.DB, env.TEST_MIGRATIONS);
  ownKind("faulty-work", async ({ scope, attempt, once, idempotencyKey, say }) => {
    const count = (of: Map<string, number>) => of.set(idempotencyKey, (of.get(idempotencyKey) ?? 0) + 1);
    count(executions);
    const n = Number(scope.read("n"));
    const doubled = await once("double", () => {
      count(stepsMade);
      return n * 2;
    });
    say(`working on ${n}`);
    if (attempt === 1) throw failure("node_failed", "not yet", { retryable: true });
    if (n === 2) throw failure("node_failed", "never two");
    return { writes: [{ channel: "r", value: doubled }] };
  });
  ownKind("careful-work", async ({ scope, idempotencyKey }) => {
    executions.set(idempotencyKey, (executions.get(idempotencyKey) ?? 0) + 1);
    await scheduler.wait(1);
    return { writes: [{ channel: "r", value: scope.read("n") ?? null }] };
  });
});

beforeEach(() => {
  executions.clear();
  stepsMade.clear();
});

interface Row {
  readonly [column: string]: SqlStorageValue;
  readonly seq: number;
  readonly body: string;
}

async function rows({ stub }: TestThread): Promise<Row[]> {
  return runInDurableObject(stub, (_, { storage }) =>
    storage.sql.exec<Row>("SELECT seq, body FROM commits ORDER BY seq").toArray(),
  );
}

/** A death that cut attempts off is told in the log of its own. */
function withoutLosses(log: readonly Row[]): number {
  return log.filter(({ body }) => !body.startsWith('["l"')).length;
}

/** The object as a death right after commit `seq` leaves it: nothing later was written, and no alarm was kept. */
async function rewind(thread: TestThread, seq: number): Promise<void> {
  await runInDurableObject(thread.stub, async (_, { storage }) => {
    storage.sql.exec("DELETE FROM commits WHERE seq > ?", seq);
    storage.sql.exec("DELETE FROM chunks WHERE first > (SELECT last_event FROM commits ORDER BY seq DESC LIMIT 1)");
    storage.sql.exec("DELETE FROM snapshots");
    storage.sql.exec("UPDATE runs SET status = 'running', last_seq = NULL, error = NULL, usage = NULL");
    await storage.deleteAlarm();
    await storage.sync();
  });
  await crash(thread);
}

/** The whole log again needs everything done again. */
async function forgetResults({ tenant }: TestThread): Promise<void> {
  await env.DB.prepare("DELETE FROM node_results WHERE tenant = ?").bind(tenant).run();
}

/** Tasks with a final outcome among these. */
function settledTasks(log: readonly Row[]): string[] {
  const entries = log.map(({ body }) => JSON.parse(body) as [string, string]);
  return entries.flatMap(([letter, task]) => (letter === "o" || letter === "f" ? [task] : []));
}

async function start(thread: TestThread, graph: JsonObject): Promise<StartRun> {
  const command = startOf(thread, graph);
  unwrap(await thread.api.startRun(command));
  return command;
}

const GRAPHS: readonly (readonly [string, JsonObject, string, JsonObject])[] = [
  [
    "nested composites with waits, retries, steps and failed items",
    NESTED,
    "success",
    {
      list: [1, 2, 3],
      out: [2, 6],
      total: 8,
      wrong: [{ index: 1, item: 2, error: { code: "node_failed", message: "never two", node: "work" } }],
      log: ["noted", "last 2"],
    },
  ],
  ["composites in a loop", LOOP, "success", { n: 3, log: [0, 1, 2].flatMap((n) => [`turn ${n}`, "item 1", "item 2"]) }],
  ["a composite for each arrival", EACH, "success", { log: ["arrived", "arrived"] }],
  ["failures that hold a composite, and some that are borne", HELD, "error", { borne: [[2]] }],
  ["a race whose loser waits", RACE, "success", { out: 6, log: ["6"] }],
  ["turns of a loop", TURNS, "success", { sum: 24 }],
  [
    "a saga that undoes what it has done",
    SAGA,
    "success",
    {
      r: 0,
      problem: { code: "failed_by_graph", message: "no", retryable: false, node: "no", attempt: 1 },
      log: ["no"],
    },
  ],
  ["a saga that is held by what cannot be undone", HELD_SAGA, "error", { log: [] }],
  ["results that are used again", CACHED, "success", { out: [2, 6], log: ["2"] }],
];

describe("[F1] a death after any commit", () => {
  it.each(GRAPHS)(
    "of %s: the same end, and nothing committed is done again",
    {
      timeout: 90_000,
    },
    async (_, graph, status, values) => {
      const thread = openThread(crypto.randomUUID());
      const command = await start(thread, graph);
      const whole = unwrap(await thread.api.joinRun(command));
      expect([whole.run.error, whole.values, whole.run.status]).toEqual([whole.run.error, values, status]);
      const log = await rows(thread);
      for (const { seq } of log.slice(0, -1)) {
        if (graph === CACHED) {
          await forgetResults(thread);
          await rewind(thread, 1);
          unwrap(await thread.api.joinRun(command));
          if (seq % 2 === 0) await forgetResults(thread);
        }
        executions.clear();
        stepsMade.clear();
        // after each death the log goes on in another order
        const before = (await rows(thread)).slice(0, seq);
        await rewind(thread, seq);
        const again = unwrap(await thread.api.joinRun(command));
        expect([seq, again.run.status, again.values]).toEqual([seq, status, whole.values]);
        expect(again.run.error).toEqual(whole.run.error);
        const settled = settledTasks(before).map((task) => `${command.runId}:${task}`);
        expect(settled.filter((task) => executions.has(task))).toEqual([]);
        const kept = before.flatMap(({ body }) => {
          const [letter, task] = JSON.parse(body) as [string, string];
          return letter === "k" ? [`${command.runId}:${task}`] : [];
        });
        expect(kept.filter((task) => stepsMade.has(task))).toEqual([]);
        for (const count of executions.values()) expect(count).toBeLessThanOrEqual(2);
        if (graph !== CACHED) expect(withoutLosses(await rows(thread))).toBe(withoutLosses(log));
      }
    },
  );

  it.each(GRAPHS)(
    "[G10] and a cancel then, of %s: interrupted, and nothing starts any more",
    {
      timeout: 90_000,
    },
    async (_, graph) => {
      const thread = openThread(crypto.randomUUID());
      const command = await start(thread, graph);
      unwrap(await thread.api.joinRun(command));
      const log = await rows(thread);
      let interrupted = 0;
      for (const { seq } of log.slice(0, -1)) {
        await rewind(thread, seq);
        const { status } = unwrap(await thread.api.cancelRun(command));
        if (status === "interrupted") interrupted += 1;
        expect(status).not.toBe("running");
        executions.clear();
        const { length } = await rows(thread);
        await runDurableObjectAlarm(thread.stub);
        await scheduler.wait(2);
        await runDurableObjectAlarm(thread.stub);
        expect((await rows(thread)).length).toBe(length);
        expect(executions.size).toBe(0);
        expect(await thread.api.touch(command)).toBe(false);
      }
      expect(interrupted).toBeGreaterThan(1);
    },
  );

  it("of unsafe items: what had not begun is done, what had is told of, nothing is done twice", {
    timeout: 60_000,
  }, async () => {
    const thread = openThread();
    const command = await start(thread, {
      channels: { out: {}, wrong: {} },
      nodes: {
        each: {
          kind: "map",
          over: "[1, 3, 5]",
          concurrency: 2,
          on_failure: "collect",
          failures: "wrong",
          input: { n: "item" },
          output: { out: "state.r" },
          graph: {
            channels: { n: {}, r: {} },
            nodes: { work: { kind: "careful-work", effect: "unsafe" } },
            edges: chain("work"),
          },
        },
      },
      edges: chain("each"),
    });
    expect(unwrap(await thread.api.joinRun(command)).values).toEqual({ out: [1, 3, 5], wrong: [] });
    for (const { seq } of (await rows(thread)).slice(0, -1)) {
      executions.clear();
      const before = (await rows(thread)).slice(0, seq);
      await rewind(thread, seq);
      const { run, values } = unwrap(await thread.api.joinRun(command));
      expect(run.status).toBe("success");
      const settled = settledTasks(before);
      const begun = before
        .map(({ body }) => JSON.parse(body) as [string, string])
        .flatMap(([letter, task]) => (letter === "t" ? [task] : []));
      expect(begun.filter((task) => executions.has(`${command.runId}:${task}`))).toEqual([]);
      const earlier = (values["wrong"] as JsonObject[]).length;
      expect(earlier).toBeGreaterThanOrEqual(begun.filter((task) => !settled.includes(task)).length);
      // the next death is one of a run in which nothing was unknown
      if (earlier > 0) {
        await rewind(thread, 1);
        unwrap(await thread.api.joinRun(command));
      }
      for (const count of executions.values()) expect(count).toBeLessThanOrEqual(2);
    }
  });
});

describe("[G7] followers of composites", () => {
  const MODES: readonly StreamMode[] = ["values", "updates", "messages-tuple", "custom", "tasks"];

  it("resume after any frame they have seen with exactly the rest, in any mode", { timeout: 60_000 }, async () => {
    const thread = openThread();
    const command = await start(thread, NESTED);
    unwrap(await thread.api.joinRun(command));
    for (const modes of [MODES, ...MODES.map((mode) => [mode])]) {
      const all = await follow(thread, command.runId, modes);
      const ids = all.map(({ id }) => id);
      expect(ids).toEqual([...new Set(ids)].sort((one, other) => one - other));
      for (const [index, id] of ids.entries())
        expect(await follow(thread, command.runId, modes, id)).toEqual(all.slice(index + 1));
    }
  });

  it("see the same live as they see afterwards", async () => {
    const thread = openThread();
    const command = startOf(thread, NESTED);
    unwrap(await thread.api.startRun(command));
    const live = await follow(thread, command.runId, MODES);
    expect(await follow(thread, command.runId, MODES)).toEqual(live);
  });
});
