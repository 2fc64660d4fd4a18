import { isDeepStrictEqual } from "node:util";
import { applyD1Migrations, evictDurableObject, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { beforeAll, describe, expect, it } from "vitest";
import { unwrap } from "../src/base/errors.ts";
import { secureRandom, uuidv7 } from "../src/base/ids.ts";
import type { Json, JsonObject } from "../src/base/json.ts";
import { chain } from "./testing/composite-graphs.ts";
import { DEEP, MANY } from "./testing/frame-graphs.ts";
import { openThread, runToEnd, startOf, stateOf, type TestThread } from "./testing/open-thread.ts";
import type { HistoryQuery, StateQuery, ThreadState } from "./thread-api.ts";

beforeAll(() => applyD1Migrations(env.DB, env.TEST_MIGRATIONS));

interface ShownTask {
  readonly id: string;
  readonly name: string;
  readonly error: string | null;
  readonly interrupts: readonly Json[];
  readonly checkpoint: { readonly thread_id: string; readonly checkpoint_ns: string } | null;
  readonly state: ThreadState | null;
  readonly frames?: readonly { readonly frame: number; readonly checkpoint_ns: string }[];
}

const of = ({ tenant, threadId }: TestThread) => ({ tenant, threadId });
const tasksOf = (state: ThreadState | null) => (state?.tasks ?? []) as unknown as readonly ShownTask[];
const idOf = ({ checkpoint }: Pick<ThreadState, "checkpoint">) => checkpoint?.["checkpoint_id"] as string;
const mapOf = ({ checkpoint }: ThreadState) => checkpoint?.["checkpoint_map"] as Record<string, string> | null;

async function stateAt(thread: TestThread, query: Partial<StateQuery>): Promise<ThreadState> {
  return unwrap(await thread.api.getState({ ...of(thread), ...query }));
}

async function historyOf(thread: TestThread, query: Partial<HistoryQuery> = {}): Promise<readonly ThreadState[]> {
  return unwrap(await thread.api.getHistory({ ...of(thread), limit: 100, ...query }));
}

/** The state's first task, and its frame's name. */
function only(state: ThreadState | null): ShownTask & { readonly namespace: string } {
  const [task] = tasksOf(state);
  if (task === undefined) throw new Error("No task is in flight.");
  return { ...task, namespace: task.checkpoint?.checkpoint_ns ?? "" };
}

async function answerAll(thread: TestThread, value: Json): Promise<void> {
  for (const { id } of unwrap(await thread.api.interruptsOf(of(thread)))) {
    const runId = uuidv7(Date.now(), secureRandom);
    unwrap(await thread.api.answerInterrupt({ ...of(thread), interruptId: id, value, by: null, runId }));
    unwrap(await thread.api.joinRun({ ...of(thread), runId }));
  }
}

/** Two floors down, waiting: the names of both frames. */
async function waiting(graph = DEEP): Promise<{ thread: TestThread; outer: string; inner: string }> {
  const thread = openThread();
  expect((await runToEnd(thread, graph)).run.status).toBe("interrupted");
  const outer = only(await stateOf(thread)).namespace;
  const inner = only(await stateAt(thread, { namespace: outer })).namespace;
  return { thread, outer, inner };
}

describe("[R10] the state of a frame that is open", () => {
  it("is named by its composite's task, and stands there whole where subgraphs are asked for", async () => {
    const { thread, outer, inner } = await waiting();
    const task = only(await stateOf(thread));
    expect(task).toMatchObject({ name: "outer", state: null, checkpoint: { thread_id: thread.threadId } });
    expect(outer).toBe(`outer:${task.id}`);
    const whole = only(await stateAt(thread, { subgraphs: true }));
    expect(whole).toMatchObject({
      id: task.id,
      checkpoint: null,
      state: { next: ["inner"], values: { log: ["before", "first"] } },
    });
    const within = only(whole.state);
    expect(inner).toBe(`${outer}|inner:${within.id}`);
    expect(within).toMatchObject({
      checkpoint: null,
      state: { next: ["ask"], values: { log: ["before", "first", "in"] } },
    });
    const asking = only(within.state);
    expect(asking.interrupts).toEqual([{ id: expect.any(String), value: "go on?" }]);
    expect(whole.interrupts).toEqual(asking.interrupts);
    const { tasks: _shown, ...state } = await stateAt(thread, { namespace: outer, subgraphs: true });
    expect(whole.state).toMatchObject(state);
    expect(within.state).toEqual(await stateAt(thread, { namespace: inner }));
  });

  it("is the same after a restart", async () => {
    const { thread, outer, inner } = await waiting();
    const ask = async () => [
      await stateAt(thread, { subgraphs: true }),
      await stateAt(thread, { namespace: inner }),
      await historyOf(thread, { namespace: outer }),
    ];
    const before = await ask();
    await evictDurableObject(thread.stub);
    expect(await ask()).toEqual(before);
  });

  it("of many frames is named for each of them that is open, and has no place in the task", async () => {
    const thread = openThread();
    await runToEnd(thread, MANY);
    const task = only(await stateAt(thread, { subgraphs: true }));
    expect(task).toMatchObject({ name: "each", checkpoint: null, state: null });
    expect(task.frames).toEqual([0, 1].map((frame) => ({ frame, checkpoint_ns: `each:${task.id}:${frame}` })));
    for (const { frame, checkpoint_ns: namespace } of task.frames ?? []) {
      const state = await stateAt(thread, { namespace });
      expect(state).toMatchObject({ values: { n: frame + 1 }, next: ["ask"], parent_checkpoint: null });
      expect(state.interrupts).toEqual([{ id: expect.any(String), value: frame + 1 }]);
    }
  });
});

describe("[R10] the history of a frame", () => {
  it("has an entry for each of its commits, with parents inside and the checkpoints around", async () => {
    const { thread, outer, inner } = await waiting();
    await answerAll(thread, "yes");
    expect((await stateOf(thread)).values["log"]).toEqual(["before", "first", "in", "out", "last", "after"]);
    const [root, middle, deepest] = [
      await historyOf(thread),
      await historyOf(thread, { namespace: outer }),
      await historyOf(thread, { namespace: inner }),
    ];
    expect(deepest.map(({ values }) => values["said"] ?? null)).toEqual(["yes", "yes", null, null]);
    expect(deepest.map(({ next }) => next)).toEqual([[], ["end_in"], ["ask"], ["start_in"]]);
    expect(middle.map(({ next }) => next)).toEqual([[], ["last"], ["inner"], ["first"]]);
    expect(deepest.map(({ metadata }) => [metadata?.["source"], metadata?.["step"]])).toEqual([
      ["loop", 2],
      ["loop", 1],
      ["loop", 0],
      ["input", -1],
    ]);
    for (const history of [middle, deepest])
      for (const [index, state] of history.entries())
        expect(state.parent_checkpoint).toEqual(history[index + 1]?.checkpoint ?? null);
    for (const state of deepest) {
      const { [inner]: own, ...parents } = mapOf(state) ?? {};
      expect(own).toBe(idOf(state));
      expect(state.metadata?.["parents"]).toEqual(parents);
      const [above, around] = [
        root.find((each) => idOf(each) === parents[""]),
        middle.find((each) => idOf(each) === parents[outer]),
      ];
      expect([above?.next, around?.next]).toEqual([["outer"], ["inner"]]);
      expect(mapOf(around as ThreadState)?.[""]).toBe(parents[""]);
    }
  });

  it("is that of a run of its graph by itself [R10b]", async () => {
    const inside: JsonObject = {
      channels: { n: {}, seen: { reducer: "append" } },
      nodes: {
        double: { kind: "transform", set: { n: "state.n * 2", seen: "state.n" } },
        left: { kind: "transform", set: { seen: "'left'" } },
        right: { kind: "wait", for: "5ms" },
        join: { kind: "transform", set: { seen: "size(state.seen)" } },
      },
      edges: [
        { from: "start", to: "double" },
        { from: "double", to: "double", when: "state.n < 30" },
        ...["left", "right"].flatMap((side) => [
          { from: "double", to: side, when: "state.n >= 30" },
          { from: side, to: "join" },
        ]),
      ],
    };
    const outer = {
      channels: { r: {} },
      nodes: {
        each: { kind: "map", over: "[3, 5, 9]", input: { n: "item" }, output: { r: "state.n" }, graph: inside },
      },
      edges: chain("each"),
    };
    const thread = openThread();
    await runToEnd(thread, outer);
    const { id } = only((await historyOf(thread)).at(-2) ?? null);
    const told = ({ values, next, tasks }: ThreadState) => ({ values, next, tasks: tasks.length });
    for (const [frame, n] of [3, 5, 9].entries()) {
      const alone = openThread();
      await runToEnd(alone, inside, { n });
      // All but what it began on, which a frame does not show.
      const own = (await historyOf(alone)).map(told).slice(0, -1);
      const inner = (await historyOf(thread, { namespace: `each:${id}:${frame}` })).map(told);
      // It has an entry for each commit, a run one for each step: of the two branches one is first.
      expect(inner).toHaveLength(own.length + 1);
      expect(inner.filter((state) => own.some((step) => isDeepStrictEqual(step, state)))).toEqual(own);
    }
  });

  it("comes in pages, and each of its states alone", async () => {
    const { thread, inner: namespace } = await waiting();
    await answerAll(thread, "yes");
    const all = await historyOf(thread, { namespace });
    const [first, second] = [
      await historyOf(thread, { namespace, limit: 3 }),
      await historyOf(thread, { namespace, limit: 3, before: idOf(all[2] as ThreadState) }),
    ];
    expect([...first, ...second]).toEqual(all);
    for (const state of all) expect(await stateAt(thread, { namespace, checkpointId: idOf(state) })).toEqual(state);
    expect(await stateAt(thread, { namespace })).toEqual(all[0]);
    const runs = all.map(({ metadata }) => metadata?.["run_id"] as string);
    expect(new Set(runs).size).toBe(2);
    const ofFirst = await historyOf(thread, { namespace, metadata: { run_id: runs[3] ?? "" } });
    expect(ofFirst).toEqual(all.slice(2));
    const json = unwrap(
      await thread.api.getHistoryJson({ ...of(thread), limit: 9, namespace, select: ["checkpoint"] }),
    );
    expect(JSON.parse(json)).toEqual(all.map(({ checkpoint }) => ({ checkpoint })));
  });

  it("tells what a frame has failed of, when that is borne", async () => {
    const thread = openThread();
    await runToEnd(thread, MANY);
    const { id } = only(await stateOf(thread));
    await answerAll(thread, "yes");
    const [end, before] = await historyOf(thread, { namespace: `each:${id}:1` });
    expect(end).toMatchObject({ next: [], tasks: [{ name: "no", error: "no luck" }], values: { said: "yes" } });
    expect(before).toMatchObject({ next: ["no"], tasks: [{ name: "no", error: null }] });
    await answerAll(thread, "yes");
    expect((await stateOf(thread)).values["said"]).toEqual(["yes", "yes"]);
    expect((await historyOf(thread, { namespace: `each:${id}:2` })).map(({ next }) => next)).toEqual([[], ["ask"]]);
  });

  it("of each turn of a loop begins with what the one before left", async () => {
    const inside = {
      channels: { n: { default: 1 } },
      nodes: { add: { kind: "transform", set: { n: "state.n * 3" } } },
      edges: chain("add"),
    };
    const turns = { kind: "loop", times: "3", output: { n: "state.n" }, graph: inside };
    const thread = openThread();
    await runToEnd(thread, { channels: { n: {} }, nodes: { turns }, edges: chain("turns") });
    const { id } = only((await historyOf(thread)).at(-2) ?? null);
    const values = [0, 1, 2].map(async (turn) =>
      (await historyOf(thread, { namespace: `turns:${id}:${turn}` })).map((state) => state.values["n"]),
    );
    expect(await Promise.all(values)).toEqual([
      [3, 1],
      [9, 3],
      [27, 9],
    ]);
  });

  it("of one that a race dropped ends with its last commit (R11)", async () => {
    const inside = {
      channels: { said: {}, r: {} },
      nodes: {
        say: { kind: "transform", set: { said: "item" } },
        long: { kind: "wait", for: "1h" },
        short: { kind: "wait", for: "20ms" },
      },
      edges: [
        { from: "start", to: "say" },
        { from: "say", to: "long", when: "item == 1" },
        { from: "say", to: "short", when: "item != 1" },
      ],
    };
    const race = { kind: "race", over: "[1, 2]", output: { said: "state.said" }, graph: inside };
    const thread = openThread();
    const { values } = await runToEnd(thread, { channels: { said: {} }, nodes: { race }, edges: chain("race") });
    expect(values).toEqual({ said: 2 });
    const { id } = only((await historyOf(thread)).at(-2) ?? null);
    const [lost, won] = [0, 1].map((frame) => historyOf(thread, { namespace: `race:${id}:${frame}` }));
    expect((await lost)?.map(({ next }) => next)).toEqual([["long"], ["say"]]);
    expect((await won)?.map(({ next }) => next)).toEqual([[], ["short"], ["say"]]);
  });

  it("of a fork has a name of its own, and begins with what was there before", async () => {
    const beside = { kind: "wait", for: "30ms" };
    const nodes = { ...(DEEP["nodes"] as JsonObject), beside };
    const graph = { ...DEEP, nodes, edges: [...(DEEP["edges"] as Json[]), { from: "start", to: "beside" }] };
    const { thread, outer, inner } = await waiting(graph);
    // The wait beside it ended while the frames were open.
    const [here] = await historyOf(thread);
    await answerAll(thread, "first");
    const old = await historyOf(thread, { namespace: inner });
    const command = startOf(thread, graph, null, { checkpointId: idOf(here as ThreadState) });
    unwrap(await thread.api.startRun(command));
    expect(unwrap(await thread.api.joinRun(command)).run).toMatchObject({ status: "interrupted", error: null });
    const state = await stateOf(thread);
    expect([idOf(state), state.values["said"]]).toEqual([idOf(here as ThreadState), undefined]);
    const forked = only(state).namespace;
    const forkedInner = only(await stateAt(thread, { namespace: forked })).namespace;
    expect([outer, inner]).not.toContain(forked);
    await answerAll(thread, "second");
    const now = await historyOf(thread, { namespace: forkedInner });
    expect([old, now].map(([end]) => end?.values["said"])).toEqual(["first", "second"]);
    expect(now.slice(-2).map(idOf)).toEqual(old.slice(-2).map(idOf));
    for (const state of now)
      expect(await stateAt(thread, { namespace: forkedInner, checkpointId: idOf(state) })).toEqual(state);
    expect(await historyOf(thread, { namespace: inner })).toEqual(old);
  });

  it("is read from rows whose text stands outside of them", async () => {
    const { thread, outer, inner } = await waiting();
    await answerAll(thread, "yes");
    const ask = async () => [
      await historyOf(thread, { namespace: outer }),
      await historyOf(thread, { namespace: inner }),
    ];
    const before = await ask();
    await runInDurableObject(thread.stub, (_, { storage: { sql } }) => {
      sql.exec("INSERT INTO blobs (hash, part, body) SELECT 'row' || seq, 0, body FROM commits WHERE step IS NULL");
      sql.exec("UPDATE commits SET body = '#row' || seq WHERE step IS NULL");
    });
    await evictDurableObject(thread.stub);
    expect(await ask()).toEqual(before);
  });
});

describe("a frame that is not there", () => {
  it.each([
    ["another node", (name: string) => name.replace("outer", "other")],
    ["another task", (name: string) => `${name.slice(0, -1)}${name.endsWith("0") ? "1" : "0"}`],
    ["a number of one frame", (name: string) => `${name}:0`],
    ["no name at all", () => "no name at all"],
  ])("is not found: %s", async (_, change) => {
    const { thread, outer } = await waiting();
    const error = { code: "not_found", pointer: "/checkpoint/checkpoint_ns" };
    for (const call of [
      thread.api.getState({ ...of(thread), namespace: change(outer) }),
      thread.api.getHistory({ ...of(thread), limit: 1, namespace: change(outer) }),
    ])
      expect(await call).toMatchObject({ ok: false, error });
  });

  it("nor is one of many that has not begun, nor a checkpoint that is another frame's", async () => {
    const thread = openThread();
    await runToEnd(thread, MANY);
    const { id } = only(await stateOf(thread));
    for (const name of [`each:${id}`, `each:${id}:2`, `each:${id}:00`, `each:${id}:99`])
      expect(await thread.api.getState({ ...of(thread), namespace: name })).toMatchObject({
        ok: false,
        error: { code: "not_found" },
      });
    const other = await stateAt(thread, { namespace: `each:${id}:0` });
    for (const checkpointId of [idOf(other), idOf(await stateOf(thread))]) {
      const asked = thread.api.getState({ ...of(thread), namespace: `each:${id}:1`, checkpointId });
      expect(await asked).toMatchObject({
        ok: false,
        error: { code: "not_found", pointer: "/checkpoint/checkpoint_id" },
      });
    }
  });
});
