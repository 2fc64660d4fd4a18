import { applyD1Migrations, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { beforeAll, beforeEach, describe, expect, it } from "vitest";
import { failure, unwrap } from "../src/base/errors.ts";
import { secureRandom, uuidv5, uuidv7 } from "../src/base/ids.ts";
import type { Json, JsonObject } from "../src/base/json.ts";
import { unpack } from "./log/packing.ts";
import { addressOf, checkpointOf, edges, questions, untilTrue } from "./testing/going-on.ts";
import { copyLog, type LogCopy, notePositions, putBack } from "./testing/log-copy.ts";
import { openThread, startOf, type TestThread } from "./testing/open-thread.ts";
import { ownKind } from "./testing/own-kind.ts";
import type { StartRun } from "./thread-api.ts";

/** How often each task was executed, by its idempotency key. */
const executions = new Map<string, number>();

beforeAll(() => applyD1Migrations(env.DB, env.TEST_MIGRATIONS));

beforeEach(() => {
  executions.clear();
  ownKind("work", ({ node, idempotencyKey, scope }) => {
    executions.set(idempotencyKey, (executions.get(idempotencyKey) ?? 0) + 1);
    if (node === "flaky" && scope.read("fixed") === undefined) throw failure("node_failed", "not yet");
    return { writes: [{ channel: "log", value: node }] };
  });
});

const work = { kind: "work" };
const GRAPH: JsonObject = {
  channels: { log: { reducer: "append" }, said: {}, fixed: {}, went: { reducer: "append" } },
  nodes: {
    draft: work,
    aside: work,
    ask: { kind: "gate", ask: "{{ state.log }}", write: "said" },
    hold: { kind: "wait", signal: "go", write: "went" },
    flaky: work,
    each: {
      kind: "map",
      over: "[1, 2]",
      graph: {
        channels: { log: { reducer: "append" } },
        nodes: { mine: { kind: "gate", ask: "{{ item }}" }, note: work },
        edges: edges(["start", "mine"], ["mine", "note"]),
      },
    },
    last: work,
  },
  edges: edges(
    ["start", "draft"],
    ["draft", "ask"],
    ["draft", "aside"],
    ["ask", "hold"],
    ["hold", "flaky"],
    ["flaky", "each"],
    ["each", "last"],
    ["aside", "last"],
  ),
};
const MOVED: JsonObject = {
  ...GRAPH,
  nodes: { before: work, ...(GRAPH["nodes"] as JsonObject) },
  edges: [...edges(["start", "before"]), ...(GRAPH["edges"] as JsonObject[])],
};

/** One command; said again after a death, it says the same. */
interface Step {
  readonly name: string;
  readonly say: () => Promise<unknown>;
  /** Waits for what it leads to. */
  readonly settle?: () => Promise<unknown>;
}

function stepsOn(thread: TestThread): readonly Step[] {
  const of = addressOf(thread);
  const base = uuidv7(Date.now(), secureRandom);
  const runs: string[] = [];
  const idOf = (name: string): string => {
    const id = uuidv5(name, base);
    runs.push(id);
    return id;
  };
  const join = (runId: string) => async () => unwrap(await thread.api.joinRun({ ...of, runId }));
  const waiting = (runId: string) => () =>
    untilTrue(async () => {
      const { status } = unwrap(await thread.api.getRun({ ...of, runId }));
      return status !== "running" || unwrap(await thread.api.waitsOf({ ...of, runId })).length > 0;
    });
  const start = (
    name: string,
    input: Json,
    settle: (runId: string) => Step["settle"],
    more: () => Promise<Partial<StartRun>> = async () => ({}),
  ): Step => {
    const runId = idOf(name);
    const wait = settle(runId);
    const say = async () =>
      unwrap(await thread.api.startRun(startOf(thread, GRAPH, input, { runId, ...(await more()) })));
    return { name, say, ...(wait && { settle: wait }) };
  };
  const answer = (name: string, what: Json, value: Json, settle: (runId: string) => Step["settle"]): Step => {
    const runId = idOf(name);
    const wait = settle(runId);
    const say = async () => {
      const open = await questions(thread);
      const asked = open.find((each) => JSON.stringify(each.value) === JSON.stringify(what));
      // The run that took it may have begun before the death.
      if (asked === undefined) return unwrap(await thread.api.getRun({ ...of, runId }));
      return unwrap(await thread.api.answerInterrupt({ ...of, interruptId: asked.id, value, by: null, runId }));
    };
    return { name, say, ...(wait && { settle: wait }) };
  };
  const update = (values: readonly (readonly [string, Json])[], asNode?: string): Step => ({
    name: `update ${JSON.stringify(values)}`,
    say: async () => unwrap(await thread.api.updateState({ ...of, values, ...(asNode && { asNode }) })),
  });
  const signal = (name: string, run: number, settle: number): Step => {
    const [runId, last] = [runs[run] ?? "", runs[settle] ?? ""];
    const id = uuidv5(name, base);
    const body = { ...of, runId, id, name: "go", key: null, payload: name };
    return { name, say: async () => unwrap(await thread.api.signalRun(body)), settle: join(last) };
  };
  const stop = (how: "pauseRun" | "cancelRun", run: number): Step => {
    const runId = runs[run] ?? "";
    return { name: how, say: async () => unwrap(await thread.api[how]({ ...of, runId })), settle: join(runId) };
  };
  const checkpointId = async () => {
    const history = unwrap(await thread.api.getHistory({ ...of, limit: 100 }));
    return checkpointOf(history.findLast(({ next }) => next.includes("ask")));
  };
  return [
    start("start", {}, join), // 0
    answer("answer", ["draft"], "yes", waiting), // 1
    stop("pauseRun", 1),
    start("go on", null, waiting), // 2
    stop("pauseRun", 2),
    update([["log", "edited"]]),
    start("go on again", null, waiting), // 3
    signal("signal", 3, 3),
    update([["fixed", 1]]),
    start("redrive", null, join), // 4
    answer("item 1", 1, "one", join), // 5
    start("fork", null, join, async () => ({ checkpointId: await checkpointId() })), // 6
    answer("answer the fork", ["draft"], "no", waiting), // 7
    stop("cancelRun", 7),
    start("go on after a cancel", null, waiting), // 8
    signal("signal the fork", 8, 8),
    update([["log", "by hand"]], "flaky"),
    {
      name: "migrate",
      say: async () => {
        const graph = { ...startOf(thread, MOVED).graph, version: 2 };
        unwrap(await thread.api.migrate({ ...of, graph }));
      },
    },
    start("go on there", null, join), // 9
    answer("item 2 there", 2, "two", join), // 10
    answer("item 1 there", 1, "one", join), // 11
  ];
}

interface Ended {
  readonly values: Json;
  readonly runs: Json;
  readonly entries: readonly string[];
}

async function ended(thread: TestThread): Promise<Ended> {
  const { values } = unwrap(await thread.api.getState(addressOf(thread)));
  const runs = unwrap(await thread.api.listRuns({ ...addressOf(thread), limit: 100, offset: 0 }));
  const { commits, runs: rows } = await copyLog(thread);
  const entries = entriesOf(commits, rows)
    // A death that cut attempts off is told in the log of its own.
    .filter(([letter]) => letter !== "l")
    .map((entry) => JSON.stringify(entry.slice(0, 2).filter((part) => typeof part === "string")));
  return {
    values,
    runs: runs.map(({ run_id, status, error }) => [run_id, status, error?.code ?? null]) as Json,
    entries: entries.sort(),
  };
}

function entriesOf(commits: LogCopy["commits"], runs: LogCopy["runs"]): (readonly Json[])[] {
  const ids = new Map(runs.map(({ n, run_id }) => [n, run_id]));
  return commits.map(({ body, run }) => JSON.parse(unpack(body, ids.get(run))) as readonly Json[]);
}

/** The idempotency keys of what had been done by then. */
function settled({ commits, runs, continuations }: LogCopy, seq: number): string[] {
  const lineages = new Map(runs.map(({ n, run_id }) => [n, run_id]));
  for (const { run, lineage } of continuations) lineages.set(run, lineage);
  const before = commits.filter((commit) => commit.seq <= seq);
  return entriesOf(before, runs).flatMap(([letter, task], index) =>
    letter === "o" && typeof task === "string" ? [`${lineages.get(before[index]?.run ?? 0)}:${task}`] : [],
  );
}

const lastOf = ({ stub }: TestThread): Promise<number> =>
  runInDurableObject(
    stub,
    (_, { storage }) => storage.sql.exec<{ seq: number }>("SELECT max(seq) AS seq FROM commits").one().seq,
  );

describe("[F1] a death after any commit of a chain of runs", () => {
  it("leads to the same end: nothing done twice, no answer lost, nothing half written", {
    timeout: 90_000,
  }, async () => {
    const thread = openThread();
    const steps = stepsOn(thread);
    unwrap(await thread.api.createThread({ ...addressOf(thread), metadata: {}, ifExists: "raise" }));
    const positions = await notePositions(thread);
    const ends: number[] = [];
    for (const { say, settle } of steps) {
      await say();
      await settle?.();
      ends.push(await lastOf(thread));
    }
    const whole = await ended(thread);
    expect(whole.values).toEqual({
      log: ["draft", "aside", "by hand", "note", "note", "last"],
      said: "no",
      went: ["signal the fork"],
    });
    const copy = await copyLog(thread);
    const places = [...positions];
    expect(places.length).toBeGreaterThan(40);
    for (const seq of places) {
      await putBack(thread, copy, seq);
      executions.clear();
      const from = ends.findIndex((end) => seq < end);
      const first = from < 0 ? steps.length : from;
      // What had been acknowledged is not said again.
      if (first > 0) await steps[first - 1]?.settle?.();
      for (const { name, say, settle } of steps.slice(first)) {
        await Promise.resolve(say()).catch((thrown: unknown) => {
          throw new Error(`After commit ${seq}, at "${name}": ${String(thrown)}`);
        });
        await settle?.();
      }
      expect([seq, await ended(thread)]).toEqual([seq, whole]);
      for (const [key, count] of executions) expect([seq, key, count <= 2]).toEqual([seq, key, true]);
      expect([seq, settled(copy, seq).filter((key) => executions.has(key))]).toEqual([seq, []]);
    }
  });
});
