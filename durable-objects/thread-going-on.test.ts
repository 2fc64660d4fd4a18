import { beforeEach, describe, expect, it } from "vitest";
import { unwrap } from "../src/base/errors.ts";
import { secureRandom, uuidv7 } from "../src/base/ids.ts";
import type { Json, JsonObject } from "../src/base/json.ts";
import { checkpointOf } from "./testing/going-on.ts";
import { crash, openThread, runToEnd, startOf, type TestThread } from "./testing/open-thread.ts";
import { ownKind } from "./testing/own-kind.ts";
import type { RunCommand, RunResult, StartRun } from "./thread-api.ts";

const calls: string[] = [];
let isBroken = true;

beforeEach(() => {
  calls.length = 0;
  isBroken = true;
  ownKind("work", async ({ node, idempotencyKey }) => {
    calls.push(`${node} ${idempotencyKey}`);
    if (node === "broken" && isBroken) throw new TypeError("no");
    return { writes: [{ channel: "log", value: node }] };
  });
});

const work = { kind: "work" };
const CHANNELS = { log: { reducer: "append" }, said: {} };
const edges = (...pairs: readonly [string, string][]): JsonObject[] => pairs.map(([from, to]) => ({ from, to }));

const APPROVAL: JsonObject = {
  channels: CHANNELS,
  nodes: {
    draft: work,
    ask: { kind: "gate", ask: { text: "{{ state.log }}" }, answer: { type: "string" }, write: "said" },
    send: work,
    aside: work,
  },
  edges: edges(["start", "draft"], ["draft", "ask"], ["ask", "send"], ["draft", "aside"]),
};

async function goOn(thread: TestThread, document: JsonObject, more: Partial<StartRun> = {}): Promise<RunResult> {
  const command = startOf(thread, document, null, more);
  unwrap(await thread.api.startRun(command));
  return unwrap(await thread.api.joinRun(command));
}

const say = (value: Json): RunCommand => ({ resume: { value } });
const of = ({ tenant, threadId }: TestThread) => ({ tenant, threadId });

async function question(thread: TestThread) {
  const [asked] = unwrap(await thread.api.interruptsOf(of(thread)));
  if (asked === undefined) throw new Error("Nothing is asked.");
  return asked;
}

async function answer(thread: TestThread, interruptId: string, value: Json, by: string | null = null) {
  return thread.api.answerInterrupt({ ...of(thread), interruptId, value, by, runId: uuidv7(Date.now(), secureRandom) });
}

describe("[R8] a gate", () => {
  it("interrupts the run when nothing else is left to do, and goes on in a run of its own with the answer", async () => {
    const thread = openThread();
    const first = await runToEnd(thread, APPROVAL);
    expect(first.run).toMatchObject({ status: "interrupted", error: null });
    expect(first.values["log"]).toEqual(["draft", "aside"]);
    const asked = await question(thread);
    expect(asked).toMatchObject({ node: "ask", kind: "gate", value: { text: ["draft"] } });
    const view = unwrap(await thread.api.getThread(of(thread)));
    expect(view.status).toBe("interrupted");
    expect(Object.values(view.interrupts)).toEqual([[{ id: asked.id, value: asked.value }]]);
    const state = unwrap(await thread.api.getState(of(thread)));
    expect(state.next).toEqual(["ask"]);
    expect(state.interrupts).toEqual([{ id: asked.id, value: asked.value }]);
    const second = await goOn(thread, APPROVAL, { command: say("yes") });
    expect(second.run.status).toBe("success");
    expect(second.values).toEqual({ log: ["draft", "aside", "send"], said: "yes" });
    expect(calls.map((call) => call.split(" ")[0])).toEqual(["draft", "aside", "send"]);
    expect(new Set(calls.map((call) => call.split(" ")[1]?.split(":")[0]))).toEqual(new Set([first.run.run_id]));
  });

  it.each(["", "a crash before the answer"])("takes an answer by its id, once [G9] %s", async (how) => {
    const thread = openThread();
    await runToEnd(thread, APPROVAL);
    const { id } = await question(thread);
    if (how !== "") await crash(thread);
    expect(await answer(thread, id, 7)).toMatchObject({
      ok: false,
      error: { code: "invalid_answer", pointer: "/value" },
    });
    const taken = unwrap(await answer(thread, id, "yes"));
    const { values } = unwrap(await thread.api.joinRun({ ...of(thread), runId: taken.run.run_id }));
    expect(values["said"]).toBe("yes");
    const again = unwrap(await answer(thread, id, "yes"));
    expect(again.run.run_id).toBe(taken.run.run_id);
    expect(await answer(thread, id, "no")).toMatchObject({
      ok: false,
      error: { code: "wait_over", details: { open: [] } },
    });
    expect(calls.filter((call) => call.startsWith("send"))).toHaveLength(1);
  });

  it("with a deadline goes on by itself when nobody answers, in a run of its own", async () => {
    const thread = openThread();
    const gate = { kind: "gate", ask: "?", deadline: "1s", on_error: { write: "said" } };
    const graph = {
      channels: CHANNELS,
      nodes: { gate, after: work },
      edges: edges(["start", "gate"], ["gate", "after"]),
    };
    const { run } = await runToEnd(thread, graph);
    expect(run.status).toBe("interrupted");
    await expect
      .poll(async () => unwrap(await thread.api.getThread(of(thread))).status, { timeout: 10_000 })
      .toBe("idle");
    const { values } = unwrap(await thread.api.getState(of(thread)));
    expect(values).toMatchObject({ log: ["after"], said: { code: "wait_expired" } });
    expect(unwrap(await thread.api.listRuns({ ...of(thread), limit: 10, offset: 0 }))).toHaveLength(2);
  });
});

