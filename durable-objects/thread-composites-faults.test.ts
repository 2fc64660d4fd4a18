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
  ownKind("careful-work", async ({ scope, idempotencyKey }) => {
    executions.set(idempotencyKey, (executions.get(idempotencyKey) ?? 0) + 1);
    await scheduler.wait(1);
    return { writes: [{ channel: "r", value: scope.read("n") ?? null }] };
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

/** The whole log again needs everything done again. */
async function forgetResults({ tenant }: TestThread): Promise<void> {
  await env.DB.prepare("DELETE FROM node_results WHERE tenant = ?").bind(tenant).run();
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

/** A composite as the head of a loop, and of many frames in its next node. */
const LOOP: JsonObject = {
  channels: { n: { default: 0 }, log: { reducer: "append" } },
  nodes: {
    turn: {
      kind: "subgraph",
      graph: {
        channels: { n: {}, log: { reducer: "append" } },
        nodes: {
          pause: { kind: "wait", for: "1ms" },
          count: { kind: "transform", set: { n: "state.n + 1", log: "'turn ' + string(state.n)" } },
        },
        edges: chain("pause", "count"),
      },
    },
    each: {
      kind: "map",
      over: "[1, 2]",
      input: { mine: "item" },
      graph: {
        channels: { mine: {}, n: {}, log: { reducer: "append" } },
        nodes: { say: { kind: "transform", set: { log: "'item ' + string(state.mine)" } } },
        edges: chain("say"),
      },
    },
  },
  edges: [
    { from: "start", to: "turn" },
    { from: "turn", to: "each" },
    { from: "each", to: "turn", when: "state.n < 3" },
  ],
};

/** One activation of a composite for each arrival. */
const EACH: JsonObject = {
  channels: { log: { reducer: "append" } },
  nodes: {
    a: { kind: "wait", for: "4ms" },
    b: { kind: "wait", for: "1ms" },
    sink: {
      kind: "subgraph",
      join: "each",
      graph: {
        channels: { log: { reducer: "append" } },
        nodes: { pause: { kind: "wait", for: "2ms" }, say: { kind: "transform", set: { log: "'arrived'" } } },
        edges: chain("pause", "say"),
      },
    },
  },
  edges: [
    { from: "start", to: "a" },
    { from: "start", to: "b" },
    { from: "a", to: "sink" },
    { from: "b", to: "sink" },
  ],
};

/** The second item fails for good and holds the map; a nested one that bears its failures does not. */
const HELD: JsonObject = {
  channels: { out: {}, borne: {} },
  nodes: {
    each: {
      kind: "map",
      over: "[1, 2, 3]",
      concurrency: 3,
      input: { n: "item" },
      output: { out: "state.r" },
      graph: WORK,
    },
    outer: {
      kind: "map",
      over: "[[1, 2], [2, 3]]",
      on_failure: "skip",
      input: { list: "item" },
      output: { borne: "state.inner" },
      graph: {
        channels: { list: {}, inner: {} },
        nodes: {
          each: {
            kind: "map",
            over: "state.list",
            on_failure: "skip",
            input: { n: "item" },
            output: { inner: "state.r" },
            graph: WORK,
          },
          picky: {
            kind: "subgraph",
            graph: {
              channels: { list: {} },
              nodes: { no: { kind: "fail", message: "no" } },
              edges: [{ from: "start", to: "no", when: "state.list[0] == 2" }],
            },
          },
        },
        edges: [
          { from: "start", to: "each" },
          { from: "start", to: "picky" },
        ],
      },
    },
  },
  edges: [
    { from: "start", to: "each" },
    { from: "start", to: "outer" },
  ],
};

/** Results that are at hand the second time, of a composite and inside of one. */
const CACHED: JsonObject = {
  channels: { out: {}, log: { reducer: "append" } },
  nodes: {
    each: {
      kind: "map",
      over: "[1, 3]",
      cache: { ttl: "1h" },
      input: { n: "item" },
      output: { out: "state.r" },
      graph: { ...WORK, nodes: { ...(WORK["nodes"] as JsonObject), pause: { kind: "wait", for: "1ms" } } },
    },
    after: { kind: "transform", cache: { ttl: "1h" }, set: { log: "string(size(state.out))" } },
  },
  edges: chain("each", "after"),
};

const GRAPHS: readonly (readonly [string, JsonObject, string, JsonObject])[] = [
  [
    "nested composites with waits, retries, steps and failed items",
    NESTED,
    "success",
    {
      list: [1, 2, 3],
      out: [2, 6],
      total: 8,
      wrong: [{ index: 1, item: 2, error: { code: "node_failed", message: "never two", node: "work" } }],
      log: ["noted", "last 2"],
    },
  ],
  ["composites in a loop", LOOP, "success", { n: 3, log: [0, 1, 2].flatMap((n) => [`turn ${n}`, "item 1", "item 2"]) }],
  ["a composite for each arrival", EACH, "success", { log: ["arrived", "arrived"] }],
  ["failures that hold a composite, and some that are borne", HELD, "error", { borne: [[2]] }],
  ["results that are used again", CACHED, "success", { out: [2, 6], log: ["2"] }],
];

describe("[F1] a death after any commit", () => {
  it.each(GRAPHS)(
    "of %s: the same end, and nothing committed is done again",
    {
      timeout: 90_000,
    },
    async (_, graph, status, values) => {
      const thread = openThread(crypto.randomUUID());
      const command = await start(thread, graph);
      const whole = unwrap(await thread.api.joinRun(command));
      expect([whole.run.error, whole.values, whole.run.status]).toEqual([whole.run.error, values, status]);
      const log = await rows(thread);
      for (const { seq } of log.slice(0, -1)) {
        if (graph === CACHED) {
          await forgetResults(thread);
          await rewind(thread, 1);
          unwrap(await thread.api.joinRun(command));
          if (seq % 2 === 0) await forgetResults(thread);
        }
        executions.clear();
        stepsMade.clear();
        // after each death the log goes on in another order
        const before = (await rows(thread)).slice(0, seq);
        await rewind(thread, seq);
        const again = unwrap(await thread.api.joinRun(command));
        expect([seq, again.run.status, again.values]).toEqual([seq, status, whole.values]);
        expect(again.run.error).toEqual(whole.run.error);
        const settled = settledTasks(before).map((task) => `${command.runId}:${task}`);
        expect(settled.filter((task) => executions.has(task))).toEqual([]);
        const kept = before.flatMap(({ body }) => {
          const [letter, task] = JSON.parse(body) as [string, string];
          return letter === "k" ? [`${command.runId}:${task}`] : [];
        });
        expect(kept.filter((task) => stepsMade.has(task))).toEqual([]);
        for (const count of executions.values()) expect(count).toBeLessThanOrEqual(2);
        if (graph !== CACHED) expect((await rows(thread)).length).toBe(log.length);
      }
    },
  );

  it.each(GRAPHS)(
    "[G10] and a cancel then, of %s: interrupted, and nothing starts any more",
    {
      timeout: 90_000,
    },
    async (_, graph) => {
      const thread = openThread(crypto.randomUUID());
      const command = await start(thread, graph);
      unwrap(await thread.api.joinRun(command));
      const log = await rows(thread);
      let interrupted = 0;
      for (const { seq } of log.slice(0, -1)) {
        await rewind(thread, seq);
        const { status } = unwrap(await thread.api.cancelRun(command));
        if (status === "interrupted") interrupted += 1;
        expect(status).not.toBe("running");
        executions.clear();
        const { length } = await rows(thread);
        await runDurableObjectAlarm(thread.stub);
        await scheduler.wait(2);
        await runDurableObjectAlarm(thread.stub);
        expect((await rows(thread)).length).toBe(length);
        expect(executions.size).toBe(0);
        expect(await thread.api.touch(command)).toBe(false);
      }
      expect(interrupted).toBeGreaterThan(1);
    },
  );

  it("of unsafe items: what had not begun is done, what had is told of, nothing is done twice", {
    timeout: 60_000,
  }, async () => {
    const thread = openThread();
    const command = await start(thread, {
      channels: { out: {}, wrong: {} },
      nodes: {
        each: {
          kind: "map",
          over: "[1, 3, 5]",
          concurrency: 2,
          on_failure: "collect",
          failures: "wrong",
          input: { n: "item" },
          output: { out: "state.r" },
          graph: {
            channels: { n: {}, r: {} },
            nodes: { work: { kind: "careful-work", effect: "unsafe" } },
            edges: chain("work"),
          },
        },
      },
      edges: chain("each"),
    });
    expect(unwrap(await thread.api.joinRun(command)).values).toEqual({ out: [1, 3, 5], wrong: [] });
    for (const { seq } of (await rows(thread)).slice(0, -1)) {
      executions.clear();
      const before = (await rows(thread)).slice(0, seq);
      await rewind(thread, seq);
      const { run, values } = unwrap(await thread.api.joinRun(command));
      expect(run.status).toBe("success");
      const settled = settledTasks(before);
      const begun = before
        .map(({ body }) => JSON.parse(body) as [string, string])
        .flatMap(([letter, task]) => (letter === "t" ? [task] : []));
      expect(begun.filter((task) => executions.has(`${command.runId}:${task}`))).toEqual([]);
      const earlier = (values["wrong"] as JsonObject[]).length;
      expect(earlier).toBeGreaterThanOrEqual(begun.filter((task) => !settled.includes(task)).length);
      // the next death is one of a run in which nothing was unknown
      if (earlier > 0) {
        await rewind(thread, 1);
        unwrap(await thread.api.joinRun(command));
      }
      for (const count of executions.values()) expect(count).toBeLessThanOrEqual(2);
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

const inside = (graph: JsonObject, more: JsonObject = {}): JsonObject => ({
  channels: { out: { default: "untouched" } },
  nodes: { inner: { kind: "subgraph", graph, output: { out: "state.r" }, ...more } },
  edges: chain("inner"),
});

describe("a frame", () => {
  const two = { kind: "transform", set: { r: "2" } };

  it("whose start takes nothing is over at once", async () => {
    const graph = {
      channels: { r: { default: 1 } },
      nodes: { two },
      edges: [{ from: "start", to: "two", when: "false" }],
    };
    expect((await runToEnd(openThread(), inside(graph))).values["out"]).toBe(1);
  });

  it("whose start condition fails is the composite's failure", async () => {
    const graph = {
      channels: { r: {} },
      nodes: { two },
      edges: [{ from: "start", to: "two", when: "state.r.x == 1" }],
    };
    const { run } = await runToEnd(openThread(), inside(graph));
    expect(run.error).toMatchObject({ code: "condition_failed", node: "inner" });
  });

  it("has steps of its own, and none beyond them", async () => {
    const graph: JsonObject = {
      channels: { r: { reducer: "sum" } },
      nodes: { two },
      edges: [
        { from: "start", to: "two" },
        { from: "two", to: "two", when: "true" },
      ],
      limits: { steps: 5 },
    };
    const { run, values } = await runToEnd(openThread(), inside(graph));
    expect(run.error).toMatchObject({ code: "step_limit", node: "two" });
    expect(values["out"]).toBe("untouched");
  });

  const parallel = (channel: JsonObject): JsonObject => ({
    channels: { note: channel },
    nodes: {
      each: {
        kind: "map",
        over: "['a', 'b']",
        input: { mine: "item" },
        graph: {
          channels: { mine: {}, note: {} },
          nodes: { say: { kind: "transform", set: { note: "state.mine" } } },
          edges: chain("say"),
        },
      },
    },
    edges: chain("each"),
  });

  it("[R6] that writes another value than one beside it is in conflict with it, unless the last is to win", async () => {
    const { run } = await runToEnd(openThread(), parallel({}));
    expect(run.error).toMatchObject({ code: "conflicting_write", node: "each" });
    expect((await runToEnd(openThread(), parallel({ conflict: "last" }))).values["note"]).toBe("b");
  });

  it("[R6] over a channel in conflict does not begin", async () => {
    const { run } = await runToEnd(openThread(), {
      channels: { list: {}, out: {} },
      nodes: {
        a: { kind: "transform", set: { list: "[1]" } },
        b: { kind: "transform", set: { list: "[2]" } },
        each: { kind: "map", over: "state.list", input: { n: "item" }, output: { out: "state.r" }, graph: WORK },
      },
      edges: ["a", "b"].flatMap((id) => [
        { from: "start", to: id },
        { from: id, to: "each" },
      ]),
    });
    expect(run.error).toMatchObject({ code: "conflicting_write", node: "each" });
  });

  it("[F23] of more than a value may hold is refused, and the thread goes on", { timeout: 30_000 }, async () => {
    ownKind("fill", () => ({
      writes: Array.from({ length: 18 }, (_, n) => ({ channel: "list", value: String(n).padEnd(1_000_000, "x") })),
    }));
    const thread = openThread();
    const { run } = await runToEnd(thread, {
      channels: { list: { reducer: "append" }, out: {} },
      output: ["out"],
      nodes: {
        fill: { kind: "fill" },
        each: { kind: "map", over: "state.list", input: { n: "item" }, output: { out: "state.r" }, graph: WORK },
      },
      edges: chain("fill", "each"),
    });
    expect(run.error).toMatchObject({ code: "value_too_large", node: "each" });
    expect((await runToEnd(openThread(), parallel({ conflict: "last" }))).run.status).toBe("success");
  });
});

it("[F25] graphs that run each other many times over on many levels cost no more than they have nodes", async () => {
  const ids = Array.from({ length: 40 }, (_, index) => `n${index}`);
  const levels = [0, 1, 2, 3, 4, 5];
  const running = (graph: string): JsonObject => ({
    channels: { r: {} },
    nodes: Object.fromEntries(ids.map((id) => [id, { kind: "subgraph", graph }])),
    edges: chain(...ids).map((edge, index) => (index === 0 ? edge : { ...(edge as JsonObject), when: "false" })),
  });
  const graph = running("g0");
  const nodes = { ...(graph["nodes"] as JsonObject), kept: { kind: "subgraph", graph: "g0", cache: { ttl: "1m" } } };
  const last = { channels: { r: {} }, nodes: { end: { kind: "transform", set: { r: "'end'" } } }, edges: chain("end") };
  const graphs = Object.fromEntries(
    levels.map((level) => [`g${level}`, level === 5 ? last : running(`g${level + 1}`)]),
  );
  const edges = [...(graph["edges"] as Json[]), { from: "n39", to: "kept", when: "false" }];
  const { run, values } = await runToEnd(openThread(), { ...graph, nodes, edges, graphs });
  expect([run.error, values["r"]]).toEqual([null, "end"]);
});
