import { runInDurableObject } from "cloudflare:test";
import { beforeEach, describe, expect, it } from "vitest";
import { failure, unwrap } from "../src/base/errors.ts";
import type { Json, JsonObject } from "../src/base/json.ts";
import {
  addressOf,
  checkpointOf,
  answer,
  answered,
  edges,
  goOn,
  question,
  questions,
  say,
  start,
} from "./testing/going-on.ts";
import { crash, follow, openThread, runToEnd, startOf, stateOf, type TestThread } from "./testing/open-thread.ts";
import { ownKind } from "./testing/own-kind.ts";
import type { StreamMode, ThreadState } from "./thread-api.ts";

const done: string[] = [];

beforeEach(() => {
  done.length = 0;
  ownKind("work", ({ node }) => {
    done.push(node);
    return { writes: [{ channel: "log", value: node }] };
  });
});

const work = { kind: "work" };
const CHANNELS = { log: { reducer: "append" }, said: {} };
const LINE: JsonObject = {
  channels: CHANNELS,
  nodes: { a: work, gate: { kind: "gate", ask: "?", write: "said" }, b: work, c: work },
  edges: edges(["start", "a"], ["a", "gate"], ["gate", "b"], ["b", "c"]),
};

const historyOf = async (thread: TestThread): Promise<readonly ThreadState[]> =>
  unwrap(await thread.api.getHistory({ ...addressOf(thread), limit: 100 }));
const parentOf = (state: ThreadState): string => checkpointOf({ checkpoint: state.parent_checkpoint });
/** The newest checkpoint at which this was next. */
const at = (history: readonly ThreadState[], next: string): string =>
  checkpointOf(history.find((state) => state.next.includes(next)));

/** Whatever is asked of a checkpoint by its id says the same as the list of all, before and after a restart. */
async function expectSameByAll(thread: TestThread): Promise<void> {
  const all = await historyOf(thread);
  const bySteps: ThreadState[] = [];
  for (const state of all)
    bySteps.push(unwrap(await thread.api.getState({ ...addressOf(thread), checkpointId: checkpointOf(state) })));
  expect(bySteps).toEqual(all);
  const rows = JSON.parse(
    unwrap(
      await thread.api.getHistoryJson({
        ...addressOf(thread),
        limit: 100,
        select: ["metadata", "checkpoint", "parent_checkpoint"],
      }),
    ),
  ) as ThreadState[];
  expect(rows).toEqual(
    all.map(({ metadata, checkpoint, parent_checkpoint }) => ({ metadata, checkpoint, parent_checkpoint })),
  );
  // Each is one step further than what it stands on, and that is there.
  const steps = new Map(all.map((state) => [checkpointOf(state), Number(state.metadata?.["step"])]));
  for (const state of all) {
    const parent = parentOf(state);
    if (parent === "") expect(steps.get(checkpointOf(state))).toBe(-1);
    else
      expect([checkpointOf(state), steps.get(checkpointOf(state))]).toEqual([
        checkpointOf(state),
        Number(steps.get(parent)) + 1,
      ]);
  }
}