describe("a question that stays open", () => {
  it("is what the next run ends with as well, the same for every follower (G7)", async () => {
    const thread = openThread();
    await runToEnd(thread, APPROVAL);
    const { id } = await question(thread);
    const command = startOf(thread, APPROVAL, null);
    unwrap(await thread.api.startRun(command));
    unwrap(await thread.api.joinRun(command));
    const follow = { ...command, modes: ["values", "updates"] as const, after: -1, cancelOnDisconnect: false };
    const first = await textOf(unwrap(await thread.api.followRun(follow)));
    expect(first.split("__interrupt__")).toHaveLength(3);
    expect(first).toContain(id);
    unwrap(await answer(thread, id, "yes"));
    expect(await textOf(unwrap(await thread.api.followRun(follow)))).toBe(first);
  });
});

describe("[G9] a signal that comes while all is at rest", () => {
  it("is kept for the wait to come, whichever of the runs it is sent to, and a paused run stays paused by it", async () => {
    const thread = openThread();
    const graph = {
      channels: CHANNELS,
      nodes: { gate: { kind: "gate", ask: "?" }, paid: { kind: "wait", signal: "paid", write: "said" } },
      edges: edges(["start", "gate"], ["gate", "paid"]),
    };
    const { run } = await runToEnd(thread, graph);
    const signal = { ...of(thread), runId: run.run_id, id: crypto.randomUUID(), name: "paid", key: null, payload: 7 };
    expect(unwrap(await thread.api.signalRun(signal))).toEqual({ status: "kept" });
    await crash(thread);
    expect(unwrap(await thread.api.signalRun(signal))).toEqual({ status: "kept" });
    const { id } = await question(thread);
    const taken = unwrap(await answer(thread, id, "yes"));
    expect(unwrap(await thread.api.joinRun({ ...of(thread), runId: taken.run.run_id })).values["said"]).toBe(7);
    expect(await thread.api.signalRun({ ...signal, id: crypto.randomUUID() })).toMatchObject({
      ok: false,
      error: { code: "conflict" },
    });
  });
});

async function textOf(stream: ReadableStream<Uint8Array>): Promise<string> {
  return new Response(stream).text();
}

