import { applyD1Migrations } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { beforeAll, describe, expect, it } from "vitest";
import { unwrap } from "../src/base/errors.ts";
import { DIAMOND, SLOW } from "./testing/graphs.ts";
import { attempts, follow, openThread, runToEnd, says, startOf, type TestThread } from "./testing/open-thread.ts";
import type { Address } from "./thread-api.ts";

beforeAll(async () => {
  await applyD1Migrations(env.DB, env.TEST_MIGRATIONS);
});

function addressOf({ tenant, threadId }: TestThread): Address {
  return { tenant, threadId };
}

async function liveRows(thread: TestThread): Promise<number> {
  const row = await env.DB.prepare("SELECT count(*) AS n FROM live_runs WHERE tenant = ? AND thread_id = ?")
    .bind(thread.tenant, thread.threadId)
    .first<{ n: number }>();
  return row?.n ?? -1;
}

async function until(condition: () => Promise<boolean>): Promise<void> {
  for (let tries = 0; tries < 200; tries++) {
    if (await condition()) return;
    await scheduler.wait(10);
  }
  throw new Error("It never came true.");
}

describe("a run", () => {
  it("[R2] waits for the longer branch and ends with the fold of all writes", async () => {
    const thread = openThread();
    const { run, values } = await runToEnd(thread, DIAMOND);
    expect(run.status).toBe("success");
    expect(values).toEqual({ left: "short", right: "long one", both: "short & long one" });
  });

  it("[R7] starts from all that the thread committed before it, and its input", async () => {
    const thread = openThread();
    const counting = {
      channels: { count: { reducer: "sum", default: 0 }, seen: {} },
      nodes: { look: { kind: "transform", set: { seen: "state.count" } } },
      edges: [{ from: "start", to: "look" }],
    };
    for (const expected of [1, 2, 3]) {
      const { values } = await runToEnd(thread, counting, { count: 1 });
      expect(values).toEqual({ count: expected, seen: expected });
    }
  });

  it("a second start with the same run id is the first one again (G2)", async () => {
    const thread = openThread();
    const command = startOf(thread, DIAMOND);
    const [one, other] = await Promise.all([thread.api.startRun(command), thread.api.startRun(command)]);
    expect(unwrap(one).run_id).toBe(unwrap(other).run_id);
    await thread.api.joinRun(command);
    expect(unwrap(await thread.api.listRuns({ ...command, limit: 10, offset: 0 }))).toHaveLength(1);
  });

  it("refuses a second run while one is live, and writes nothing of it", async () => {
    const thread = openThread();
    const first = startOf(thread, SLOW);
    unwrap(await thread.api.startRun(first));
    const refused = await thread.api.startRun(startOf(thread, SLOW));
    expect(refused).toMatchObject({ ok: false, error: { code: "thread_busy" } });
    unwrap(await thread.api.joinRun(first));
    expect(unwrap(await thread.api.listRuns({ ...first, limit: 10, offset: 0 }))).toHaveLength(1);
  });

  it.each([
    [{ nope: 1 }, "unknown_channel", "/input/nope"],
    [[1], "invalid_request", "/input"],
    [{ count: "one" }, "invalid_write", "/input/count"],
    [{ talk: ["hello", 7] }, "invalid_write", "/input/talk/1"],
  ])("refuses the input %j with %s, and leaves no trace of the thread", async (input, code, pointer) => {
    const thread = openThread();
    const graph = {
      channels: { count: { reducer: "sum" }, talk: { reducer: "messages" } },
      nodes: { a: { kind: "transform", set: {} } },
      edges: [{ from: "start", to: "a" }],
    };
    expect(await thread.api.startRun(startOf(thread, graph, input as never))).toMatchObject({
      ok: false,
      error: { code, pointer },
    });
    expect(await thread.api.getThread(addressOf(thread))).toMatchObject({ ok: false, error: { code: "not_found" } });
  });

  it("[G14] another tenant finds no thread, whatever it asks", async () => {
    const thread = openThread();
    const { run } = await runToEnd(thread, DIAMOND);
    const foreign = { tenant: "other", threadId: thread.threadId, runId: run.run_id };
    const asked = [
      thread.api.getThread(foreign),
      thread.api.getRun(foreign),
      thread.api.getState(foreign),
      thread.api.getHistory({ ...foreign, limit: 5 }),
      thread.api.cancelRun(foreign),
      thread.api.deleteThread(foreign),
      thread.api.startRun({ ...startOf(thread, DIAMOND), tenant: "other" }),
    ];
    for (const reply of await Promise.all(asked))
      expect(reply).toMatchObject({ ok: false, error: { code: "not_found" } });
  });
});