describe("[G10] forks", () => {
  it("that ask at once stand on what they were forked from: its state is theirs, and what follows is their child", async () => {
    const thread = openThread();
    await runToEnd(thread, LINE);
    const first = await question(thread);
    await answered(thread, first.id, "yes");
    const before = await historyOf(thread);
    const checkpointId = at(before, "gate");
    expect((await goOn(thread, LINE, { checkpointId })).run.status).toBe("interrupted");
    const forked = await question(thread);
    expect(forked.id).not.toBe(first.id);
    const state = await stateOf(thread);
    expect([checkpointOf(state), state.next, state.values["log"]]).toEqual([checkpointId, ["gate"], ["a"]]);
    expect(state.interrupts).toEqual([{ id: forked.id, value: "?" }]);
    expect(await historyOf(thread)).toEqual(before);
    await crash(thread);
    const { values } = await answered(thread, forked.id, "no");
    expect(values).toEqual({ log: ["a", "b", "c"], said: "no" });
    const after = await historyOf(thread);
    expect(after.slice(-before.length)).toEqual(before);
    const mine = after.slice(0, -before.length);
    expect(mine.map(parentOf)).toEqual([...mine.slice(1).map(checkpointOf), checkpointId]);
    await expectSameByAll(thread);
  });

  it("of forks, in the middle of chains, after writes and inputs: parents, steps and states are right, and stay", {
    timeout: 20_000,
  }, async () => {
    const thread = openThread();
    await runToEnd(thread, LINE);
    await answered(thread, (await question(thread)).id, "one");
    const first = await historyOf(thread);
    await goOn(thread, LINE, { checkpointId: at(first, "gate") });
    await goOn(thread, LINE, { command: say("two") });
    const second = await historyOf(thread);
    await goOn(thread, LINE, { checkpointId: at(second, "c") });
    unwrap(
      await thread.api.updateState({ ...addressOf(thread), checkpointId: at(first, "b"), values: [["log", "edited"]] }),
    );
    expect((await goOn(thread, LINE)).values["log"]).toEqual(["a", "edited", "b", "c"]);
    await runToEnd(thread, LINE, { said: "anew" });
    await goOn(thread, LINE, { checkpointId: at(second, "gate") });
    await runToEnd(thread, LINE, { said: "on a fork without a checkpoint of its own" });
    expect((await stateOf(thread)).values["log"]).toEqual(["a", "a"]);
    await answered(thread, (await question(thread)).id, "three");
    unwrap(await thread.api.updateState({ ...addressOf(thread), values: [["log", "last"]] }));
    const all = await historyOf(thread);
    expect(all.slice(-first.length)).toEqual(first);
    expect(all.slice(-second.length)).toEqual(second);
    await expectSameByAll(thread);
    await crash(thread);
    expect(await historyOf(thread)).toEqual(all);
    await expectSameByAll(thread);
  });

  it("take an answer with them to what was asked at their checkpoint, also by a run that had gone on from it", async () => {
    const thread = openThread();
    await runToEnd(thread, LINE);
    const first = at(await historyOf(thread), "gate");
    unwrap(await thread.api.updateState({ ...addressOf(thread), checkpointId: first, values: [["log", "edited"]] }));
    const checkpointId = checkpointOf(await stateOf(thread));
    await goOn(thread, LINE);
    await answered(thread, (await question(thread)).id, "one");
    const { run, values } = await goOn(thread, LINE, { checkpointId, command: say("two") });
    expect([run.status, values]).toEqual(["success", { log: ["a", "edited", "b", "c"], said: "two" }]);
    expect((await goOn(thread, LINE, { checkpointId: first, command: say("three") })).values).toEqual({
      log: ["a", "b", "c"],
      said: "three",
    });
    await expectSameByAll(thread);
  });

  it("of a run that was cancelled later are not cancelled", async () => {
    const thread = openThread();
    const graph = { ...LINE, nodes: { ...(LINE["nodes"] as JsonObject), c: { kind: "wait", for: "1h" } } };
    await runToEnd(thread, graph);
    const { run } = unwrap(await answer(thread, (await question(thread)).id, "yes"));
    unwrap(await thread.api.cancelRun({ ...addressOf(thread), runId: run.run_id }));
    const checkpointId = at(await historyOf(thread), "b");
    unwrap(await thread.api.updateState({ ...addressOf(thread), checkpointId, values: [["log", "x"]] }));
    const last = await runInDurableObject(thread.stub, (_, { storage }) =>
      storage.sql
        .exec<{ status: string; error: string }>("SELECT status, error FROM runs ORDER BY n DESC LIMIT 1")
        .one(),
    );
    expect(last).toEqual({ status: "interrupted", error: null });
  });
});

