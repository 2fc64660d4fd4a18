import { applyD1Migrations } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import { unwrap } from "../src/base/errors.ts";
import type { JsonObject } from "../src/base/json.ts";
import {
  addressOf,
  answer,
  answered,
  edges,
  goOn,
  joined,
  pausedBehind,
  question,
  questions,
  start,
  untilTrue,
} from "./testing/going-on.ts";
import { crash, openThread, runToEnd, startOf, type TestThread } from "./testing/open-thread.ts";
import { ownKind } from "./testing/own-kind.ts";

let isHeld = true;
const done: string[] = [];

beforeAll(async () => {
  await applyD1Migrations(env.DB, env.TEST_MIGRATIONS);
  vi.spyOn(console, "warn").mockImplementation(() => undefined);
});

beforeEach(() => {
  isHeld = true;
  done.length = 0;
  ownKind("hold", async ({ node }) => {
    while (isHeld) await scheduler.wait(2);
    return { writes: [{ channel: "log", value: node }] };
  });
  ownKind("work", ({ node }) => {
    done.push(node);
    return { writes: [{ channel: "log", value: node }] };
  });
});

const release = () => {
  isHeld = false;
};
const CHANNELS = { log: { reducer: "append" }, said: {} };
const behind = (node: JsonObject): JsonObject => ({
  channels: CHANNELS,
  nodes: { hold: { kind: "hold" }, it: node, after: { kind: "work" } },
  edges: edges(["start", "hold"], ["hold", "it"], ["it", "after"]),
});

describe("[R8] what a write from outside has halted before it ran", () => {
  it("has not waited: a wait takes its time when it goes on", async () => {
    const thread = openThread();
    const graph = behind({ kind: "wait", for: "1h" });
    await pausedBehind(thread, graph, release);
    unwrap(await thread.api.updateState({ ...addressOf(thread), values: [["said", "x"]] }));
    const next = await start(thread, graph, null);
    await scheduler.wait(20);
    expect(unwrap(await thread.api.waitsOf(next))).toMatchObject([{ node: "it" }]);
    expect(done).toEqual([]);
    unwrap(await thread.api.cancelRun(next));
  });

  it("has heard nothing: a wait for a signal waits for it", async () => {
    const thread = openThread();
    const graph = behind({ kind: "wait", signal: "paid", write: "said" });
    await pausedBehind(thread, graph, release);
    unwrap(await thread.api.updateState({ ...addressOf(thread), values: [["log", "x"]] }));
    const next = await start(thread, graph, null);
    const signal = { ...next, id: crypto.randomUUID(), name: "paid", key: null, payload: 7 };
    expect(unwrap(await thread.api.signalRun(signal))).toEqual({ status: "delivered" });
    expect(unwrap(await thread.api.joinRun(next))).toMatchObject({ run: { status: "success" }, values: { said: 7 } });
  });

  it("has missed no deadline: a gate asks when it goes on", async () => {
    const thread = openThread();
    const graph = behind({ kind: "gate", ask: "?", deadline: "1h", write: "said" });
    await pausedBehind(thread, graph, release);
    unwrap(await thread.api.updateState({ ...addressOf(thread), values: [["log", "x"]] }));
    await crash(thread);
    expect((await goOn(thread, graph)).run).toMatchObject({ status: "interrupted", error: null });
    const asked = await question(thread);
    expect((await answered(thread, asked.id, "yes")).values["said"]).toBe("yes");
  });

  it("keeps the answer that it was given while all was pausing", async () => {
    const thread = openThread();
    const graph = {
      channels: CHANNELS,
      nodes: { hold: { kind: "hold" }, gate: { kind: "gate", ask: "?", write: "said" }, after: { kind: "work" } },
      edges: edges(["start", "hold"], ["start", "gate"], ["gate", "after"]),
    };
    const command = await start(thread, graph);
    const { id } = await question(thread);
    unwrap(await thread.api.pauseRun(command));
    expect(unwrap(await answer(thread, id, "yes")).run.run_id).toBe(command.runId);
    release();
    expect(unwrap(await thread.api.joinRun(command)).run.error?.code).toBe("run_paused");
    unwrap(await thread.api.updateState({ ...addressOf(thread), values: [["log", "x"]] }));
    await crash(thread);
    expect(await goOn(thread, graph)).toMatchObject({ run: { status: "success" }, values: { said: "yes" } });
    expect(unwrap(await answer(thread, id, "yes")).run.run_id).toBe(command.runId);
  });
});

