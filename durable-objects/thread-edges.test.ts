import { applyD1Migrations, runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { afterEach, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import { unwrap } from "../src/base/errors.ts";
import type { JsonObject } from "../src/base/json.ts";
import { Gated } from "./testing/gated.ts";
import { addressOf, checkpointOf, edges, joined, say, start } from "./testing/going-on.ts";
import { whileIndexIsAway } from "./testing/index-away.ts";
import { openThread, runToEnd, stateOf, type TestThread } from "./testing/open-thread.ts";
import { Thread } from "./thread.ts";
import type { ThreadStreamMode } from "./thread-api.ts";

// Where two things meet that each work alone: pruned histories and streams, rollbacks and checkpoints, copies and deletions.

beforeAll(() => applyD1Migrations(env.DB, env.TEST_MIGRATIONS));
afterEach(() => {
  vi.restoreAllMocks();
});

const ASKING: JsonObject = {
  channels: { log: { reducer: "append" }, said: {} },
  nodes: { ask: { kind: "gate", ask: { text: "?" }, write: "said" }, mark: { kind: "transform", set: { log: "'x'" } } },
  edges: edges(["start", "ask"], ["ask", "mark"]),
};

/** What a follower of the whole thread has been told when it has heard of `many` ends of runs. */
async function told(thread: TestThread, many: number, modes: readonly ThreadStreamMode[] = ["lifecycle"]) {
  const reader = unwrap(await thread.api.followThread({ ...addressOf(thread), modes, after: "-1" })).getReader();
  let text = "";
  while (text.split("event: run_done").length <= many) {
    const { value, done } = await reader.read();
    if (done) break;
    text += new TextDecoder().decode(value);
  }
  await reader.cancel();
  return [...text.matchAll(/event: run_done\ndata: (.*)\n/g)].map(([, data = "{}"]) => String(JSON.parse(data).run_id));
}

describe("[G7] the stream of a thread whose history was dropped", () => {
  it("shows what there is, from its beginning, and what comes", async () => {
    const thread = openThread();
    for (const _ of [1, 2, 3]) await joined(thread, { run_id: (await start(thread, ASKING)).runId });
    const { runId } = await start(thread, ASKING, null, { command: say("yes") });
    await joined(thread, { run_id: runId });
    expect(unwrap(await thread.api.pruneThread(addressOf(thread)))).toBe(true);
    const left = await told(thread, 2);
    expect(left.at(-1)).toBe(runId);
    expect(left).toHaveLength(2);
  });

  it("shows each run once where others between them are gone", async () => {
    const thread = openThread();
    const first = await start(thread, ASKING);
    await joined(thread, { run_id: first.runId });
    const checkpointId = checkpointOf(await stateOf(thread));
    const between = await start(thread, ASKING);
    await joined(thread, { run_id: between.runId });
    const fork = await start(thread, ASKING, null, { command: say("yes"), checkpointId });
    await joined(thread, { run_id: fork.runId });
    expect(unwrap(await thread.api.pruneThread(addressOf(thread)))).toBe(true);
    expect(await told(thread, 2)).toEqual([first.runId, fork.runId]);
  });
});

describe("a run that is taken out", () => {
  it("[G7] is over for who follows the thread and has seen it begin, and nothing to anybody else", async () => {
    const gated = new Gated();
    const thread = openThread();
    unwrap(await thread.api.createThread({ ...addressOf(thread), metadata: {}, ifExists: "raise" }));
    const live = await start(thread, gated.graph, { word: "held" });
    const both = [told(thread, 1), told(thread, 1, ["run_modes"])];
    while (!gated.begun.includes("held")) await scheduler.wait(2);
    await scheduler.wait(20);
    unwrap(await thread.api.deleteRun(live));
    expect(await Promise.all(both)).toEqual([[live.runId], [live.runId]]);
    const next = await start(thread, gated.graph, { word: "quick" });
    expect(await told(thread, 1)).toEqual([next.runId]);
  });
});

describe("rollback", () => {
  let gated: Gated;
  beforeEach(() => {
    gated = new Gated();
  });
  const TWO: JsonObject = {
    channels: { word: {}, log: { reducer: "append" } },
    nodes: { mark: { kind: "transform", set: { log: "state.word + '!'" } }, hold: { kind: "held" } },
    edges: edges(["start", "mark"], ["mark", "hold"]),
  };

  it("by a client that sends the head along, as they do: the new run stands on what was before", async () => {
    const thread = openThread();
    await runToEnd(thread, TWO, { word: "quick" });
    await start(thread, TWO, { word: "bad" });
    while (!gated.begun.includes("bad")) await scheduler.wait(2);
    const checkpointId = checkpointOf(await stateOf(thread));
    const next = await start(thread, TWO, { word: "quick two" }, { multitask: "rollback", checkpointId });
    expect((await joined(thread, { run_id: next.runId })).values["log"]).toEqual([
      "quick!",
      "quick",
      "quick two!",
      "quick two",
    ]);
  });
});

describe("an index that is away when somebody writes from outside", () => {
  it("[F14] hears of it by the alarm", async () => {
    vi.spyOn(console, "warn").mockImplementation(() => undefined);
    const thread = openThread();
    await joined(thread, { run_id: (await start(thread, ASKING)).runId });
    const alarm = () => runInDurableObject(thread.stub, (_, { storage }) => storage.getAlarm());
    await vi.waitFor(async () => {
      await runDurableObjectAlarm(thread.stub);
      expect(await alarm()).toBeNull();
    });
    await whileIndexIsAway("refuses", async () => {
      unwrap(await thread.api.updateState({ ...addressOf(thread), values: [["said", "later"]] }));
      expect(await alarm()).not.toBeNull();
    });
  });
});

describe("a copy", () => {
  it("of a thread that was made for one run alone stays", async () => {
    const [source, target] = [openThread(), openThread()];
    const only = await start(source, ASKING, {}, { onCompletion: "delete" });
    await joined(source, { run_id: only.runId });
    unwrap(await target.api.copyThread({ ...addressOf(target), source: source.threadId }));
    expect(await source.api.getThread(addressOf(source))).toMatchObject({ ok: false, error: { code: "not_found" } });
    expect(unwrap(await target.api.getThread(addressOf(target))).status).toBe("interrupted");
  });

  it("begins again when a run is deleted meanwhile", async () => {
    const [source, target] = [openThread(), openThread()];
    const gone = await start(source, ASKING);
    await joined(source, { run_id: gone.runId });
    await runToEnd(source, {
      ...ASKING,
      edges: edges(["start", "mark"]),
      nodes: { mark: { kind: "transform", set: { log: "'x'" } } },
    });
    const plain = Object.getOwnPropertyDescriptor(Thread.prototype, "copyPage")?.value as Thread["copyPage"];
    let isDone = false;
    vi.spyOn(Thread.prototype, "copyPage").mockImplementation(async function copyingPage(this: Thread, query) {
      if (!isDone && query.place?.table === "runs") {
        isDone = true;
        unwrap(await source.api.deleteRun(gone));
      }
      return plain.call(this, query);
    });
    unwrap(await target.api.copyThread({ ...addressOf(target), source: source.threadId }));
    expect(isDone).toBe(true);
    const steps = ({ stub }: TestThread) =>
      runInDurableObject(stub, (_, { storage }) => storage.sql.exec("SELECT seq, step FROM commits").toArray());
    expect(await steps(target)).toEqual(await steps(source));
  });
});
