import { applyD1Migrations, runDurableObjectAlarm } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { beforeAll, beforeEach, describe, expect, it } from "vitest";
import { unwrap } from "../src/base/errors.ts";
import type { Json, JsonObject } from "../src/base/json.ts";
import { Gated } from "./testing/gated.ts";
import { addressOf, edges, joined, question, start, untilTrue } from "./testing/going-on.ts";
import { openThread, readFrames, startOf, stateOf, type TestThread } from "./testing/open-thread.ts";
import type { MultitaskStrategy, RunView, StartRun } from "./thread-api.ts";

beforeAll(async () => {
  await applyD1Migrations(env.DB, env.TEST_MIGRATIONS);
});

let gated: Gated;
beforeEach(() => {
  gated = new Gated();
});

function enqueue(thread: TestThread, word: string, more: Partial<StartRun> = {}): Promise<StartRun> {
  return start(thread, gated.graph, { word }, { multitask: "enqueue", ...more });
}

async function statusOf(thread: TestThread, { runId }: StartRun): Promise<string> {
  const reply = await thread.api.getRun({ ...addressOf(thread), runId });
  return reply.ok ? reply.value.status : reply.error.code;
}

async function log(thread: TestThread): Promise<Json | undefined> {
  return (await stateOf(thread)).values["log"];
}

async function list(
  thread: TestThread,
  more: Partial<{ limit: number; offset: number; status: RunView["status"] }> = {},
) {
  const runs = unwrap(await thread.api.listRuns({ ...addressOf(thread), limit: 10, offset: 0, ...more }));
  return runs.map(({ run_id: id }) => id);
}

const threadStatus = async (thread: TestThread) => unwrap(await thread.api.getThread(addressOf(thread))).status;

