import { applyD1Migrations } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { beforeAll, beforeEach, describe, expect, it } from "vitest";
import { unwrap } from "../src/base/errors.ts";
import type { JsonObject } from "../src/base/json.ts";
import { addressOf, edges, goOn, pausedBehind, questions, start } from "./testing/going-on.ts";
import { crash, openThread, startOf, stateOf, type TestThread } from "./testing/open-thread.ts";
import { ownKind } from "./testing/own-kind.ts";
import type { RunResult, StartRun } from "./thread-api.ts";

beforeAll(async () => {
  await applyD1Migrations(env.DB, env.TEST_MIGRATIONS);
});

const done: string[] = [];
beforeEach(() => {
  done.length = 0;
  ownKind("step", ({ node }) => {
    done.push(node);
    return { writes: [{ channel: "log", value: node }] };
  });
});

const step = { kind: "step" };
const CHANNELS = { log: { reducer: "append" }, n: {} };

const CHAIN: JsonObject = {
  channels: CHANNELS,
  nodes: { a: step, b: step, c: step },
  edges: edges(["start", "a"], ["a", "b"], ["b", "c"]),
};

/** `b` follows `a`; `x` does not. */
const FORK: JsonObject = {
  channels: CHANNELS,
  nodes: { a: step, b: step, x: step, y: step, join: step },
  edges: edges(["start", "a"], ["start", "x"], ["a", "b"], ["x", "y"], ["b", "join"], ["y", "join"]),
};

async function run(thread: TestThread, graph: JsonObject, more: Partial<StartRun> = {}): Promise<RunResult> {
  return unwrap(await thread.api.joinRun(await start(thread, graph, {}, more)));
}

const BEFORE_B: Partial<StartRun> = { interruptBefore: ["b"] };

describe("[R8] a breakpoint before a node", () => {
  it("is a wait of its task: the run is interrupted at rest, next names it, and nobody is asked anything", async () => {
    const thread = openThread();
    const result = await run(thread, CHAIN, BEFORE_B);
    expect([result.run.status, done, result.interrupts]).toEqual(["interrupted", ["a"], []]);
    const state = await stateOf(thread);
    expect([state.next, state.values]).toEqual([["b"], { log: ["a"] }]);
    expect(state.tasks).toMatchObject([{ name: "b", interrupts: [], error: null }]);
    expect(await questions(thread)).toEqual([]);
    expect(unwrap(await thread.api.getThread(addressOf(thread)))).toMatchObject({
      status: "interrupted",
      interrupts: {},
    });
  });

  it("is passed by `input: null`, once, with the same breakpoints asked for again; a crash in between changes nothing", async () => {
    const thread = openThread();
    await run(thread, CHAIN, BEFORE_B);
    await crash(thread);
    const { run: last, values } = await goOn(thread, CHAIN, BEFORE_B);
    expect([last.status, values["log"]]).toEqual(["success", ["a", "b", "c"]]);
  });

  it("at each of all nodes (`*`): one node a run", async () => {
    const thread = openThread();
    const all: Partial<StartRun> = { interruptBefore: "*" };
    await run(thread, CHAIN, all);
    const seen = [[...done]];
    for (const _ of [1, 2, 3]) {
      await goOn(thread, CHAIN, all);
      seen.push([...done]);
    }
    expect(seen).toEqual([[], ["a"], ["a", "b"], ["a", "b", "c"]]);
    expect((await stateOf(thread)).next).toEqual([]);
  });

  it("holds what it reaches; the rest goes on", async () => {
    const thread = openThread();
    await run(thread, FORK, BEFORE_B);
    expect(done.toSorted()).toEqual(["a", "x", "y"]);
    await goOn(thread, FORK);
    expect(done.slice(3)).toEqual(["b", "join"]);
  });

  it("lets a write from outside join what the task sees (R7)", async () => {
    const thread = openThread();
    await run(thread, CHAIN, BEFORE_B);
    unwrap(await thread.api.updateState({ ...addressOf(thread), values: [["log", "outside"]] }));
    expect((await stateOf(thread)).next).toEqual(["b"]);
    expect((await goOn(thread, CHAIN, BEFORE_B)).values["log"]).toEqual(["a", "outside", "b", "c"]);
  });

  it("stops a loop at each of its turns", async () => {
    const loop: JsonObject = {
      channels: { n: { default: 0 } },
      nodes: { turn: { kind: "transform", set: { n: "state.n + 1" } } },
      edges: [
        { from: "start", to: "turn" },
        { from: "turn", to: "turn", when: "state.n < 3" },
        { from: "turn", to: "end", else: true },
      ],
    };
    const thread = openThread();
    const before: Partial<StartRun> = { interruptBefore: ["turn"] };
    expect((await run(thread, loop, before)).run.status).toBe("interrupted");
    const turns: unknown[] = [];
    for (let status = ""; status !== "success"; ) {
      const { run: one, values } = await goOn(thread, loop, before);
      turns.push(values["n"]);
      ({ status } = one);
    }
    expect(turns).toEqual([1, 2, 3]);
  });

  it("does not stop what somebody sends the run to", async () => {
    const thread = openThread();
    await run(thread, CHAIN, BEFORE_B);
    const { run: last } = await goOn(thread, CHAIN, { ...BEFORE_B, command: { goto: [{ node: "b" }] } });
    expect([last.status, done.filter((node) => node === "b").length > 0]).toEqual(["success", true]);
  });

  it("does not stop what a pause has kept from beginning", async () => {
    let isOver = false;
    ownKind("slow", async () => {
      while (!isOver) await scheduler.wait(2);
      return { writes: [] };
    });
    const graph = { ...CHAIN, nodes: { a: { kind: "slow" }, b: step, c: step } };
    const thread = openThread();
    await pausedBehind(thread, graph, () => (isOver = true));
    expect([done, (await stateOf(thread)).next]).toEqual([[], ["b"]]);
    expect((await goOn(thread, graph, { interruptBefore: ["b", "c"] })).run.status).toBe("interrupted");
    expect([done, (await stateOf(thread)).next]).toEqual([["b"], ["c"]]);
  });

  it("in a graph inside: by the node's name, by the names around it, and with `*`", async () => {
    const inside = { channels: CHANNELS, nodes: { p: step, q: step }, edges: edges(["start", "p"], ["p", "q"]) };
    const outer: JsonObject = {
      channels: CHANNELS,
      nodes: { sub: { kind: "subgraph", graph: inside, input: {}, output: { log: "state.log" } }, last: step },
      edges: edges(["start", "sub"], ["sub", "last"]),
    };
    for (const nodes of [["q"], ["sub/q"]]) {
      done.length = 0;
      const thread = openThread();
      const stopped = await run(thread, outer, { interruptBefore: nodes });
      expect([stopped.run.status, done, (await stateOf(thread)).next]).toEqual(["interrupted", ["p"], ["sub"]]);
      await crash(thread);
      expect((await goOn(thread, outer, { interruptBefore: nodes })).run.status).toBe("success");
      expect(done).toEqual(["p", "q", "last"]);
    }
    done.length = 0;
    const thread = openThread();
    await run(thread, outer, { interruptBefore: "*" });
    let runs = 1;
    while ((await stateOf(thread)).next.length > 0) {
      await goOn(thread, outer, { interruptBefore: "*" });
      runs += 1;
    }
    expect([runs, done]).toEqual([5, ["p", "q", "last"]]);
  });

  it("that no node has the name of is refused", async () => {
    const thread = openThread();
    const odd = startOf(thread, CHAIN, {}, { interruptAfter: ["a", "nope"] });
    expect(await thread.api.startRun(odd)).toMatchObject({
      ok: false,
      error: { code: "invalid_request", pointer: "/interrupt_after/1" },
    });
  });
});

