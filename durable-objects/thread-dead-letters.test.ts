import { applyD1Migrations, runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { beforeAll, describe, expect, it, vi } from "vitest";
import { redrive, redriveRunId } from "../src/api/redrive.ts";
import { threadsPort } from "../src/api/threads-port.ts";
import { failure, unwrap } from "../src/base/errors.ts";
import type { JsonObject } from "../src/base/json.ts";
import { openDatabase } from "../src/storage/database.ts";
import { type DeadLetterRow, deadRunId, findDeadLetter, listDeadLetters } from "../src/storage/dead-letters.ts";
import { whileIndexIsAway } from "./testing/index-away.ts";
import { attempts, crash, openThread, runToEnd, startOf, type TestThread } from "./testing/open-thread.ts";
import { ownKind } from "./testing/own-kind.ts";

beforeAll(async () => {
  await applyD1Migrations(env.DB, env.TEST_MIGRATIONS);
  vi.spyOn(console, "warn").mockImplementation(() => undefined);
});

const database = openDatabase(env.DB);

function letterOf({ tenant, threadId }: TestThread, runId: string): Promise<DeadLetterRow | undefined> {
  return findDeadLetter(database, tenant, deadRunId(tenant, threadId, runId));
}

async function expectLetter(thread: TestThread, runId: string): Promise<DeadLetterRow> {
  return vi.waitFor(
    async () => {
      const letter = await letterOf(thread, runId);
      expect(letter).toBeDefined();
      return letter as DeadLetterRow;
    },
    { timeout: 8_000, interval: 20 },
  );
}

const lettersOn = ({ tenant, threadId }: TestThread) => listDeadLetters(database, tenant, { limit: 100, threadId });
const refuses = (status = 503): JsonObject => attempts("out", { fault: "status", status });
const failing: JsonObject = {
  channels: { topic: { default: "bees" }, out: {}, other: {} },
  nodes: { ask: refuses(), beside: { kind: "transform", set: { other: "'fine'" } } },
  edges: [
    { from: "start", to: "ask" },
    { from: "start", to: "beside" },
  ],
};

describe("a run that ended with failed tasks at rest is a dead letter", () => {
  it("with its cause, each attempt's time and error, and what the task saw", async () => {
    const thread = openThread();
    const { run } = await runToEnd(thread, failing);
    expect(run.status).toBe("error");
    const letter = await expectLetter(thread, run.run_id);
    expect(letter).toMatchObject({
      kind: "run",
      status: "open",
      threadId: thread.threadId,
      runId: run.run_id,
      graphId: "test",
      node: "ask",
      cause: run.error,
      payload: { state: { topic: "bees" } },
      redrivenRunId: null,
    });
    expect(letter.task).toMatch(/^0\.0\.0$/);
    expect(letter.history.map(({ attempt, error }) => [attempt, error.code])).toEqual([
      [1, "model_overloaded"],
      [2, "model_overloaded"],
      [3, "model_overloaded"],
    ]);
    const times = letter.history.map(({ at }) => at);
    expect(times).toEqual([...times].sort((one, other) => one - other));
    expect(times.at(-1)).toBeLessThanOrEqual(letter.createdAt);
  });

  it("inside a frame too, by the names of the nodes around it", async () => {
    const inside: JsonObject = {
      channels: { each: { default: [1] }, n: {} },
      nodes: {
        items: {
          kind: "map",
          over: "state.each",
          input: { n: "item" },
          graph: {
            channels: { n: {}, out: {} },
            nodes: { ask: refuses(400) },
            edges: [{ from: "start", to: "ask" }],
          },
        },
      },
      edges: [{ from: "start", to: "items" }],
    };
    const thread = openThread();
    const { run } = await runToEnd(thread, inside);
    const letter = await expectLetter(thread, run.run_id);
    expect([letter.node, letter.payload, letter.history.length]).toEqual(["items/ask", { state: { n: 1 } }, 1]);
  });

  it("whose payload is bounded: what is too large is named", async () => {
    const thread = openThread();
    const big = {
      ...failing,
      channels: { topic: { default: "x".repeat(70_000) }, small: { default: 1 }, out: {}, other: {} },
    };
    const { run } = await runToEnd(thread, big);
    const letter = await expectLetter(thread, run.run_id);
    expect(letter.payload).toEqual({ state: { small: 1 }, omitted: ["topic"] });
  });

  it("and no other end is one", async () => {
    const thread = openThread();
    const caught = {
      ...failing,
      nodes: { ask: { ...refuses(), on_error: { write: "other" } } },
      edges: [{ from: "start", to: "ask" }],
    };
    expect((await runToEnd(thread, caught, {})).run.status).toBe("success");
    const conflict: JsonObject = {
      channels: { out: {} },
      output: ["out"],
      nodes: { a: { kind: "transform", set: { out: "1" } }, b: { kind: "transform", set: { out: "2" } } },
      edges: [
        { from: "start", to: "a" },
        { from: "start", to: "b" },
      ],
    };
    // Done, with a result that is none: no task is left to try again.
    expect((await runToEnd(thread, conflict, {})).run).toMatchObject({
      status: "error",
      error: { code: "conflicting_write" },
    });
    const slow = startOf(thread, {
      channels: { out: {} },
      nodes: { w: { kind: "wait", for: "1h" } },
      edges: [{ from: "start", to: "w" }],
    });
    unwrap(await thread.api.startRun(slow));
    unwrap(await thread.api.cancelRun(slow));
    // Paused, with a task that has failed: what is left of it goes on when somebody says so.
    const beside: JsonObject = {
      ...failing,
      nodes: { ask: refuses(400), beside: { kind: "wait", for: "1h" } },
    };
    const paused = startOf(thread, beside, {});
    unwrap(await thread.api.startRun(paused));
    await scheduler.wait(100);
    unwrap(await thread.api.pauseRun(paused));
    expect(unwrap(await thread.api.joinRun(paused)).run).toMatchObject({ error: { code: "run_paused" } });
    await scheduler.wait(300);
    expect(await lettersOn(thread)).toEqual([]);
  });
});

describe("[F14] a dead letter is not lost", () => {
  it("when D1 is away at the end and the object dies: the row comes after, once", async () => {
    const thread = openThread();
    const command = startOf(thread, failing);
    await whileIndexIsAway("refuses", async () => {
      unwrap(await thread.api.startRun(command));
      unwrap(await thread.api.joinRun(command));
      await scheduler.wait(150);
      await crash(thread);
    });
    expect(await letterOf(thread, command.runId)).toBeUndefined();
    await runInDurableObject(thread.stub, () => undefined);
    await runDurableObjectAlarm(thread.stub);
    await expectLetter(thread, command.runId);
    expect(await lettersOn(thread)).toHaveLength(1);
  });

  it("and told of twice it is one row, whatever has become of it since", async () => {
    const thread = openThread();
    const { run } = await runToEnd(thread, failing);
    const letter = await expectLetter(thread, run.run_id);
    await env.DB.prepare("UPDATE dead_letters SET status = 'discarded' WHERE id = ?").bind(letter.id).run();
    await runInDurableObject(thread.stub, (_, { storage }) => {
      storage.sql.exec(
        "INSERT INTO outbox (kind, body) VALUES ('dead-letter', ?)",
        JSON.stringify({ kind: "dead-letter", letter: { ...letter, status: undefined, redrivenRunId: undefined } }),
      );
    });
    await crash(thread);
    await thread.api.getThread(thread);
    await runDurableObjectAlarm(thread.stub);
    const waiting = () =>
      runInDurableObject(thread.stub, (_, { storage }) => storage.sql.exec("SELECT 1 FROM outbox").toArray().length);
    await vi.waitFor(async () => expect(await waiting()).toBe(0), { timeout: 8_000 });
    expect((await letterOf(thread, run.run_id))?.status).toBe("discarded");
  });
});

describe("[R9] a dead letter whose run goes on", () => {
  let isBroken = true;
  const calls: number[] = [];
  ownKind("fickle", ({ attempt }) => {
    calls.push(attempt);
    if (isBroken) throw failure("egress_failed", "Nobody is there.", { retryable: true });
    return { writes: [{ channel: "out", value: "mended" }] };
  });
  const fickle: JsonObject = {
    channels: { out: {}, sure: { reducer: "append" } },
    nodes: {
      sure: { kind: "transform", set: { sure: "'once'" } },
      ask: { kind: "fickle", retry: { attempts: 2, delay: "5ms", max_delay: "5ms" } },
    },
    edges: [
      { from: "start", to: "sure" },
      { from: "sure", to: "ask" },
    ],
  };
  const goOn = async (thread: TestThread) => {
    const command = startOf(thread, fickle, null, { command: {} });
    unwrap(await thread.api.startRun(command));
    return unwrap(await thread.api.joinRun(command));
  };
  const statusesOn = async (thread: TestThread) =>
    Object.fromEntries(
      (await lettersOn(thread)).map(({ runId, status, redrivenRunId }) => [runId, [status, redrivenRunId]]),
    );

  it("is redriven, whoever asked for that; where it fails again that is another one", async () => {
    isBroken = true;
    const thread = openThread();
    const first = await runToEnd(thread, fickle, {});
    await expectLetter(thread, first.run.run_id);
    const second = await goOn(thread);
    expect(second.run.status).toBe("error");
    const letter = await expectLetter(thread, second.run.run_id);
    // All attempts again, and only its own.
    expect(letter.history.map(({ attempt }) => attempt)).toEqual([1, 2]);
    // A write from outside stands between the two, and is nobody's run.
    unwrap(
      await thread.api.updateState({ tenant: thread.tenant, threadId: thread.threadId, values: [["out", "by hand"]] }),
    );
    isBroken = false;
    const third = await goOn(thread);
    expect([third.run.status, third.values]).toEqual(["success", { out: "mended", sure: ["once"] }]);
    await vi.waitFor(async () =>
      expect(await statusesOn(thread)).toEqual({
        [first.run.run_id]: ["redriven", second.run.run_id],
        [second.run.run_id]: ["redriven", third.run.run_id],
      }),
    );
  });

  it("stays open where another run begins instead", async () => {
    isBroken = true;
    const thread = openThread();
    const { run } = await runToEnd(thread, fickle, {});
    await expectLetter(thread, run.run_id);
    isBroken = false;
    expect((await runToEnd(thread, fickle, {})).run.status).toBe("success");
    await scheduler.wait(200);
    expect(await statusesOn(thread)).toEqual({ [run.run_id]: ["open", null] });
  });

  it("by ten redrives at once goes on once, and what has succeeded is not done again", async () => {
    isBroken = true;
    const thread = openThread();
    const { run } = await runToEnd(thread, fickle, {});
    const letter = await expectLetter(thread, run.run_id);
    isBroken = false;
    calls.length = 0;
    const { tenant } = thread;
    const redriver = {
      tenant,
      database,
      threads: threadsPort(env.THREADS, (ms) => scheduler.wait(ms)),
      namespace: env.THREADS,
      schedulers: env.SCHEDULER,
      now: Date.now,
    };
    const answers = await Promise.all(Array.from({ length: 10 }, () => redrive(redriver, letter.id)));
    const ids = new Set(answers.map((answer) => answer.run?.run_id));
    expect([...ids]).toEqual([redriveRunId(tenant, letter.id)]);
    const query = { tenant, threadId: thread.threadId, runId: [...ids][0] ?? "" };
    const { values } = unwrap(await thread.api.joinRun(query));
    expect(values).toEqual({ out: "mended", sure: ["once"] });
    expect(calls).toEqual([1]);
    expect(unwrap(await thread.api.listRuns({ ...query, limit: 10, offset: 0 }))).toHaveLength(2);
    expect((await redrive(redriver, letter.id)).letter).toMatchObject({
      status: "redriven",
      redrivenRunId: query.runId,
    });
  });

  it("is nothing_to_continue once another run has begun", async () => {
    isBroken = true;
    const thread = openThread();
    const { run } = await runToEnd(thread, fickle, {});
    const letter = await expectLetter(thread, run.run_id);
    await runToEnd(thread, fickle, {});
    const { tenant } = thread;
    const threads = threadsPort(env.THREADS, (ms) => scheduler.wait(ms));
    const redriver = { tenant, database, threads, namespace: env.THREADS, schedulers: env.SCHEDULER, now: Date.now };
    await expect(redrive(redriver, letter.id)).rejects.toMatchObject({ record: { code: "nothing_to_continue" } });
  });
});

it("with a thread goes what its tasks saw", async () => {
  const thread = openThread();
  const { run } = await runToEnd(thread, failing);
  await expectLetter(thread, run.run_id);
  const elsewhere = openThread();
  const other = await runToEnd(elsewhere, failing);
  await expectLetter(elsewhere, other.run.run_id);
  unwrap(await thread.api.deleteThread(thread));
  expect(await lettersOn(thread)).toEqual([]);
  expect(await lettersOn(elsewhere)).toHaveLength(1);
});