describe("[design 3] an unsafe effect that a cancel cut off", () => {
  const graph = {
    channels: { out: {}, log: {} },
    nodes: { pay: { kind: "pay", effect: "unsafe" } },
    edges: edges(["start", "pay"]),
  };
  let paid = 0;
  beforeEach(() => {
    paid = 0;
    ownKind("pay", async ({ signal }) => {
      paid += 1;
      if (isHeld) await new Promise((_, reject) => signal.addEventListener("abort", () => reject(new Error("cut"))));
      return { writes: [{ channel: "out", value: paid }] };
    });
  });

  async function cutOff(thread: TestThread): Promise<void> {
    const command = await start(thread, graph);
    await untilTrue(() => paid === 1);
    unwrap(await thread.api.cancelRun(command));
    release();
  }

  it.each(["", "a crash"])("is asked about, also when the state was written to meanwhile %s", async (how) => {
    const thread = openThread();
    await cutOff(thread);
    unwrap(await thread.api.updateState({ ...addressOf(thread), values: [["log", "x"]] }));
    if (how !== "") await crash(thread);
    expect((await goOn(thread, graph)).run.status).toBe("interrupted");
    expect([paid, (await question(thread)).kind]).toEqual([1, "outcome_unknown"]);
  });

  it("is asked about on another version of the graph (G11)", async () => {
    const thread = openThread();
    await cutOff(thread);
    const next = {
      ...graph,
      nodes: { ...graph.nodes, more: { kind: "work" } },
      edges: edges(["start", "pay"], ["pay", "more"]),
    };
    const version = startOf(thread, { ...next, channels: { ...graph.channels, log: {} } }).graph;
    unwrap(await thread.api.migrate({ ...addressOf(thread), graph: { ...version, version: 2 } }));
    await crash(thread);
    expect((await goOn(thread, next)).run.status).toBe("interrupted");
    expect([paid, (await question(thread)).kind]).toEqual([1, "outcome_unknown"]);
    const { values } = await answered(thread, (await question(thread)).id, { decision: "done", writes: { out: 9 } });
    expect([paid, values["out"]]).toEqual([1, 9]);
  });

  it("decided to be done stays done, whatever is written before it goes on", async () => {
    const thread = openThread();
    const both = {
      channels: { out: {}, log: { reducer: "append" } },
      nodes: { pay: { kind: "pay", effect: "unsafe" }, hold: { kind: "slow" } },
      edges: edges(["start", "pay"], ["start", "hold"]),
    };
    let isSlow = false;
    ownKind("slow", async () => {
      while (isSlow) await scheduler.wait(2);
      return { writes: [] };
    });
    const command = await start(thread, both);
    await untilTrue(() => paid === 1);
    unwrap(await thread.api.cancelRun(command));
    release();
    isSlow = true;
    const second = await start(thread, both, null);
    // hold is done already where it had ended before the cancel: then there is nothing to pause
    const { id } = await question(thread);
    unwrap(await thread.api.pauseRun(second));
    unwrap(await answer(thread, id, { decision: "done", writes: { out: 5 } }));
    isSlow = false;
    await joined(thread, { run_id: second.runId });
    unwrap(await thread.api.updateState({ ...addressOf(thread), values: [["log", "x"]] }));
    const last =
      unwrap(await thread.api.getThread(addressOf(thread))).status === "idle" ? undefined : await goOn(thread, both);
    expect(last?.run.status ?? "success").toBe("success");
    expect([paid, unwrap(await thread.api.getState(addressOf(thread))).values["out"]]).toEqual([1, 5]);
  });
});