describe("[R9] what failed", () => {
  const BROKEN = {
    channels: CHANNELS,
    nodes: { first: work, broken: work, last: work },
    edges: edges(["start", "first"], ["start", "broken"], ["broken", "last"]),
  };

  it("is redriven alone: what was finished stays, on the version that it began with (G11)", async () => {
    const thread = openThread();
    const first = await runToEnd(thread, BROKEN);
    expect(first.run.status).toBe("error");
    expect((await goOn(thread, BROKEN)).run.status).toBe("error");
    await crash(thread);
    isBroken = false;
    const third = await goOn(thread, { ...BROKEN, nodes: { first: work }, edges: edges(["start", "first"]) });
    expect(third.run).toMatchObject({ status: "success", graph: first.run.graph });
    expect(third.values["log"]).toEqual(["first", "broken", "last"]);
    expect(calls.filter((call) => call.startsWith("first"))).toHaveLength(1);
    const over = startOf(thread, BROKEN, null);
    expect(await thread.api.startRun(over)).toMatchObject({ ok: false, error: { code: "nothing_to_continue" } });
  });

  it("stops the rest where the graph says so, and all of it goes on together", async () => {
    ownKind("slow", async ({ signal }) => {
      calls.push("slow");
      if (isBroken) await new Promise((_, reject) => signal.addEventListener("abort", () => reject(new Error("cut"))));
      return { writes: [{ channel: "log", value: "slow" }] };
    });
    const thread = openThread();
    const graph = { ...BROKEN, on_failure: "stop", nodes: { ...BROKEN.nodes, first: { kind: "slow" } } };
    expect((await runToEnd(thread, graph)).run).toMatchObject({ status: "error", error: { node: "broken" } });
    isBroken = false;
    expect((await goOn(thread, graph)).values["log"]).toEqual(["slow", "broken", "last"]);
  });
});

describe("[R7] a write from outside", () => {
  it("is seen by what waits when that goes on, and as a node is that node's outcome", async () => {
    const thread = openThread();
    await runToEnd(thread, APPROVAL);
    unwrap(await thread.api.updateState({ ...of(thread), values: [["log", "edited"]] }));
    expect(unwrap(await thread.api.getState(of(thread)))).toMatchObject({
      next: ["ask"],
      metadata: { source: "update" },
    });
    unwrap(await thread.api.updateState({ ...of(thread), values: [["said", "for it"]], asNode: "ask" }));
    expect(unwrap(await thread.api.getState(of(thread))).next).toEqual(["send"]);
    await crash(thread);
    const { run, values } = await goOn(thread, APPROVAL);
    expect(run.status).toBe("success");
    expect(values).toEqual({ log: ["draft", "aside", "edited", "send"], said: "for it" });
  });

  it("makes work where nothing was left, and is refused whole where it does not fit", async () => {
    const thread = openThread();
    const graph = { channels: CHANNELS, nodes: { a: work, b: work }, edges: edges(["start", "a"], ["a", "b"]) };
    await runToEnd(thread, graph);
    const wrong = await thread.api.updateState({ ...of(thread), values: [["nope", 1]] });
    expect(wrong).toMatchObject({ ok: false, error: { code: "unknown_channel", pointer: "/values/nope" } });
    unwrap(await thread.api.updateState({ ...of(thread), values: [["log", "again"]], asNode: "a" }));
    expect(unwrap(await thread.api.getThread(of(thread))).status).toBe("interrupted");
    expect((await goOn(thread, graph)).values["log"]).toEqual(["a", "b", "again", "b"]);
  });
});

describe("[G10] time travel", () => {
  it("replays from a checkpoint as a fork, under names of its own, and leaves the original as it was", async () => {
    const thread = openThread();
    const graph = { channels: CHANNELS, nodes: { a: work, b: work }, edges: edges(["start", "a"], ["a", "b"]) };
    await runToEnd(thread, graph);
    const before = unwrap(await thread.api.getHistory({ ...of(thread), limit: 10 }));
    const afterA = before.find(({ next }) => next[0] === "b");
    const checkpointId = checkpointOf(afterA);
    const replayed = await goOn(thread, graph, { checkpointId });
    expect(replayed.values["log"]).toEqual(["a", "b"]);
    expect(calls.map((call) => call.split(" ")[0])).toEqual(["a", "b", "b"]);
    expect(calls[1]).not.toBe(calls[2]);
    unwrap(await thread.api.updateState({ ...of(thread), checkpointId, values: [["log", "edited"]] }));
    expect((await goOn(thread, graph)).values["log"]).toEqual(["a", "edited", "b"]);
    const after = unwrap(await thread.api.getHistory({ ...of(thread), limit: 20 }));
    expect(after.slice(-before.length)).toEqual(before);
    const parent = after.find(({ metadata }) => metadata?.["source"] === "fork")?.parent_checkpoint;
    expect(parent?.["checkpoint_id"]).toBe(checkpointId);
  });

  it("begins with an input on the state of an older checkpoint", async () => {
    const thread = openThread();
    const graph = { channels: CHANNELS, nodes: { a: work }, edges: edges(["start", "a"]) };
    await runToEnd(thread, graph, { said: "one" });
    const [newest] = unwrap(await thread.api.getHistory({ ...of(thread), limit: 1 }));
    await runToEnd(thread, graph, { said: "two" });
    const checkpointId = checkpointOf(newest);
    const command = startOf(thread, graph, { said: "three" }, { checkpointId });
    unwrap(await thread.api.startRun(command));
    await crash(thread);
    expect(unwrap(await thread.api.joinRun(command)).values).toEqual({ log: ["a", "a"], said: "three" });
  });
});

