import { applyD1Migrations, runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { beforeAll, describe, expect, it, vi } from "vitest";
import { unwrap } from "../src/base/errors.ts";
import { DIAMOND, SLOW } from "./testing/graphs.ts";
import { whileIndexIsAway } from "./testing/index-away.ts";
import { attempts, crash, openThread, runToEnd, startOf, type TestThread } from "./testing/open-thread.ts";
import type { Address } from "./thread-api.ts";

beforeAll(async () => {
  await applyD1Migrations(env.DB, env.TEST_MIGRATIONS);
  // What is told of an index that is away is expected here.
  vi.spyOn(console, "warn").mockImplementation(() => undefined);
});

const NOT_FOUND = { ok: false, error: { code: "not_found" } };

function addressOf({ tenant, threadId }: TestThread): Address {
  return { tenant, threadId };
}

async function lineOf({ tenant, threadId }: TestThread): Promise<{ status: string; live: number } | null> {
  return env.DB.prepare(
    "SELECT status, (SELECT count(*) FROM live_runs WHERE tenant = ?1 AND thread_id = ?2) AS live FROM threads WHERE tenant = ?1 AND thread_id = ?2",
  )
    .bind(tenant, threadId)
    .first();
}

function expectLine(thread: TestThread, line: { status: string; live: number } | null): Promise<void> {
  return vi.waitFor(async () => expect(await lineOf(thread)).toEqual(line), { timeout: 3_000, interval: 10 });
}

function alarmOf(thread: TestThread): Promise<number | null> {
  return runInDurableObject(thread.stub, (_, state) => state.storage.getAlarm());
}

function tablesOf(thread: TestThread): Promise<unknown[]> {
  return runInDurableObject(thread.stub, (_, state) =>
    state.storage.sql
      .exec("SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE '\\_cf\\_%' ESCAPE '\\'")
      .toArray(),
  );
}

describe("the index", () => {
  it("hears of a new thread, and of a change to it, without waiting for an alarm", async () => {
    const thread = openThread();
    unwrap(await thread.api.createThread({ ...addressOf(thread), metadata: {}, ifExists: "raise" }));
    await runInDurableObject(thread.stub, (_, state) => state.storage.deleteAlarm());
    await expectLine(thread, { status: "idle", live: 0 });
    unwrap(await thread.api.patchThread({ ...addressOf(thread), metadata: { graph_id: "g" } }));
    await runInDurableObject(thread.stub, (_, state) => state.storage.deleteAlarm());
    await vi.waitFor(async () => {
      const row = await env.DB.prepare("SELECT graph_id FROM threads WHERE thread_id = ?")
        .bind(thread.threadId)
        .first();
      expect(row).toEqual({ graph_id: "g" });
    });
  });

  it("lists a thread as busy while its run is live, in its first run and in later ones", async () => {
    const thread = openThread();
    for (let turn = 0; turn < 2; turn++) {
      const command = startOf(thread, SLOW);
      unwrap(await thread.api.startRun(command));
      await expectLine(thread, { status: "busy", live: 1 });
      unwrap(await thread.api.joinRun(command));
      await expectLine(thread, { status: "idle", live: 0 });
    }
  });

  it("touched by the sweep, a run that ends before it is told so again leaves no row behind", async () => {
    const thread = openThread();
    const command = startOf(thread, SLOW);
    unwrap(await thread.api.startRun(command));
    await expectLine(thread, { status: "busy", live: 1 });
    await whileIndexIsAway("refuses", async () => {
      expect(await thread.api.touch({ ...addressOf(thread), runId: command.runId })).toBe(true);
      unwrap(await thread.api.cancelRun(command));
      await scheduler.wait(80);
    });
    await runDurableObjectAlarm(thread.stub);
    await expectLine(thread, { status: "interrupted", live: 0 });
  });
});

describe("[F14] while the index is away", () => {
  it("runs end as ever; an alarm comes back to what it was not told, until it has heard it, also after a crash", async () => {
    const thread = openThread();
    await whileIndexIsAway("refuses", async () => {
      expect((await runToEnd(thread, DIAMOND)).run.status).toBe("success");
      await scheduler.wait(80);
      for (let again = 0; again < 2; again++) {
        expect(await alarmOf(thread)).not.toBeNull();
        await runDurableObjectAlarm(thread.stub);
      }
      await crash(thread);
      expect(await alarmOf(thread)).not.toBeNull();
    });
    await runDurableObjectAlarm(thread.stub);
    await expectLine(thread, { status: "idle", live: 0 });
    expect(
      await runInDurableObject(thread.stub, (_, state) => state.storage.sql.exec("SELECT * FROM outbox").toArray()),
    ).toEqual([]);
  });

  it("and does not even answer, failed attempts are made again in time", async () => {
    const thread = openThread();
    const graph = {
      channels: { said: {} },
      nodes: {
        flaky: attempts(
          "said",
          { fault: "status", status: 500, delayMs: 80 },
          { fault: "status", status: 500, delayMs: 80 },
          { reply: "third" },
        ),
      },
      edges: [{ from: "start", to: "flaky" }],
    };
    await whileIndexIsAway("never-answers", async () => {
      expect((await runToEnd(thread, graph)).run.status).toBe("success");
    });
  }, 4_000);

  it("a thread is erased for everybody at once, and made again only when the index has forgotten it", async () => {
    const thread = openThread();
    await runToEnd(thread, DIAMOND);
    await expectLine(thread, { status: "idle", live: 0 });
    await whileIndexIsAway("refuses", async () => {
      unwrap(await thread.api.deleteThread(addressOf(thread)));
      expect(await thread.api.getThread(addressOf(thread))).toMatchObject(NOT_FOUND);
      expect(await thread.api.deleteThread(addressOf(thread))).toMatchObject(NOT_FOUND);
      const tooEarly = { ok: false, error: { code: "unavailable", retryable: true } };
      for (const ifExists of ["raise", "do_nothing"] as const)
        expect(await thread.api.createThread({ ...addressOf(thread), metadata: {}, ifExists })).toMatchObject(tooEarly);
      expect(await thread.api.startRun(startOf(thread, DIAMOND))).toMatchObject(tooEarly);
      expect(await thread.api.startRun(startOf(thread, DIAMOND, null, { ifNotExists: "reject" }))).toMatchObject(
        NOT_FOUND,
      );
      await crash(thread);
      expect(await thread.api.getThread(addressOf(thread))).toMatchObject(NOT_FOUND);
      expect(await alarmOf(thread)).not.toBeNull();
    });
    await runDurableObjectAlarm(thread.stub);
    await expectLine(thread, null);
    await vi.waitFor(async () => expect(await tablesOf(thread)).toEqual([]));
    expect((await runToEnd(thread, DIAMOND)).run.status).toBe("success");
  });
});

it("an erasure that alarms and requests meet is one erasure, and the thread can be made again at once", async () => {
  for (let turn = 0; turn < 5; turn++) {
    const thread = openThread();
    await runToEnd(thread, DIAMOND);
    const erasing = thread.api.deleteThread(addressOf(thread));
    await Promise.all([
      erasing,
      runDurableObjectAlarm(thread.stub),
      thread.api.touch({ ...addressOf(thread), runId: "x" }),
    ]);
    expect(await tablesOf(thread)).toEqual([]);
    expect((await runToEnd(thread, DIAMOND)).run.status).toBe("success");
    await expectLine(thread, { status: "idle", live: 0 });
  }
});