describe("failures", () => {
  it("[R9] a failed branch does not stop the others, and the run ends with node, attempt and cause", async () => {
    const thread = openThread();
    const graph = {
      channels: { bad: {}, good: {} },
      nodes: { bad: attempts("bad", { fault: "status", status: 401 }), good: says("fine", "good", { delayMs: 5 }) },
      edges: [
        { from: "start", to: "bad" },
        { from: "start", to: "good" },
      ],
    };
    const { run, values } = await runToEnd(thread, graph);
    expect(run.status).toBe("error");
    expect(run.error).toMatchObject({ code: "model_auth", node: "bad", attempt: 1, retryable: false });
    expect(values).toEqual({ good: "fine" });
    expect(unwrap(await thread.api.getThread(addressOf(thread))).status).toBe("error");
  });

  it("retries what is retryable, and commits the outcome once (G3)", async () => {
    const thread = openThread();
    const graph = {
      channels: { said: { reducer: "append" } },
      nodes: {
        flaky: attempts(
          "said",
          { fault: "status", status: 500 },
          { fault: "status", status: 429, retryAfter: 0 },
          { reply: "third" },
        ),
      },
      edges: [{ from: "start", to: "flaky" }],
    };
    const { run, values } = await runToEnd(thread, graph);
    expect(run.status).toBe("success");
    expect(values).toEqual({ said: ["third"] });
  });

  it("gives up after the policy's attempts", async () => {
    const thread = openThread();
    const graph = {
      channels: { said: {} },
      nodes: { down: attempts("said", { fault: "status", status: 503 }) },
      edges: [{ from: "start", to: "down" }],
    };
    const { run } = await runToEnd(thread, graph);
    expect(run.error).toMatchObject({ code: "model_overloaded", node: "down", attempt: 3 });
  });

  it("the text of an attempt that failed is never joined with that of the next (F13)", async () => {
    const thread = openThread();
    const graph = {
      channels: { said: {} },
      nodes: {
        cut: attempts("said", { fault: "truncated", reply: "half an answer", after: 8 }, { reply: "whole answer" }),
      },
      edges: [{ from: "start", to: "cut" }],
    };
    const { run } = await runToEnd(thread, graph);
    const texts = new Map<string, string>();
    for (const { event, data } of await follow(thread, run.run_id, ["messages-tuple"])) {
      if (event !== "messages") continue;
      const [message] = data as unknown as [{ id: string; content: string }];
      texts.set(message.id, (texts.get(message.id) ?? "") + message.content);
    }
    expect([...texts.values()]).toEqual(["half an ", "whole answer"]);
  });

  it("[R6] two branches that write one channel without a reducer are a conflict of the result", async () => {
    const thread = openThread();
    const graph = {
      channels: { x: {} },
      nodes: { one: { kind: "transform", set: { x: "1" } }, two: { kind: "transform", set: { x: "2" } } },
      edges: [
        { from: "start", to: "one" },
        { from: "start", to: "two" },
      ],
    };
    const { run } = await runToEnd(thread, graph);
    expect(run).toMatchObject({ status: "error", error: { code: "conflicting_write" } });
  });
});

describe("the index", () => {
  it("lists a run while it is live and forgets it when it is over", async () => {
    const thread = openThread();
    const command = startOf(thread, SLOW);
    unwrap(await thread.api.startRun(command));
    await until(async () => (await liveRows(thread)) === 1);
    unwrap(await thread.api.joinRun(command));
    await until(async () => (await liveRows(thread)) === 0);
  });

  it("a touch says whether the run is live", async () => {
    const thread = openThread();
    const { run } = await runToEnd(thread, DIAMOND);
    expect(await thread.api.touch({ tenant: thread.tenant, threadId: thread.threadId, runId: run.run_id })).toBe(false);
  });

  it("an erased thread is gone for everybody, and can be made again", async () => {
    const thread = openThread();
    await runToEnd(thread, DIAMOND);
    const { tenant, threadId } = thread;
    unwrap(await thread.api.deleteThread({ tenant, threadId }));
    expect(await thread.api.getThread({ tenant, threadId })).toMatchObject({ ok: false, error: { code: "not_found" } });
    const again = {
      channels: { left: {} },
      nodes: { a: { kind: "transform", set: {} } },
      edges: [{ from: "start", to: "a" }],
    };
    expect(await runToEnd(thread, again)).toMatchObject({ run: { status: "success" }, values: {} });
    expect(unwrap(await thread.api.getHistory({ tenant, threadId, limit: 100 }))).toHaveLength(3);
  });
});
