import { applyD1Migrations, runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { beforeAll, beforeEach, describe, expect, it } from "vitest";
import { unwrap } from "../src/base/errors.ts";
import { Gated } from "./testing/gated.ts";
import { addressOf, start, untilTrue } from "./testing/going-on.ts";
import { crash, openThread, startOf, stateOf, type TestThread } from "./testing/open-thread.ts";
import { STATELESS_KEPT_MS } from "./stateless.ts";

beforeAll(async () => {
  await applyD1Migrations(env.DB, env.TEST_MIGRATIONS);
});

let gated: Gated;
beforeEach(() => {
  gated = new Gated();
});

const threadStatus = async (thread: TestThread) => unwrap(await thread.api.getThread(addressOf(thread))).status;

async function queue(thread: TestThread, ...words: string[]) {
  const commands = [];
  for (const word of words) commands.push(await start(thread, gated.graph, { word }, { multitask: "enqueue" }));
  return commands;
}

/** Nothing but the alarm brings the thread back. */
async function goOnByAlarm(thread: TestThread): Promise<void> {
  await untilTrue(async () => {
    await runDurableObjectAlarm(thread.stub);
    return (await threadStatus(thread)) !== "busy";
  });
}

describe("[F1] a crash", () => {
  it("while runs wait: each begins once, in its order, by the alarm alone", async () => {
    const thread = openThread();
    const [, second] = await queue(thread, "one", "quick two", "quick three");
    await crash(thread);
    expect(await runDurableObjectAlarm(thread.stub)).toBe(true);
    await untilTrue(() => gated.begun.length > 1);
    expect(unwrap(await thread.api.getRun(second as never)).status).toBe("pending");
    await crash(thread);
    gated.openAll();
    await goOnByAlarm(thread);
    expect((await stateOf(thread)).values["log"]).toEqual(["one", "quick two", "quick three"]);
    expect(gated.begun.filter((word) => word !== "one")).toEqual(["quick two", "quick three"]);
  });

  it.each(Array.from({ length: 8 }, (_, moment) => moment))(
    "at moment %i of a queue of short runs: none is lost, none made twice",
    async (moment) => {
      const thread = openThread();
      gated.openAll();
      const words = ["a", "b", "c", "d"];
      const commands = words.map((word) => startOf(thread, gated.graph, { word }, { multitask: "enqueue" }));
      const replies = commands.map((command) => thread.api.startRun(command));
      await Promise.all(replies);
      for (let again = 0; again < 3; again++) {
        await scheduler.wait(moment);
        await crash(thread);
      }
      await goOnByAlarm(thread);
      const statuses = await Promise.all(
        commands.map(async (command) => unwrap(await thread.api.getRun(command)).status),
      );
      expect(statuses).toEqual(words.map(() => "success"));
      expect((await stateOf(thread)).values["log"]).toEqual(words);
    },
  );

  it("after a cancel of what waits: it never begins", async () => {
    const thread = openThread();
    const [, second] = await queue(thread, "one", "quick two");
    unwrap(await thread.api.cancelRun(second as never));
    await crash(thread);
    gated.openAll();
    await goOnByAlarm(thread);
    expect(gated.begun).not.toContain("quick two");
    expect(unwrap(await thread.api.getRun(second as never)).status).toBe("interrupted");
  });

  it("between the end of a run and the next one's beginning: the alarm stands behind it", async () => {
    const thread = openThread();
    const late = await start(thread, gated.graph, { word: "quick" }, { afterMs: 40 });
    await crash(thread);
    await scheduler.wait(60);
    await goOnByAlarm(thread);
    expect(unwrap(await thread.api.getRun(late)).status).toBe("success");
  });

  it("long before a run's time: the alarm stands at it", async () => {
    const thread = openThread();
    const late = await start(thread, gated.graph, { word: "quick" }, { afterMs: 3_600_000 });
    await crash(thread);
    await untilTrue(async () => {
      await runDurableObjectAlarm(thread.stub);
      const at = await runInDurableObject(thread.stub, (_, { storage }) => storage.getAlarm());
      return (at ?? 0) - Date.now() > 3_500_000;
    });
    unwrap(await thread.api.cancelRun(late));
  });

  it("of a thread that lost its alarm: the sweep's touch begins what is due", async () => {
    const thread = openThread();
    const late = await start(thread, gated.graph, { word: "quick" }, { afterMs: 30 });
    await runInDurableObject(thread.stub, (_, { storage }) => storage.deleteAlarm());
    await crash(thread);
    await scheduler.wait(40);
    await thread.api.touch(late);
    await untilTrue(async () => unwrap(await thread.api.getRun(late)).status === "success");
    expect(gated.begun).toEqual(["quick"]);
  });
});

describe("[G1] the thread of a stateless run", () => {
  const passing = { onCompletion: "delete" as const };
  const alarmAt = (thread: TestThread) =>
    runInDurableObject(thread.stub, async (_, { storage }) => (await storage.getAlarm()) ?? 0);
  /** As if the run had ended so much earlier. */
  const age = (thread: TestThread) =>
    runInDurableObject(thread.stub, (_, { storage }) => {
      storage.sql.exec("UPDATE runs SET updated_at = updated_at - ?", STATELESS_KEPT_MS);
    });

  it("is there for a while when the run is over, so that its client can come back; then it is erased, after a crash too", async () => {
    const thread = openThread();
    const command = await start(thread, gated.graph, { word: "quick" }, passing);
    const { run } = unwrap(await thread.api.joinRun(command));
    expect(run.kwargs["on_completion"]).toBe("delete");
    await untilTrue(async () => (await alarmAt(thread)) > 0);
    // The index is told first, and has an alarm of its own behind it.
    await untilTrue(async () => {
      await runDurableObjectAlarm(thread.stub);
      return (await alarmAt(thread)) - Date.now() > STATELESS_KEPT_MS - 60_000;
    });
    // Nobody finds the thread itself any more.
    expect(await thread.api.getThread(addressOf(thread))).toMatchObject({ ok: false, error: { code: "not_found" } });
    const listed = env.DB.prepare("SELECT 1 FROM threads WHERE thread_id = ?").bind(thread.threadId);
    await untilTrue(async () => (await listed.first()) === null);
    await crash(thread);
    expect(unwrap(await thread.api.joinRun(command)).values["log"]).toEqual(["quick"]);
    expect((await stateOf(thread)).values["log"]).toEqual(["quick"]);
    await age(thread);
    await runDurableObjectAlarm(thread.stub);
    await untilTrue(async () => !(await thread.api.getState(addressOf(thread))).ok);
  });

  it("stays where somebody has gone on with it, or the run has failed", async () => {
    const used = openThread();
    await start(used, gated.graph, { word: "quick" }, passing);
    await start(used, gated.graph, { word: "quick two" }, { multitask: "enqueue" });
    const failed = openThread();
    const broken = { ...gated.graph, nodes: { hold: { kind: "fail", message: "no" } } };
    unwrap(await failed.api.joinRun(await start(failed, broken, { word: "x" }, passing)));
    for (const thread of [used, failed]) {
      await untilTrue(async () => (await threadStatus(thread)) !== "busy");
      await age(thread);
      await runDurableObjectAlarm(thread.stub);
      await scheduler.wait(10);
      expect((await thread.api.getThread(addressOf(thread))).ok).toBe(true);
    }
  });

  it("goes as well when the run was cancelled before it began", async () => {
    const thread = openThread();
    const command = await start(thread, gated.graph, { word: "quick" }, { ...passing, afterMs: 60_000 });
    unwrap(await thread.api.cancelRun(command));
    await runInDurableObject(thread.stub, (_, { storage }) => {
      storage.sql.exec("UPDATE queued_runs SET updated_at = updated_at - ?", STATELESS_KEPT_MS);
    });
    await runDurableObjectAlarm(thread.stub);
    await untilTrue(async () => !(await thread.api.getState(addressOf(thread))).ok);
  });
});