describe("[G9] answers that race", () => {
  const TWO = {
    channels: { said: {}, log: { reducer: "append" } },
    nodes: {
      gate: { kind: "gate", ask: "?", approvers: { need: 2 }, write: "said" },
      after: { kind: "work" },
    },
    edges: edges(["start", "gate"], ["gate", "after"]),
  };

  it("to one question: one is taken, the other told so", async () => {
    const thread = openThread();
    await runToEnd(thread, { ...TWO, nodes: { ...TWO.nodes, gate: { kind: "gate", ask: "?", write: "said" } } });
    const { id } = await question(thread);
    const replies = await Promise.all([answer(thread, id, "yes"), answer(thread, id, "no"), answer(thread, id, "yes")]);
    expect(replies.map((reply) => (reply.ok ? "taken" : reply.error.code))).toEqual(["taken", "wait_over", "taken"]);
    const [first, , third] = replies;
    const run = unwrap(first).run;
    expect(unwrap(third).run.run_id).toBe(run.run_id);
    expect((await joined(thread, run)).values["said"]).toBe("yes");
    expect(done).toEqual(["after"]);
  });

  it("of several people: each counts once, and the one who says another thing later is told so", async () => {
    const thread = openThread();
    await runToEnd(thread, TWO);
    const { id } = await question(thread);
    expect((await answered(thread, id, 1, "Ada")).run.status).toBe("interrupted");
    expect(await answer(thread, id, 2, "Ada")).toMatchObject({ ok: false, error: { code: "wait_over" } });
    expect((await answered(thread, id, 1, "Ada")).run.status).toBe("interrupted");
    await crash(thread);
    expect((await question(thread)).answers).toEqual([{ by: "Ada", value: 1 }]);
    const { values } = await answered(thread, id, 3, "Bea");
    const answers = [
      { by: "Ada", value: 1 },
      { by: "Bea", value: 3 },
    ];
    expect(values["said"]).toEqual({ answers, stopped: false });
  });

  it("of several people, on another version of the graph: those that were given count (G11)", async () => {
    const thread = openThread();
    await runToEnd(thread, TWO);
    const { id } = await question(thread);
    await answered(thread, id, 1, "Ada");
    const next = {
      ...TWO,
      nodes: { ...TWO.nodes, last: { kind: "work" } },
      edges: [...TWO.edges, ...edges(["after", "last"])],
    };
    unwrap(await thread.api.migrate({ ...addressOf(thread), graph: { ...startOf(thread, next).graph, version: 2 } }));
    await crash(thread);
    expect(await question(thread)).toMatchObject({ id, answers: [{ by: "Ada", value: 1 }] });
    expect(await answer(thread, id, 2, "Ada")).toMatchObject({ ok: false, error: { code: "wait_over" } });
    expect((await answered(thread, id, 3, "Bea")).run.status).toBe("success");
    expect(done).toEqual(["after", "last"]);
  });

  it("said again after the run that took it was cancelled: the same reply", async () => {
    const thread = openThread();
    const graph = {
      channels: CHANNELS,
      nodes: { gate: { kind: "gate", ask: "?" }, hold: { kind: "wait", for: "1h" } },
      edges: edges(["start", "gate"], ["gate", "hold"]),
    };
    await runToEnd(thread, graph);
    const { id } = await question(thread);
    const { run } = unwrap(await answer(thread, id, "yes"));
    unwrap(await thread.api.cancelRun({ ...addressOf(thread), runId: run.run_id }));
    expect(unwrap(await answer(thread, id, "yes")).run.run_id).toBe(run.run_id);
    expect(await answer(thread, id, "no")).toMatchObject({ ok: false, error: { code: "wait_over" } });
  });

  const INSIDE: JsonObject = {
    channels: { n: { default: 0 }, log: { reducer: "append" } },
    nodes: { mine: { kind: "gate", ask: "?" }, note: { kind: "work" } },
    edges: edges(["start", "mine"], ["mine", "note"]),
  };
  it.each([
    ["an item of a map", { kind: "map", over: "[1, 2]", concurrency: 1, graph: INSIDE }, 2],
    ["a turn of a loop", { kind: "loop", until: "size(state.log) > 1", max: 5, graph: INSIDE }, 2],
    ["a race", { kind: "race", over: "[1]", graph: INSIDE }, 1],
    ["a saga", { kind: "saga", graph: INSIDE }, 1],
  ] as const)("to gates in %s: each goes on from where it stood, after a restart too", async (_, node, times) => {
    const thread = openThread();
    const graph = {
      channels: CHANNELS,
      nodes: { around: node as JsonObject, last: { kind: "work" } },
      edges: edges(["start", "around"], ["around", "last"]),
    };
    await runToEnd(thread, graph);
    for (let time = 0; time < times; time += 1) {
      if (time % 2 === 0) await crash(thread);
      const { id } = await question(thread);
      await answered(thread, id, time);
    }
    expect(await questions(thread)).toEqual([]);
    expect(unwrap(await thread.api.getThread(addressOf(thread))).status).toBe("idle");
    expect(done).toEqual([...Array.from({ length: times }, () => "note"), "last"]);
  });

  it("to a gate in a loser of a race: it is over with the race, for its followers too", async () => {
    const thread = openThread();
    const graph = {
      channels: CHANNELS,
      nodes: {
        race: {
          kind: "race",
          over: "['lose', 'win']",
          graph: { channels: {}, nodes: { who: { kind: "gate", ask: "{{ item }}" } }, edges: edges(["start", "who"]) },
        },
        last: { kind: "gate", ask: "last" },
      },
      edges: edges(["start", "race"], ["race", "last"]),
    };
    await runToEnd(thread, graph);
    const open = await questions(thread);
    const [lose, win] = ["lose", "win"].map((value) => open.find((asked) => asked.value === value)?.id ?? "");
    const { run } = await answered(thread, win ?? "", 1);
    expect((await questions(thread)).map(({ value }) => value)).toEqual(["last"]);
    expect(await answer(thread, lose ?? "", 1)).toMatchObject({ ok: false, error: { code: "wait_over" } });
    const follow = { ...addressOf(thread), runId: run.run_id, modes: ["updates"] as const, after: -1 };
    const text = await new Response(
      unwrap(await thread.api.followRun({ ...follow, cancelOnDisconnect: false })),
    ).text();
    expect(text).toContain('"last"');
    expect(text).not.toContain('"lose"');
  });
});