describe("[G1] a run that waits for its turn (enqueue)", () => {
  it("is pending, begins when those before it are over, in order, and stands on what they left", async () => {
    const thread = openThread();
    const first = await enqueue(thread, "one");
    const others = [await enqueue(thread, "two"), await enqueue(thread, "three")];
    expect(await statusOf(thread, first)).toBe("running");
    for (const other of others) expect(await statusOf(thread, other)).toBe("pending");
    expect(await threadStatus(thread)).toBe("busy");
    await untilTrue(() => gated.begun.length === 1);
    gated.letGo("one");
    await untilTrue(() => gated.begun.length === 2);
    expect(await statusOf(thread, first)).toBe("success");
    expect(await Promise.all(others.map((other) => statusOf(thread, other)))).toEqual(["running", "pending"]);
    gated.openAll();
    expect(unwrap(await thread.api.joinRun(others[1] as StartRun)).values).toEqual({
      word: "three",
      log: ["one", "two", "three"],
    });
    expect(gated.begun).toEqual(["one", "two", "three"]);
    expect(await threadStatus(thread)).toBe("idle");
  });

  it("tells what was asked for while it waits, and afterwards when it was accepted", async () => {
    const thread = openThread();
    await enqueue(thread, "one");
    const more = { config: { tags: ["a"] }, metadata: { who: "me" }, webhook: "https://example.com/told" };
    const command = await enqueue(thread, "two", more);
    const waiting = unwrap(await thread.api.getRun(command));
    expect(waiting).toMatchObject({
      status: "pending",
      multitask_strategy: "enqueue",
      metadata: { who: "me" },
      kwargs: { input: { word: "two" }, config: { tags: ["a"] }, webhook: "https://example.com/told" },
    });
    await scheduler.wait(5);
    gated.openAll();
    const { run } = unwrap(await thread.api.joinRun(command));
    expect(run).toMatchObject({ status: "success", multitask_strategy: "enqueue", kwargs: { input: { word: "two" } } });
    expect(run.created_at).toBe(waiting.created_at);
  });

  it("is listed newest first, by status and in pages", async () => {
    const thread = openThread();
    const ids: string[] = [];
    for (const word of ["one", "two", "three"]) {
      ids.unshift((await enqueue(thread, word)).runId);
      await scheduler.wait(2);
    }
    expect(await list(thread)).toEqual(ids);
    expect(await list(thread, { status: "pending" })).toEqual(ids.slice(0, 2));
    expect(await list(thread, { status: "running" })).toEqual(ids.slice(2));
    expect(await list(thread, { limit: 1, offset: 1 })).toEqual(ids.slice(1, 2));
    gated.openAll();
    await joined(thread, { run_id: ids[0] as string });
    expect(await list(thread)).toEqual(ids);
    expect(await list(thread, { status: "pending" })).toEqual([]);
  });

  it("asked for twice under one id is one run", async () => {
    const thread = openThread();
    await enqueue(thread, "one");
    const command = await enqueue(thread, "two");
    expect(unwrap(await thread.api.startRun(command)).status).toBe("pending");
    expect(await list(thread)).toHaveLength(2);
    gated.openAll();
    await joined(thread, { run_id: command.runId });
    expect(unwrap(await thread.api.startRun(command)).status).toBe("success");
    expect(gated.begun).toEqual(["one", "two"]);
  });

  it("[G7] is followed from before it begins: the whole of it, ids and all", async () => {
    const thread = openThread();
    await enqueue(thread, "one");
    const command = startOf(thread, gated.graph, { word: "two" }, { multitask: "enqueue" });
    const { run, frames } = unwrap(await thread.api.startAndFollow(command, false));
    expect(run.status).toBe("pending");
    const seen = readFrames(frames);
    gated.openAll();
    const again = unwrap(
      await thread.api.followRun({ ...command, modes: ["values"], after: -1, cancelOnDisconnect: false }),
    );
    expect(await seen).toEqual(await readFrames(again));
    expect((await seen).map(({ event }) => event)).toEqual(expect.arrayContaining(["metadata", "values"]));
  });

  it("whose follower leaves is cancelled where that was asked for", async () => {
    const thread = openThread();
    await enqueue(thread, "one");
    const command = startOf(thread, gated.graph, { word: "two" }, { multitask: "enqueue" });
    const { frames } = unwrap(await thread.api.startAndFollow(command, true));
    await frames.cancel();
    await untilTrue(async () => (await statusOf(thread, command)) === "interrupted");
    gated.openAll();
    await untilTrue(async () => (await threadStatus(thread)) !== "busy");
    expect(gated.begun).toEqual(["one"]);
  });

  it("that cannot begin any more is over with its reason, and the next one begins", async () => {
    const thread = openThread();
    await enqueue(thread, "one");
    const late = await start(thread, gated.graph, null, { multitask: "enqueue", command: { resume: { value: 1 } } });
    const last = await enqueue(thread, "three");
    gated.openAll();
    const { run } = await joined(thread, { run_id: late.runId });
    expect(run).toMatchObject({ status: "error", error: { code: "wait_over" } });
    expect((await joined(thread, { run_id: last.runId })).values).toMatchObject({ log: ["one", "three"] });
    const frames = await readFrames(
      unwrap(await thread.api.followRun({ ...late, modes: ["values"], after: -1, cancelOnDisconnect: false })),
    );
    expect(frames.map(({ event }) => event)).toEqual(["metadata", "error"]);
    expect(await threadStatus(thread)).toBe("idle");
  });

  it("is refused at once where its input is wrong, whatever the state will be", async () => {
    const thread = openThread();
    await enqueue(thread, "one");
    const wrong = startOf(thread, gated.graph, { nope: 1 }, { multitask: "enqueue" });
    expect(await thread.api.startRun(wrong)).toMatchObject({
      ok: false,
      error: { code: "unknown_channel", pointer: "/input/nope" },
    });
    const odd = startOf(
      thread,
      gated.graph,
      { word: "x" },
      { multitask: "enqueue", interruptBefore: ["hold", "nope"] },
    );
    expect(await thread.api.startRun(odd)).toMatchObject({ ok: false, error: { pointer: "/interrupt_before/1" } });
    expect(await list(thread)).toHaveLength(1);
    gated.openAll();
  });

  it("begins as a run like any other where the one before it has come to rest with a question", async () => {
    const thread = openThread();
    const asking: JsonObject = {
      channels: { word: {}, said: {}, log: { reducer: "append" } },
      nodes: { hold: { kind: "held" }, ask: { kind: "gate", ask: { text: "?" }, write: "said" } },
      edges: edges(["start", "hold"], ["hold", "ask"]),
    };
    await start(thread, asking, { word: "one" });
    const next = await start(thread, asking, { word: "quick" }, { multitask: "enqueue" });
    gated.openAll();
    const { run, values } = await joined(thread, { run_id: next.runId });
    expect([run.status, values["log"]]).toEqual(["interrupted", ["one", "quick"]]);
    expect((await question(thread)).run_id).toBe(next.runId);
  });
});

describe("[G10] a run that waits and is cancelled", () => {
  it("never begins; to cancel it again changes nothing", async () => {
    const thread = openThread();
    await enqueue(thread, "one");
    const command = await enqueue(thread, "two");
    expect(unwrap(await thread.api.cancelRun(command)).status).toBe("interrupted");
    expect(unwrap(await thread.api.cancelRun(command)).status).toBe("interrupted");
    const { run } = unwrap(await thread.api.joinRun(command));
    expect(run.error).toMatchObject({ code: "run_cancelled" });
    gated.openAll();
    await untilTrue(async () => (await threadStatus(thread)) === "idle");
    expect(gated.begun).toEqual(["one"]);
    expect(await list(thread, { status: "interrupted" })).toEqual([command.runId]);
  });

  it("is gone when it is deleted, and its id makes no other", async () => {
    const thread = openThread();
    await enqueue(thread, "one");
    const command = await enqueue(thread, "two");
    unwrap(await thread.api.deleteRun(command));
    expect(await statusOf(thread, command)).toBe("not_found");
    expect(await thread.api.startRun(command)).toMatchObject({ ok: false, error: { code: "conflict" } });
    gated.openAll();
    await untilTrue(async () => (await threadStatus(thread)) === "idle");
    expect([gated.begun, await list(thread)]).toEqual([["one"], [expect.any(String)]]);
  });

  it("with others: all of the thread, those that are named, or those of a status", async () => {
    const thread = openThread();
    const runs = [await enqueue(thread, "one"), await enqueue(thread, "two"), await enqueue(thread, "three")];
    const named = { ...addressOf(thread), action: "interrupt" as const };
    const missing = "00000000-0000-7000-8000-000000000000";
    const second = runs[1] as StartRun;
    expect(unwrap(await thread.api.cancelRuns({ ...named, runIds: [second.runId, missing] }))).toEqual({
      cancelled: [second.runId],
      missing: [missing],
    });
    unwrap(await thread.api.cancelRuns({ ...named, status: "pending" }));
    expect(await Promise.all(runs.map((run) => statusOf(thread, run)))).toEqual([
      "running",
      "interrupted",
      "interrupted",
    ]);
    await enqueue(thread, "four");
    unwrap(await thread.api.cancelRuns(named));
    expect(await threadStatus(thread)).not.toBe("busy");
    await scheduler.wait(5);
    expect(gated.begun).toEqual(["one"]);
  });
});