describe("[G11] migration", () => {
  const next = (more: JsonObject): JsonObject => ({ ...APPROVAL, ...more });
  const versionOf = (thread: TestThread, document: JsonObject) => startOf(thread, document).graph;

  it("moves what waits, with its question, or refuses with a pointer", async () => {
    const thread = openThread();
    await runToEnd(thread, APPROVAL);
    const { id } = await question(thread);
    const { ask: _, ...rest } = APPROVAL["nodes"] as JsonObject;
    const without = next({ nodes: rest, edges: edges(["start", "draft"], ["draft", "send"], ["draft", "aside"]) });
    const refused = await thread.api.migrate({ ...of(thread), graph: versionOf(thread, without) });
    expect(refused).toMatchObject({ ok: false, error: { code: "migration_refused", pointer: "/nodes/ask" } });
    const more = next({
      nodes: { first: work, ...(APPROVAL["nodes"] as JsonObject), later: work },
      edges: [...(APPROVAL["edges"] as JsonObject[]), { from: "start", to: "first" }, { from: "send", to: "later" }],
    });
    unwrap(await thread.api.migrate({ ...of(thread), graph: { ...versionOf(thread, more), version: 2 } }));
    expect((await question(thread)).id).toBe(id);
    await crash(thread);
    const taken = unwrap(await answer(thread, id, "yes"));
    const { run, values } = unwrap(await thread.api.joinRun({ ...of(thread), runId: taken.run.run_id }));
    expect(run).toMatchObject({ status: "success", graph: { version: 2 } });
    expect(values).toEqual({ log: ["draft", "aside", "send", "later"], said: "yes" });
  });
});

describe("a pause", () => {
  it("lets nothing new start, keeps what runs, and goes on where it stood", async () => {
    let isHeld = true;
    ownKind("slow", async () => {
      while (isHeld) await scheduler.wait(2);
      return { writes: [{ channel: "log", value: "slow" }] };
    });
    const thread = openThread();
    const graph = {
      channels: CHANNELS,
      nodes: { slow: { kind: "slow" }, after: work },
      edges: edges(["start", "slow"], ["slow", "after"]),
    };
    const command = startOf(thread, graph);
    unwrap(await thread.api.startRun(command));
    expect(unwrap(await thread.api.pauseRun(command)).status).toBe("running");
    isHeld = false;
    const paused = unwrap(await thread.api.joinRun(command));
    expect(paused.run).toMatchObject({ status: "interrupted", error: { code: "run_paused" } });
    expect(calls).toEqual([]);
    expect((await goOn(thread, graph)).values["log"]).toEqual(["slow", "after"]);
  });
});

describe("[G10] a cancelled run", () => {
  it("has nothing to answer, and goes on from before the cancel when somebody says so", async () => {
    const thread = openThread();
    const graph = {
      channels: CHANNELS,
      nodes: { hold: { kind: "wait", for: "1h" }, after: work },
      edges: edges(["start", "hold"], ["hold", "after"]),
    };
    const command = startOf(thread, graph);
    unwrap(await thread.api.startRun(command));
    unwrap(await thread.api.cancelRun(command));
    const next = startOf(thread, graph, null);
    expect(unwrap(await thread.api.startRun(next)).status).toBe("running");
    expect(unwrap(await thread.api.waitsOf(next))).toMatchObject([{ node: "hold" }]);
    unwrap(await thread.api.cancelRun(next));
  });
});