describe("[design 3] what an unsafe node has done after the point that a fork starts from", () => {
  const PAID: JsonObject = {
    channels: { ...CHANNELS, paid: {} },
    nodes: { a: work, pay: { kind: "pay", effect: "unsafe" }, b: work },
    edges: edges(["start", "a"], ["a", "pay"], ["pay", "b"]),
  };
  let paid = 0;
  beforeEach(() => {
    paid = 0;
    ownKind("pay", () => {
      paid += 1;
      return { writes: [{ channel: "paid", value: paid }] };
    });
  });

  it.each([
    ["replayed", false, false],
    ["replayed after a crash", false, true],
    ["written to", true, false],
    ["written to, and a crash", true, true],
  ] as const)("is asked about, and taken as it was recorded: %s", async (_, isWritten, isCrashed) => {
    const thread = openThread();
    await runToEnd(thread, PAID);
    const checkpointId = at(await historyOf(thread), "pay");
    if (isWritten)
      unwrap(await thread.api.updateState({ ...addressOf(thread), checkpointId, values: [["log", "edited"]] }));
    if (isCrashed) await crash(thread);
    const { run } = await goOn(thread, PAID, isWritten ? {} : { checkpointId });
    expect([run.status, paid]).toEqual(["interrupted", 1]);
    if (isCrashed) await crash(thread);
    const asked = await question(thread);
    expect(asked).toMatchObject({ kind: "outcome_unknown", value: { recorded: { paid: 1 } } });
    const { values } = await answered(thread, asked.id, { decision: "done" });
    expect([paid, values["paid"]]).toEqual([1, 1]);
    const log = isWritten ? ["a", "edited", "b"] : ["a", "b"];
    expect(values["log"]).toEqual(log);
  });

  it("is found whatever other graphs have run on the thread since", async () => {
    const thread = openThread();
    await runToEnd(thread, PAID);
    const checkpointId = at(await historyOf(thread), "pay");
    const nodes = Object.fromEntries(Array.from({ length: 6 }, (_, index) => [`n${index}`, work]));
    const other = { id: "other", channels: CHANNELS, nodes, edges: edges(["start", "n0"], ["start", "n5"]) };
    await runToEnd(thread, other);
    expect((await goOn(thread, PAID, { checkpointId })).run.status).toBe("interrupted");
    await crash(thread);
    expect(await question(thread)).toMatchObject({ value: { recorded: { paid: 1 } } });
    expect(paid).toBe(1);
  });

  it("is asked about on a version that it was moved to before (G11)", async () => {
    const thread = openThread();
    const graph = {
      ...PAID,
      nodes: { ...(PAID["nodes"] as JsonObject), gate: { kind: "gate", ask: "?" } },
      edges: edges(["start", "a"], ["a", "gate"], ["gate", "pay"], ["pay", "b"]),
    };
    await runToEnd(thread, graph);
    const next = {
      ...graph,
      nodes: { first: work, ...graph.nodes },
      edges: [...graph.edges, ...edges(["start", "first"])],
    };
    unwrap(await thread.api.migrate({ ...addressOf(thread), graph: { ...startOf(thread, next).graph, version: 2 } }));
    await answered(thread, (await question(thread)).id, 1);
    expect(paid).toBe(1);
    const history = await historyOf(thread);
    expect(history.find(({ metadata }) => metadata?.["source"] === "fork")).toBeUndefined();
    const checkpointId = at(history, "pay");
    expect((await goOn(thread, graph, { checkpointId })).run.status).toBe("interrupted");
    expect(await question(thread)).toMatchObject({ kind: "outcome_unknown", value: { recorded: { paid: 1 } } });
    expect(paid).toBe(1);
    await expectSameByAll(thread);
  });
});

describe("the state at a checkpoint", () => {
  it("shows what was open then: asked before it or after, in that run or in one that goes on from it", async () => {
    const thread = openThread();
    const slow = { kind: "wait", for: "5ms" };
    const graph = {
      channels: CHANNELS,
      nodes: {
        one: { kind: "gate", ask: "one" },
        slow,
        aside: work,
        two: { kind: "gate", ask: "two" },
        after: work,
      },
      edges: edges(["start", "one"], ["start", "slow"], ["slow", "aside"], ["aside", "two"], ["one", "after"]),
    };
    await runToEnd(thread, graph);
    const asked = await questions(thread);
    const [one, two] = ["one", "two"].map((value) => asked.find((each) => each.value === value)?.id ?? "");
    const newest = await stateOf(thread);
    expect(newest.interrupts).toHaveLength(2);
    await answered(thread, one ?? "", 1);
    await answered(thread, two ?? "", 2);
    const history = await historyOf(thread);
    const shown = history.map(({ next, interrupts }) => [
      next.join(),
      interrupts.map((each) => (each as JsonObject)["value"]),
    ]);
    expect(shown).toEqual([
      ["", []],
      ["two", ["two"]],
      ["after,two", ["two"]],
      // what ran ahead of the first question is shown when the run rests: a step for each level
      ["one,two", ["one", "two"]],
      ["one,two", ["one", "two"]],
      ["one,slow", ["one"]],
      ["__start__", []],
    ]);
    await expectSameByAll(thread);
    await crash(thread);
    await expectSameByAll(thread);
  });

  it("of a cancelled run shows nothing to answer", async () => {
    const thread = openThread();
    const graph = {
      channels: CHANNELS,
      nodes: { gate: { kind: "gate", ask: "?" }, hold: { kind: "wait", for: "1h" } },
      edges: edges(["start", "gate"], ["start", "hold"]),
    };
    const command = startOf(thread, graph);
    unwrap(await thread.api.startRun(command));
    await question(thread);
    unwrap(await thread.api.cancelRun(command));
    expect(await questions(thread)).toEqual([]);
    expect(unwrap(await thread.api.joinRun(command)).interrupts).toEqual([]);
    expect((await stateOf(thread)).interrupts).toEqual([]);
    expect(
      JSON.stringify(await follow(thread, command.runId, ["values", "updates"])).split("__interrupt__"),
    ).toHaveLength(3);
  });
});