describe("[R7] while a run is pending", () => {
  it("a write from outside is refused, and so is a run without a strategy", async () => {
    const thread = openThread();
    const command = await start(thread, gated.graph, { word: "quick" }, { afterMs: 60_000 });
    expect(await threadStatus(thread)).toBe("busy");
    const update = { ...addressOf(thread), values: [["word", "x"] as const] };
    expect(await thread.api.updateState(update)).toMatchObject({ ok: false, error: { code: "thread_busy" } });
    const other = startOf(thread, gated.graph, { word: "quick" });
    expect(await thread.api.startRun(other)).toMatchObject({ ok: false, error: { code: "thread_busy" } });
    unwrap(await thread.api.cancelRun(command));
    unwrap(await thread.api.startRun(other));
    expect((await joined(thread, { run_id: other.runId })).run.status).toBe("success");
  });
});

describe("a run put off (after_seconds)", () => {
  it("begins by the alarm when its time has come; one without delay does not wait for it", async () => {
    const thread = openThread();
    const late = await start(thread, gated.graph, { word: "quick late" }, { afterMs: 80 });
    const soon = await enqueue(thread, "quick soon");
    expect((await joined(thread, { run_id: soon.runId })).run.status).toBe("success");
    expect(await statusOf(thread, late)).toBe("pending");
    await untilTrue(async () => {
      await runDurableObjectAlarm(thread.stub);
      return (await statusOf(thread, late)) === "success";
    });
    expect(await log(thread)).toEqual(["quick soon", "quick late"]);
  });

  it("is found by the index, so that the sweep looks at it after its time", async () => {
    const thread = openThread();
    const command = await start(thread, gated.graph, { word: "quick" }, { afterMs: 3_600_000 });
    const due = async () => {
      const found = env.DB.prepare("SELECT due_at, started_at FROM live_runs WHERE run_id = ?").bind(command.runId);
      return found.first<{ due_at: number; started_at: number }>();
    };
    await untilTrue(async () => (await due()) !== null);
    const row = await due();
    expect((row?.due_at ?? 0) - (row?.started_at ?? 0)).toBe(3_600_000 + 60_000);
    expect(await thread.api.touch(command)).toBe(true);
    unwrap(await thread.api.cancelRun(command));
    expect(await thread.api.touch(command)).toBe(false);
    await untilTrue(async () => (await due()) === null);
  });
});

describe("in a race of many starts", () => {
  it.each([1, 2, 3])("no run is lost, one is live at a time, and the order is kept (%i)", async (seed) => {
    const thread = openThread();
    const strategies: readonly MultitaskStrategy[] = ["enqueue", "interrupt", "enqueue", "rollback", "reject"];
    const commands = Array.from({ length: 24 }, (_, index) =>
      startOf(
        thread,
        gated.graph,
        { word: `${index % 3 === 0 ? "quick " : ""}${index}` },
        { multitask: strategies[(index * 7 + seed * (index >> 1)) % 5] as MultitaskStrategy },
      ),
    );
    const replies = await Promise.all(commands.map((command) => thread.api.startRun(command)));
    const accepted = commands.filter((_, index) => replies[index]?.ok === true);
    for (const [index, reply] of replies.entries())
      if (!reply.ok) expect([commands[index]?.multitask, reply.error.code]).toEqual(["reject", "thread_busy"]);
    gated.openAll();
    await untilTrue(async () => (await threadStatus(thread)) !== "busy");
    const ends = await Promise.all(accepted.map((command) => statusOf(thread, command)));
    for (const end of ends) expect(["success", "interrupted", "not_found"]).toContain(end);
    const done = accepted
      .filter((_, index) => ends[index] === "success")
      .map(({ input }) => (input as JsonObject)["word"]);
    expect(ends.at(-1)).toBe("success");
    // What was rolled back left nothing; what was done stands in the order in which it was asked for.
    expect(await log(thread)).toEqual(done);
    expect(gated.begun.filter((word) => done.includes(word))).toEqual(done);
    expect(new Set(gated.begun).size).toBe(gated.begun.length);
  });
});