describe("[R8] a breakpoint after a node", () => {
  it("holds what its task leads to, and nothing else", async () => {
    const thread = openThread();
    const result = await run(thread, FORK, { interruptAfter: ["a"] });
    expect([result.run.status, done.toSorted(), (await stateOf(thread)).next]).toEqual([
      "interrupted",
      ["a", "x", "y"],
      ["b", "join"],
    ]);
    await crash(thread);
    const { run: last } = await goOn(thread, FORK, { interruptAfter: ["a"] });
    expect([last.status, done.slice(3)]).toEqual(["success", ["b", "join"]]);
  });

  it("holds what becomes ready only later, behind what else reaches it", async () => {
    const thread = openThread();
    await run(thread, FORK, { interruptAfter: ["b"] });
    expect(done.toSorted()).toEqual(["a", "b", "x", "y"]);
    expect((await stateOf(thread)).next).toEqual(["join"]);
    expect((await goOn(thread, FORK)).run.status).toBe("success");
  });

  it("holds sends one by one", async () => {
    const fan: JsonObject = {
      channels: { ...CHANNELS, list: { default: [1, 2] } },
      nodes: { a: step, each: step, other: step },
      edges: [...edges(["start", "a"], ["start", "other"]), { from: "a", to: "each", send: "state.list" }],
    };
    const thread = openThread();
    await run(thread, fan, { interruptAfter: ["a"] });
    expect(done.toSorted()).toEqual(["a", "other"]);
    expect((await stateOf(thread)).tasks).toHaveLength(2);
    await goOn(thread, fan);
    expect(done.filter((node) => node === "each")).toHaveLength(2);
  });

  it("of the last node leaves nothing to be held", async () => {
    expect((await run(openThread(), CHAIN, { interruptAfter: ["c"] })).run.status).toBe("success");
  });
});

describe("[R8] a breakpoint that the graph declares", () => {
  it("stops every run of it, before and after", async () => {
    const graph = { ...CHAIN, breakpoints: { before: ["b"], after: ["b"] } };
    const thread = openThread();
    expect((await run(thread, graph)).run.status).toBe("interrupted");
    expect(done).toEqual(["a"]);
    expect((await goOn(thread, graph)).run.status).toBe("interrupted");
    expect(done).toEqual(["a", "b"]);
    expect((await goOn(thread, graph)).run.status).toBe("success");
  });
});
