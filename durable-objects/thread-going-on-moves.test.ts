import { beforeEach, describe, expect, it } from "vitest";
import { failure, unwrap } from "../src/base/errors.ts";
import type { Json, JsonObject } from "../src/base/json.ts";
import {
  addressOf,
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
import { copyLog } from "./testing/log-copy.ts";
import { crash, openThread, runToEnd, startOf, stateOf, type TestThread } from "./testing/open-thread.ts";
import { ownKind } from "./testing/own-kind.ts";

const done: string[] = [];
let isHeld = true;
const release = () => {
  isHeld = false;
};

beforeEach(() => {
  done.length = 0;
  isHeld = true;
  ownKind("work", ({ node, scope }) => {
    const payload = scope.payload as JsonObject | undefined;
    done.push(payload === undefined ? node : `${node} ${JSON.stringify(payload)}`);
    if (node === "flaky" && scope.read("fixed") === undefined) throw failure("node_failed", "not yet");
    return { writes: [{ channel: "log", value: payload ?? node }] };
  });
  ownKind("hold", async () => {
    while (isHeld) await scheduler.wait(2);
    return { writes: [] };
  });
});

const work = { kind: "work" };
const CHANNELS = { log: { reducer: "append" }, said: {}, fixed: {} };

function moved(thread: TestThread, document: JsonObject, version = 2) {
  return thread.api.migrate({ ...addressOf(thread), graph: { ...startOf(thread, document).graph, version } });
}

describe("[G11] a run that is moved to another version", () => {
  const BUSY: JsonObject = {
    channels: { ...CHANNELS, list: { default: [1, 2] } },
    nodes: {
      hold: { kind: "hold" },
      gate: { kind: "gate", ask: "?", write: "said" },
      timer: { kind: "wait", for: "1h" },
      flaky: work,
      item: work,
      join: work,
    },
    edges: [
      ...edges(["start", "hold"], ["start", "gate"], ["start", "flaky"], ["hold", "timer"]),
      { from: "start", to: "item", send: "state.list" },
      ...edges(["gate", "join"], ["flaky", "join"], ["item", "join"]),
    ],
  };
  const reversed: JsonObject = {
    ...BUSY,
    nodes: Object.fromEntries([["before", work], ...Object.entries(BUSY["nodes"] as JsonObject).reverse()]),
    edges: [...(BUSY["edges"] as Json[]), ...edges(["start", "before"])],
  };

  it("and back takes along what waits, what failed, what is to come and what was heard", {
    timeout: 20_000,
  }, async () => {
    const thread = openThread();
    const command = startOf(thread, BUSY);
    unwrap(await thread.api.startRun(command));
    const signal = { ...command, id: crypto.randomUUID(), name: "early", key: null, payload: 1 };
    unwrap(await thread.api.signalRun(signal));
    release();
    await untilTrue(async () => unwrap(await thread.api.waitsOf(command)).some(({ node }) => node === "timer"));
    unwrap(await thread.api.pauseRun(command));
    unwrap(await thread.api.joinRun(command));
    const waits = unwrap(await thread.api.waitsOf(command));
    const { id } = await question(thread);
    const late = { ...signal, id: crypto.randomUUID() };
    const before = await stateOf(thread);
    for (const version of [2, 3, 4]) {
      unwrap(await moved(thread, version % 2 === 0 ? reversed : BUSY, version));
      await crash(thread);
      const state = await stateOf(thread);
      expect([state.values, new Set(state.next)]).toEqual([before.values, new Set(before.next)]);
      expect((await question(thread)).id).toBe(id);
      // Whoever started it knows no other run than that.
      expect(unwrap(await thread.api.signalRun(late))).toEqual({ status: "kept" });
      expect(unwrap(await thread.api.signalRun(signal))).toEqual({ status: "kept" });
    }
    unwrap(await thread.api.updateState({ ...addressOf(thread), values: [["fixed", 1]] }));
    const next = await start(thread, BUSY, null);
    await untilTrue(async () => done.filter((node) => node === "flaky").length === 2);
    const after = unwrap(await thread.api.waitsOf(next));
    expect(after.find(({ node }) => node === "timer")?.until).toBe(waits.find(({ node }) => node === "timer")?.until);
    unwrap(await thread.api.cancelRun(next));
    expect(done.filter((each) => each.startsWith("item"))).toHaveLength(2);
    expect(done).not.toContain("before");
  });

  it("takes along what was sent, and waits still for its turn", async () => {
    const thread = openThread();
    const graph: JsonObject = {
      channels: { ...CHANNELS, list: { default: [{ n: 1 }, { n: 2 }] } },
      nodes: { ask: { kind: "gate", ask: "?" }, spread: work, item: work },
      edges: [
        ...edges(["start", "ask"], ["start", "spread"], ["ask", "item"]),
        { from: "spread", to: "item", send: "state.list" },
      ],
    };
    await runToEnd(thread, graph);
    expect((await stateOf(thread)).next).toEqual(["ask", "item"]);
    unwrap(
      await moved(thread, {
        ...graph,
        nodes: { more: work, ...(graph["nodes"] as JsonObject) },
        edges: [...(graph["edges"] as Json[]), ...edges(["start", "more"])],
      }),
    );
    await crash(thread);
    await answered(thread, (await question(thread)).id, 1);
    expect([...done].sort()).toEqual(["item", 'item {"n":1}', 'item {"n":2}', "spread"]);
  });

  it("is refused whole where arrivals would merge, and where a frame is open", async () => {
    const graph: JsonObject = {
      channels: CHANNELS,
      nodes: { a: work, b: work, gate: { kind: "gate", ask: "?", join: "each" } },
      edges: edges(["start", "a"], ["start", "b"], ["a", "gate"], ["b", "gate"]),
    };
    const inside: JsonObject = {
      channels: CHANNELS,
      nodes: {
        gate: {
          kind: "subgraph",
          graph: { channels: {}, nodes: { mine: { kind: "gate", ask: "?" } }, edges: edges(["start", "mine"]) },
        },
      },
      edges: edges(["start", "gate"]),
    };
    for (const each of [graph, inside]) {
      const thread = openThread();
      await runToEnd(thread, each);
      const before = await copyLog(thread);
      const reply = await moved(thread, { ...each, channels: { ...CHANNELS, more: {} } });
      expect(reply).toMatchObject({ ok: false, error: { code: "migration_refused", pointer: "/nodes/gate" } });
      expect(await copyLog(thread)).toEqual(before);
      expect(await questions(thread)).toHaveLength(each === graph ? 2 : 1);
    }
  });

  it("keeps the answer, the time and the signal that its tasks had heard before they ran again", async () => {
    const thread = openThread();
    const graph: JsonObject = {
      channels: { ...CHANNELS, went: {} },
      nodes: {
        hold: { kind: "hold" },
        gate: { kind: "gate", ask: "?", write: "said" },
        paid: { kind: "wait", signal: "paid", write: "went" },
        after: work,
      },
      edges: edges(["start", "hold"], ["start", "gate"], ["start", "paid"], ["gate", "after"], ["paid", "after"]),
    };
    const command = await start(thread, graph);
    unwrap(await thread.api.pauseRun(command));
    const { id } = await question(thread);
    unwrap(await thread.api.answerInterrupt({ ...command, interruptId: id, value: "yes", by: null }));
    unwrap(await thread.api.signalRun({ ...command, id: crypto.randomUUID(), name: "paid", key: null, payload: 7 }));
    release();
    unwrap(await thread.api.joinRun(command));
    unwrap(
      await moved(thread, {
        ...graph,
        nodes: { more: work, ...(graph["nodes"] as JsonObject) },
        edges: [...(graph["edges"] as Json[]), ...edges(["start", "more"])],
      }),
    );
    await crash(thread);
    const { run, values } = await goOn(thread, graph);
    expect([run.status, values["said"], values["went"]]).toEqual(["success", "yes", 7]);
  });
});

describe("[R7] a write from outside", () => {
  it("as a node whose conditions fail changes nothing", async () => {
    const thread = openThread();
    const graph: JsonObject = {
      channels: CHANNELS,
      nodes: { ask: { kind: "gate", ask: "?", write: "said" }, next: work },
      edges: [...edges(["start", "ask"]), { from: "ask", to: "next", when: "state.said.yes" }],
    };
    await runToEnd(thread, graph);
    const before = await copyLog(thread);
    const reply = await thread.api.updateState({ ...addressOf(thread), values: [["said", 1]], asNode: "ask" });
    expect(reply).toMatchObject({ ok: false, error: { code: "condition_failed" } });
    expect(await copyLog(thread)).toEqual(before);
    expect(await questions(thread)).toHaveLength(1);
    unwrap(await thread.api.updateState({ ...addressOf(thread), values: [["said", { yes: true }]], asNode: "ask" }));
    expect((await goOn(thread, graph)).run.status).toBe("success");
    expect(done).toEqual(["next"]);
  });

  it("that does not fit a channel is refused with a pointer, and one of messages gives each an id that stays", async () => {
    const thread = openThread();
    const graph: JsonObject = {
      channels: { ...CHANNELS, n: { schema: { type: "integer" } }, messages: { reducer: "messages" } },
      nodes: { a: work },
      edges: edges(["start", "a"]),
    };
    await runToEnd(thread, graph);
    const before = await copyLog(thread);
    expect(await thread.api.updateState({ ...addressOf(thread), values: [["n", "x"]] })).toMatchObject({
      ok: false,
      error: { code: "invalid_write", pointer: "/values/n" },
    });
    expect(await copyLog(thread)).toEqual(before);
    const messages = [
      { role: "user", content: "one" },
      { role: "user", content: "two" },
    ];
    unwrap(await thread.api.updateState({ ...addressOf(thread), values: [["messages", messages]] }));
    unwrap(await thread.api.updateState({ ...addressOf(thread), values: [["messages", messages]] }));
    const seen = (await stateOf(thread)).values["messages"] as JsonObject[];
    expect(new Set(seen.map(({ id }) => id)).size).toBe(4);
    await crash(thread);
    expect((await stateOf(thread)).values["messages"]).toEqual(seen);
  });

  it.each(["paused", "cancelled", "failed", "interrupted"])(
    "at the head of what was %s, twice, leaves it so and goes on",
    async (how) => {
      const thread = openThread();
      const graph: JsonObject = {
        channels: CHANNELS,
        nodes: { hold: { kind: "hold" }, gate: { kind: "gate", ask: "?" }, flaky: work, after: work },
        edges: edges(
          ["start", "hold"],
          ["hold", how === "interrupted" ? "gate" : "flaky"],
          ["gate", "after"],
          ["flaky", "after"],
        ),
      };
      if (how === "paused") await pausedBehind(thread, graph, release);
      else {
        const command = await start(thread, graph);
        if (how === "cancelled") unwrap(await thread.api.cancelRun(command));
        release();
        unwrap(await thread.api.joinRun(command));
      }
      const { status } = unwrap(await thread.api.getThread(addressOf(thread)));
      unwrap(await thread.api.updateState({ ...addressOf(thread), values: [["fixed", 1]] }));
      unwrap(await thread.api.updateState({ ...addressOf(thread), values: [["log", "edited"]] }));
      expect(unwrap(await thread.api.getThread(addressOf(thread))).status).toBe(status);
      await crash(thread);
      const ended =
        how === "interrupted" ? await answered(thread, (await question(thread)).id, 1) : await goOn(thread, graph);
      expect(ended.run.status).toBe("success");
      expect(ended.values["log"]).toEqual(how === "interrupted" ? ["edited", "after"] : ["edited", "flaky", "after"]);
    },
  );

  it("while a frame is open is seen by what comes after it, and what failed inside is redriven", async () => {
    const thread = openThread();
    const graph: JsonObject = {
      channels: CHANNELS,
      nodes: {
        inner: {
          kind: "subgraph",
          input: { fixed: "1" },
          graph: {
            channels: { log: { reducer: "append" }, fixed: {} },
            nodes: { gate: { kind: "gate", ask: "?" }, broken: { kind: "broken" }, note: work },
            edges: edges(["start", "gate"], ["start", "broken"], ["gate", "note"], ["broken", "note"]),
          },
        },
        after: work,
      },
      edges: edges(["start", "inner"], ["inner", "after"]),
    };
    let isBroken = true;
    ownKind("broken", () => {
      if (isBroken) throw failure("node_failed", "no");
      return { writes: [] };
    });
    expect((await runToEnd(thread, graph)).run.status).toBe("error");
    unwrap(await thread.api.updateState({ ...addressOf(thread), values: [["log", "edited"]] }));
    await crash(thread);
    isBroken = false;
    await goOn(thread, graph);
    const { run, values } = await answered(thread, (await question(thread)).id, 1);
    expect(run.status).toBe("success");
    expect(new Set(values["log"] as Json[])).toEqual(new Set(["edited", "note", "after"]));
  });
});

describe("[R9] what goes on", () => {
  it("with a higher step limit has it, also after a restart, and pays only for what it did itself", async () => {
    const thread = openThread();
    const graph: JsonObject = {
      channels: { n: { default: 0 }, log: { reducer: "append" } },
      limits: { steps: 4 },
      nodes: { count: { kind: "transform", set: { n: "state.n + 1" } }, hold: { kind: "wait", for: "2ms" } },
      edges: [...edges(["start", "count"], ["count", "hold"]), { from: "hold", to: "count", when: "state.n < 6" }],
    };
    const first = await runToEnd(thread, graph);
    expect(first.run.error?.code).toBe("step_limit");
    expect((await goOn(thread, graph)).run.error?.code).toBe("step_limit");
    const command = await start(thread, graph, null, { config: { recursion_limit: 50 } });
    await crash(thread);
    const { run, values } = await joined(thread, { run_id: command.runId });
    expect([run.status, values["n"]]).toEqual(["success", 6]);
    const profile = unwrap(await thread.api.profileRun(command));
    expect(profile.tasks.length).toBeGreaterThan(5);
    expect(profile.tasks.every(({ status }) => status === "succeeded")).toBe(true);
  });

  it("counts its own usage, and lists each run once, by status", async () => {
    const thread = openThread();
    const model = (reply: string) => ({
      kind: "model",
      model: "builtin/scripted",
      prompt: "",
      write: "said",
      options: { script: { turns: [{ reply }] } },
    });
    const graph: JsonObject = {
      channels: CHANNELS,
      nodes: { one: model("one"), gate: { kind: "gate", ask: "?" }, two: model("two two") },
      edges: edges(["start", "one"], ["one", "gate"], ["gate", "two"]),
    };
    const first = await runToEnd(thread, graph);
    await crash(thread);
    unwrap(await thread.api.updateState({ ...addressOf(thread), values: [["log", "x"]] }));
    const second = await answered(thread, (await question(thread)).id, 1);
    expect(first.run.usage.output_tokens).toBeGreaterThan(0);
    expect(second.run.usage.output_tokens).toBeGreaterThan(0);
    const ids = async (status?: "interrupted" | "success") =>
      unwrap(await thread.api.listRuns({ ...addressOf(thread), limit: 9, offset: 0, ...(status && { status }) })).map(
        ({ run_id }) => run_id,
      );
    expect(await ids()).toEqual([second.run.run_id, first.run.run_id]);
    // A run that asks has done its part: its thread is what is interrupted.
    expect(await ids("interrupted")).toEqual([]);
    expect(await ids("success")).toEqual([second.run.run_id, first.run.run_id]);
    await crash(thread);
    const old = await joined(thread, first.run);
    expect([old.run, old.values["said"], old.interrupts]).toEqual([first.run, "one", []]);
  });
});
