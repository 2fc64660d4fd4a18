import { applyD1Migrations, runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { beforeAll, beforeEach, describe, expect, it } from "vitest";
import { failure, unwrap } from "../src/base/errors.ts";
import type { Json, JsonObject } from "../src/base/json.ts";
import { crash, follow, openThread, runToEnd, says, startOf, type TestThread } from "./testing/open-thread.ts";
import { ownKind } from "./testing/own-kind.ts";
import type { StartRun, StreamMode } from "./thread-api.ts";

/** How often each task was executed, by its idempotency key. */
const executions = new Map<string, number>();
const stepsMade = new Map<string, number>();

beforeAll(async () => {
  await applyD1Migrations(env.DB, env.TEST_MIGRATIONS);
  ownKind("faulty-work", async ({ scope, attempt, once, idempotencyKey, say }) => {
    const count = (of: Map<string, number>) => of.set(idempotencyKey, (of.get(idempotencyKey) ?? 0) + 1);
    count(executions);
    const n = Number(scope.read("n"));
    const doubled = await once("double", () => {
      count(stepsMade);
      return n * 2;
    });
    say(`working on ${n}`);
    if (attempt === 1) throw failure("node_failed", "not yet", { retryable: true });
    if (n === 2) throw failure("node_failed", "never two");
    return { writes: [{ channel: "r", value: doubled }] };
  });
});

beforeEach(() => {
  executions.clear();
  stepsMade.clear();
});

const chain = (...ids: readonly string[]): Json[] =>
  ids.map((to, index) => ({ from: index === 0 ? "start" : (ids[index - 1] ?? ""), to }));

/** Waits, tries twice, keeps a step; the number 2 fails. */
const WORK: JsonObject = {
  channels: { n: {}, r: {} },
  nodes: {
    pause: { kind: "wait", for: "3ms" },
    work: { kind: "faulty-work", retry: { attempts: 2, delay: "2ms", max_delay: "2ms" } },
  },
  edges: chain("pause", "work"),
};

/** Each item is a subgraph around that; one fails, and is told of. */
const NESTED: JsonObject = {
  channels: { list: { default: [1, 2, 3] }, out: {}, wrong: {}, log: { reducer: "append" }, total: { reducer: "sum" } },
  nodes: {
    each: {
      kind: "map",
      over: "state.list",
      concurrency: 2,
      on_failure: "collect",
      failures: "wrong",
      input: { n: "item" },
      output: { out: "state.r", total: "state.r" },
      graph: {
        channels: { n: {}, r: {} },
        nodes: { deeper: { kind: "subgraph", graph: WORK } },
        edges: chain("deeper"),
      },
    },
    beside: { kind: "wait", for: "5ms" },
    note: { kind: "transform", set: { log: "'noted'" } },
    last: { kind: "transform", set: { log: "'last ' + string(size(state.out))" } },
  },
  edges: [
    { from: "start", to: "each" },
    { from: "start", to: "beside" },
    { from: "beside", to: "note" },
    { from: "each", to: "last" },
    { from: "note", to: "last" },
  ],
};

interface Row {
  readonly [column: string]: SqlStorageValue;
  readonly seq: number;
  readonly body: string;
}

async function rows({ stub }: TestThread): Promise<Row[]> {
  return runInDurableObject(stub, (_, { storage }) =>
    storage.sql.exec<Row>("SELECT seq, body FROM commits ORDER BY seq").toArray(),
  );
}

/** The object as a death right after commit `seq` leaves it: nothing later was written, and no alarm was kept. */
async function rewind(thread: TestThread, seq: number): Promise<void> {
  await runInDurableObject(thread.stub, async (_, { storage }) => {
    storage.sql.exec("DELETE FROM commits WHERE seq > ?", seq);
    storage.sql.exec("DELETE FROM chunks WHERE first > (SELECT last_event FROM commits ORDER BY seq DESC LIMIT 1)");
    storage.sql.exec("DELETE FROM snapshots");
    storage.sql.exec("UPDATE runs SET status = 'running', last_seq = NULL, error = NULL, usage = NULL");
    await storage.deleteAlarm();
    await storage.sync();
  });
  await crash(thread);
}

/** Tasks with a final outcome among these. */
function settledTasks(log: readonly Row[]): string[] {
  const entries = log.map(({ body }) => JSON.parse(body) as [string, string]);
  return entries.flatMap(([letter, task]) => (letter === "o" || letter === "f" ? [task] : []));
}

async function start(thread: TestThread, graph: JsonObject): Promise<StartRun> {
  const command = startOf(thread, graph);
  unwrap(await thread.api.startRun(command));
  return command;
}

describe("[F1] a death after any commit", () => {
  it("of nested composites with waits, retries, steps and failed items: the same end, and nothing committed is done again", {
    timeout: 90_000,
  }, async () => {
    const thread = openThread();
    const command = await start(thread, NESTED);
    const whole = unwrap(await thread.api.joinRun(command));
    expect(whole.run.error).toBeNull();
    expect(whole.values).toEqual({
      list: [1, 2, 3],
      out: [2, 6],
      total: 8,
      wrong: [{ index: 1, item: 2, error: { code: "node_failed", message: "never two", node: "work" } }],
      log: ["noted", "last 2"],
    });
    const log = await rows(thread);
    expect(log.length).toBeGreaterThan(30);
    for (const { seq } of log.slice(0, -1)) {
      executions.clear();
      stepsMade.clear();
      // after each death the log goes on in another order
      const before = (await rows(thread)).slice(0, seq);
      await rewind(thread, seq);
      const again = unwrap(await thread.api.joinRun(command));
      expect([seq, again.run.status, again.values]).toEqual([seq, "success", whole.values]);
      const settled = settledTasks(before).map((task) => `${command.runId}:${task}`);
      expect(settled.filter((task) => executions.has(task))).toEqual([]);
      const kept = before.flatMap(({ body }) => {
        const [letter, task] = JSON.parse(body) as [string, string];
        return letter === "k" ? [`${command.runId}:${task}`] : [];
      });
      expect(kept.filter((task) => stepsMade.has(task))).toEqual([]);
      for (const count of executions.values()) expect(count).toBeLessThanOrEqual(2);
      expect((await rows(thread)).length).toBe(log.length);
    }
  });

  it("[G10] and a cancel then: interrupted, and nothing starts any more", { timeout: 90_000 }, async () => {
    const thread = openThread();
    const command = await start(thread, NESTED);
    unwrap(await thread.api.joinRun(command));
    const log = await rows(thread);
    for (const { seq } of log.slice(0, -3)) {
      await rewind(thread, seq);
      const { status } = unwrap(await thread.api.cancelRun(command));
      expect([seq, status]).toEqual([seq, "interrupted"]);
      executions.clear();
      const { length } = await rows(thread);
      await runDurableObjectAlarm(thread.stub);
      await scheduler.wait(2);
      await runDurableObjectAlarm(thread.stub);
      expect((await rows(thread)).length).toBe(length);
      expect(executions.size).toBe(0);
      expect(await thread.api.touch(command)).toBe(false);
    }
  });
});

describe("[G7] followers of composites", () => {
  const MODES: readonly StreamMode[] = ["values", "updates", "messages-tuple", "custom", "tasks"];

  it("resume after any frame they have seen with exactly the rest, in any mode", { timeout: 60_000 }, async () => {
    const thread = openThread();
    const command = await start(thread, NESTED);
    unwrap(await thread.api.joinRun(command));
    for (const modes of [MODES, ...MODES.map((mode) => [mode])]) {
      const all = await follow(thread, command.runId, modes);
      const ids = all.map(({ id }) => id);
      expect(ids).toEqual([...new Set(ids)].sort((one, other) => one - other));
      for (const [index, id] of ids.entries())
        expect(await follow(thread, command.runId, modes, id)).toEqual(all.slice(index + 1));
    }
  });

  it("see the same live as they see afterwards", async () => {
    const thread = openThread();
    const command = startOf(thread, NESTED);
    unwrap(await thread.api.startRun(command));
    const live = await follow(thread, command.runId, MODES);
    expect(await follow(thread, command.runId, MODES)).toEqual(live);
  });

  it("see all that a composite wrote to a channel in its update", async () => {
    const thread = openThread();
    const command = await start(thread, {
      channels: { log: { reducer: "append" } },
      nodes: {
        inner: {
          kind: "subgraph",
          graph: {
            channels: { log: { reducer: "append" } },
            nodes: {
              one: { kind: "transform", set: { log: "'one'" } },
              two: { kind: "transform", set: { log: "'two'" } },
            },
            edges: chain("one", "two"),
          },
        },
      },
      edges: chain("inner"),
    });
    const frames = await follow(thread, command.runId, ["updates"]);
    expect(frames.filter(({ event }) => event === "updates").map(({ data }) => data)).toEqual([
      { inner: { log: ["one", "two"] } },
    ]);
  });
});

describe("messages in composites", () => {
  const texts = (values: JsonObject): Json[] =>
    (values["messages"] as JsonObject[]).map(({ content }) => content ?? "");

  it("of several items are several, each with an id of its own", async () => {
    const { values } = await runToEnd(openThread(), {
      channels: { messages: { reducer: "messages" } },
      nodes: {
        each: {
          kind: "map",
          over: "['a', 'b', 'c']",
          input: { word: "item" },
          output: { messages: "'said ' + state.word" },
          graph: {
            channels: { word: {} },
            nodes: { nothing: { kind: "transform", set: { word: "state.word" } } },
            edges: chain("nothing"),
          },
        },
      },
      edges: chain("each"),
    });
    expect(texts(values)).toEqual(["said a", "said b", "said c"]);
  });

  it("that a frame begins with are other ones in another run", async () => {
    const thread = openThread();
    const graph: JsonObject = {
      channels: { messages: { reducer: "messages" }, q: {} },
      input: ["q"],
      nodes: {
        inner: {
          kind: "subgraph",
          input: { messages: "[{'role': 'user', 'content': state.q}]" },
          output: { messages: "state.messages" },
          graph: {
            channels: { messages: { reducer: "messages" } },
            nodes: { answer: says("yes", "messages") },
            edges: chain("answer"),
          },
        },
      },
      edges: chain("inner"),
    };
    await runToEnd(thread, graph, { q: "first?" });
    const { run, values } = await runToEnd(thread, graph, { q: "second?" });
    expect(run.error).toBeNull();
    expect(texts(values)).toEqual(["first?", "yes", "second?", "yes"]);
  });
});

describe("names inside a composite", () => {
  it("are those of the graph inside, in its start conditions and in what leaves it", async () => {
    const { run, values } = await runToEnd(openThread(), {
      channels: { out: {} },
      variables: { who: "outside" },
      nodes: { inner: { kind: "subgraph", graph: "talk", output: { out: "vars.who + state.went" } } },
      edges: chain("inner"),
      graphs: {
        talk: {
          variables: { who: "inside", go: true },
          channels: { went: { default: " nowhere" } },
          nodes: { walk: { kind: "transform", set: { went: "' there'" } } },
          edges: [{ from: "start", to: "walk", when: "vars.go && vars.who == 'inside'" }],
        },
      },
    });
    expect(run.error).toBeNull();
    expect(values["out"]).toBe("inside there");
  });
});