describe("[G7] followers of every run of a chain", () => {
  const MODES: readonly StreamMode[] = ["values", "updates", "messages-tuple", "custom", "tasks"];

  it("are shown the same in every mode, from every frame on, before and after a restart", {
    timeout: 30_000,
  }, async () => {
    const thread = openThread();
    const runs: string[] = [];
    const keep = ({ run }: { readonly run: { readonly run_id: string } }) => runs.push(run.run_id);
    keep(await runToEnd(thread, LINE));
    unwrap(await thread.api.updateState({ ...addressOf(thread), values: [["log", "x"]] }));
    keep(await goOn(thread, LINE));
    keep(await answered(thread, (await question(thread)).id, "yes"));
    const checkpointId = at(await historyOf(thread), "gate");
    keep(await goOn(thread, LINE, { checkpointId }));
    keep(await goOn(thread, LINE, { command: { ...say("no"), update: [["log", "y"]], goto: [{ node: "c" }] } }));
    keep(await runToEnd(thread, LINE, { said: "input" }));
    const shown = new Map<string, Json>();
    for (const times of [1, 2]) {
      for (const run of runs) {
        for (const modes of [MODES, ...MODES.map((mode) => [mode])]) {
          const all = await follow(thread, run, modes);
          const ids = all.map(({ id }) => id);
          expect(ids).toEqual([...new Set(ids)].sort((one, other) => one - other));
          for (const [index, id] of ids.entries())
            expect(await follow(thread, run, modes, id)).toEqual(all.slice(index + 1));
          const key = `${run} ${modes.join()}`;
          if (times === 1) shown.set(key, all as unknown as Json);
          else expect(all).toEqual(shown.get(key));
        }
      }
      await crash(thread);
    }
  });

  it("hear what was streamed, and by which attempt, also of a run whose object died in the middle", {
    timeout: 30_000,
  }, async () => {
    let isSlow = false;
    ownKind("talk", async ({ say: tell, scope, messageId }) => {
      for (const word of ["one ", "two ", "three"]) {
        tell(word);
        await scheduler.wait(isSlow ? 400 : 3);
      }
      if (scope.read("said") === undefined) throw failure("node_failed", "not yet");
      return {
        writes: [{ channel: "log", value: "talk" }],
        message: { id: messageId, content: "one two three" } as never,
      };
    });
    const graph = { channels: CHANNELS, nodes: { talk: { kind: "talk" } }, edges: edges(["start", "talk"]) };
    const thread = openThread();
    const runs = [(await runToEnd(thread, graph)).run.run_id, (await goOn(thread, graph)).run.run_id];
    unwrap(await thread.api.updateState({ ...addressOf(thread), values: [["said", "x"]] }));
    isSlow = true;
    const command = await start(thread, graph, null);
    const query = { ...command, modes: MODES, after: -1, cancelOnDisconnect: false };
    const reader = unwrap(await thread.api.followRun(query))
      .pipeThrough(new TextDecoderStream())
      .getReader();
    let heard = "";
    while (!heard.includes("two ")) heard += (await reader.read()).value ?? "";
    const [, cutOff] = /"AIMessageChunk","id":"([^"]+)"/.exec(heard) ?? [];
    isSlow = false;
    await crash(thread);
    expect(unwrap(await thread.api.joinRun(command)).run.status).toBe("success");
    runs.push(command.runId);
    for (const times of [1, 2]) {
      for (const run of runs) {
        const all = await follow(thread, run, MODES);
        const ids = all.map(({ id }) => id);
        expect(ids).toEqual([...new Set(ids)].sort((one, other) => one - other));
        for (const [index, id] of ids.entries())
          expect(await follow(thread, run, MODES, id)).toEqual(all.slice(index + 1));
        const texts = new Map<string, string>();
        for (const { event, data } of all) {
          const [message] = event === "messages" ? (data as unknown as { id: string; content: string }[]) : [];
          if (message !== undefined) texts.set(message.id, (texts.get(message.id) ?? "") + message.content);
        }
        expect([typeof cutOff, texts.has(cutOff ?? "")]).toEqual(["string", false]);
        // No two attempts share a message.
        for (const text of texts.values()) expect("one two three".startsWith(text)).toBe(true);
        expect([...texts.values()]).toContain("one two three");
      }
      if (times === 1) await crash(thread);
    }
  });
});
