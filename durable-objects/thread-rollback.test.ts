import { applyD1Migrations, evictDurableObject, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { beforeAll, beforeEach, describe, expect, it } from "vitest";
import { unwrap } from "../src/base/errors.ts";
import type { Json, JsonObject } from "../src/base/json.ts";
import { Gated } from "./testing/gated.ts";
import {
  addressOf,
  answered,
  checkpointOf,
  edges,
  joined,
  question,
  questions,
  say,
  start,
} from "./testing/going-on.ts";
import { crash, openThread, runToEnd, startOf, stateOf, type TestThread } from "./testing/open-thread.ts";
import { ownKind } from "./testing/own-kind.ts";
import type { StartRun } from "./thread-api.ts";

beforeAll(async () => {
  await applyD1Migrations(env.DB, env.TEST_MIGRATIONS);
});

let gated: Gated;
beforeEach(() => {
  gated = new Gated();
});

/** A step that is done, and one that is under way. */
const TWO: JsonObject = {
  channels: { word: {}, log: { reducer: "append" } },
  nodes: { mark: { kind: "transform", set: { log: "state.word + '!'" } }, hold: { kind: "held" } },
  edges: edges(["start", "mark"], ["mark", "hold"]),
};

const ASKING: JsonObject = {
  channels: { log: { reducer: "append" }, said: {} },
  nodes: { ask: { kind: "gate", ask: { text: "?" }, write: "said" }, act: { kind: "act" } },
  edges: edges(["start", "ask"], ["ask", "act"]),
};

const histories = async (thread: TestThread) =>
  unwrap(await thread.api.getHistory({ ...addressOf(thread), limit: 100 }));
const runsOf = async (thread: TestThread) =>
  unwrap(await thread.api.listRuns({ ...addressOf(thread), limit: 10, offset: 0 })).map(({ run_id: id }) => id);
const view = async (thread: TestThread) => unwrap(await thread.api.getThread(addressOf(thread)));

async function underWay(thread: TestThread, word: string, more: Partial<StartRun> = {}): Promise<StartRun> {
  const command = await start(thread, TWO, { word }, more);
  while (!gated.begun.includes(word)) await scheduler.wait(2);
  return command;
}

describe("rollback", () => {
  it("takes the live run out: it is not found, its checkpoints are gone, and the next one stands on what was before it", async () => {
    const thread = openThread();
    await runToEnd(thread, TWO, { word: "quick" });
    const before = [await histories(thread), await stateOf(thread)];
    const gone = await underWay(thread, "bad");
    const [newest] = await histories(thread);
    const next = await start(thread, TWO, { word: "quick two" }, { multitask: "rollback" });
    const { run, values } = await joined(thread, { run_id: next.runId });
    expect([run.status, values]).toEqual([
      "success",
      { word: "quick two", log: ["quick!", "quick", "quick two!", "quick two"] },
    ]);
    expect(await thread.api.getRun(gone)).toMatchObject({ ok: false, error: { code: "not_found" } });
    expect(await runsOf(thread)).toHaveLength(2);
    const after = await histories(thread);
    expect(after.slice(-(before[0] as unknown[]).length)).toEqual(before[0]);
    expect(after.every(({ metadata }) => metadata?.["run_id"] !== gone.runId)).toBe(true);
    expect(after.every(({ values: { log } }) => !JSON.stringify(log ?? []).includes("bad"))).toBe(true);
    const old = { ...addressOf(thread), checkpointId: checkpointOf(newest) };
    expect(await thread.api.getState(old)).toMatchObject({ ok: false, error: { code: "not_found" } });
    const last = after.at(-(before[0] as unknown[]).length - 1);
    expect(last?.parent_checkpoint).toEqual(before[0]?.[0 as never]?.["checkpoint"]);
    expect(last?.metadata?.["step"]).toBe(Number((before[0] as typeof after)[0]?.metadata?.["step"]) + 1);
  });

  it("leaves the thread as it was, values, status and state, through a restart as well; the log keeps what happened", async () => {
    const thread = openThread();
    await runToEnd(thread, TWO, { word: "quick" });
    const before = [await stateOf(thread), (await view(thread)).values, (await view(thread)).status];
    const gone = await underWay(thread, "bad");
    const count = () =>
      runInDurableObject(
        thread.stub,
        (_, { storage }) => storage.sql.exec<{ n: number }>("SELECT count(*) AS n FROM commits").one().n,
      );
    const commits = await count();
    expect(unwrap(await thread.api.cancelRun({ ...gone, action: "rollback" })).run_id).toBe(gone.runId);
    for (const away of [async () => undefined, crash, (one: TestThread) => evictDurableObject(one.stub)]) {
      await away(thread);
      expect([await stateOf(thread), (await view(thread)).values, (await view(thread)).status]).toEqual(before);
      expect(await thread.api.getRun(gone)).toMatchObject({ ok: false });
    }
    expect(await count()).toBe(commits + 1);
    expect((await runToEnd(thread, TWO, { word: "quick two" })).values["log"]).toEqual([
      "quick!",
      "quick",
      "quick two!",
      "quick two",
    ]);
    await crash(thread);
    expect((await stateOf(thread)).values["log"]).toEqual(["quick!", "quick", "quick two!", "quick two"]);
  });

  it("of a thread's only run leaves it as one that never ran", async () => {
    const thread = openThread();
    await underWay(thread, "bad");
    const next = await start(thread, TWO, { word: "quick" }, { multitask: "rollback" });
    expect((await joined(thread, { run_id: next.runId })).values["log"]).toEqual(["quick!", "quick"]);
    unwrap(await thread.api.deleteRun(next));
    expect(await stateOf(thread)).toMatchObject({ values: {}, next: [], checkpoint: null });
    expect([await histories(thread), await runsOf(thread), (await view(thread)).status]).toEqual([[], [], "idle"]);
  });

  it("cancels and takes out what is pending as well; interrupt only cancels", async () => {
    const thread = openThread();
    await underWay(thread, "one");
    const pending = await start(thread, TWO, { word: "two" }, { multitask: "enqueue" });
    await underWay(thread, "three", { multitask: "rollback" });
    expect(await thread.api.getRun(pending)).toMatchObject({ ok: false });
    const other = await start(thread, TWO, { word: "four" }, { multitask: "enqueue" });
    const last = await start(thread, TWO, { word: "quick" }, { multitask: "interrupt" });
    expect(unwrap(await thread.api.getRun(other)).status).toBe("interrupted");
    expect((await joined(thread, { run_id: last.runId })).values["log"]).toEqual(["three!", "quick!", "quick"]);
  });

  it("does not cancel anything for a run that is refused", async () => {
    const thread = openThread();
    const live = await underWay(thread, "one");
    const wrong = startOf(thread, TWO, { nope: 1 }, { multitask: "rollback" });
    expect(await thread.api.startRun(wrong)).toMatchObject({ ok: false, error: { pointer: "/input/nope" } });
    expect(unwrap(await thread.api.getRun(live)).status).toBe("running");
    unwrap(await thread.api.cancelRun(live));
  });

  it("[G9] of a run that answered: the question is open again; [F4] what is unsafe and was done is asked about, not repeated", async () => {
    const made: Json[] = [];
    ownKind("act", async ({ scope, idempotencyKey }) => {
      made.push([scope.read("said") ?? null, idempotencyKey]);
      return { writes: [{ channel: "log", value: scope.read("said") ?? null }] };
    });
    const unsafe = { ...ASKING, nodes: { ...(ASKING["nodes"] as JsonObject), act: { kind: "act", effect: "unsafe" } } };
    const thread = openThread();
    await runToEnd(thread, unsafe);
    const asked = await question(thread);
    const first = await answered(thread, asked.id, "no");
    expect([first.run.status, first.values["log"]]).toEqual(["success", ["no"]]);
    unwrap(await thread.api.cancelRun({ ...addressOf(thread), runId: first.run.run_id, action: "rollback" }));
    expect((await view(thread)).status).toBe("interrupted");
    expect(await question(thread)).toEqual(asked);
    const again = await start(thread, unsafe, null, { command: say("yes") });
    expect((await joined(thread, { run_id: again.runId })).run.status).toBe("interrupted");
    expect([made.length, (await question(thread)).kind]).toEqual([1, "outcome_unknown"]);
    await crash(thread);
    expect((await questions(thread)).map(({ kind }) => kind)).toEqual(["outcome_unknown"]);
  });
});

describe("a run that is deleted", () => {
  it("in the middle: what came after it stays, its own checkpoints go", async () => {
    const thread = openThread();
    const first = await start(thread, TWO, { word: "quick one" });
    await joined(thread, { run_id: first.runId });
    await runToEnd(thread, TWO, { word: "quick two" });
    const values = (await stateOf(thread)).values;
    unwrap(await thread.api.deleteRun(first));
    for (const away of [async () => undefined, crash]) {
      await away(thread);
      expect((await stateOf(thread)).values).toEqual(values);
      expect(await runsOf(thread)).toHaveLength(1);
      expect((await histories(thread)).some(({ metadata }) => metadata?.["run_id"] === first.runId)).toBe(false);
    }
    expect(await thread.api.deleteRun(first)).toMatchObject({ ok: false, error: { code: "not_found" } });
  });

  it("while it is live is cancelled first", async () => {
    const thread = openThread();
    const live = await underWay(thread, "one");
    unwrap(await thread.api.deleteRun(live));
    expect([await runsOf(thread), (await view(thread)).status]).toEqual([[], "idle"]);
  });
});

describe("[G10] a cancel", () => {
  it("at rest: what has a deadline does not go on by itself; an answer still does", async () => {
    ownKind("act", () => ({ writes: [{ channel: "log", value: "done" }] }));
    const nodes = {
      ask: { kind: "gate", ask: { text: "?" }, write: "said", deadline: "60ms", on_error: { write: "said" } },
      act: { kind: "act" },
    };
    const timed = { ...ASKING, nodes };
    const thread = openThread();
    const { run } = await runToEnd(thread, timed);
    expect(run.status).toBe("interrupted");
    unwrap(await thread.api.cancelRun({ ...addressOf(thread), runId: run.run_id }));
    await scheduler.wait(120);
    await runInDurableObject(thread.stub, (instance) => instance.alarm());
    expect((await view(thread)).status).toBe("interrupted");
    expect((await answered(thread, (await question(thread)).id, "yes")).values["log"]).toEqual(["done"]);
  });

  it("of a run that is over changes nothing", async () => {
    const thread = openThread();
    const { run } = await runToEnd(thread, TWO, { word: "quick" });
    expect(unwrap(await thread.api.cancelRun({ ...addressOf(thread), runId: run.run_id }))).toEqual(run);
  });
});
