import { applyD1Migrations, evictDurableObject, runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { beforeAll, describe, expect, it } from "vitest";
import { unwrap } from "../src/base/errors.ts";
import type { JsonObject } from "../src/base/json.ts";
import type { NodeContext, NodeResult } from "../src/nodes/contract.ts";
import { ownKind } from "./testing/own-kind.ts";
import {
  attempts,
  crash,
  follow,
  openThread,
  runToEnd,
  says,
  startOf,
  stateOf,
  type TestThread,
} from "./testing/open-thread.ts";
import type { StartRun } from "./thread-api.ts";

beforeAll(async () => {
  await applyD1Migrations(env.DB, env.TEST_MIGRATIONS);
});

const DOWN = { fault: "status", status: 503 };

function alone(node: JsonObject): JsonObject {
  return { channels: { x: {} }, nodes: { odd: node }, edges: [{ from: "start", to: "odd" }] };
}

/** Fails once, and waits for an hour or two then. */
function patient(): JsonObject {
  return alone({ ...attempts("x", DOWN, { reply: "second" }), retry: { attempts: 2, delay: "2h", max_delay: "2h" } });
}

async function kinds(thread: TestThread): Promise<string[]> {
  const rows = await runInDurableObject(thread.stub, (_, state) =>
    state.storage.sql.exec<{ body: string }>("SELECT body FROM commits ORDER BY seq").toArray(),
  );
  // That a restart cut an attempt off is told as well; here it is no news.
  return rows.map(({ body }) => body.slice(2, 3)).filter((letter) => letter !== "l");
}

async function untilCommits(thread: TestThread, count: number): Promise<void> {
  for (let tries = 0; (await kinds(thread)).length < count; tries++) {
    if (tries > 300) throw new Error("It never came to that.");
    await scheduler.wait(5);
  }
}

async function start(thread: TestThread, graph: JsonObject): Promise<StartRun> {
  const command = startOf(thread, graph);
  unwrap(await thread.api.startRun(command));
  return command;
}

describe("[F1] crashes", () => {
  it("during back-off: the attempt is counted, nothing is tried before its time, and an alarm stands behind it", async () => {
    const thread = openThread();
    const command = await start(thread, patient());
    await untilCommits(thread, 2);
    const alarm = () => runInDurableObject(thread.stub, (_, state) => state.storage.getAlarm());
    for (const away of [crash, (one: TestThread) => evictDurableObject(one.stub), crash]) {
      await away(thread);
      await runDurableObjectAlarm(thread.stub);
      expect(await kinds(thread)).toEqual(["s", "r"]);
      expect(unwrap(await thread.api.getRun(command)).status).toBe("running");
      expect(await alarm()).not.toBeNull();
    }
    unwrap(await thread.api.cancelRun(command));
  });

  it("the attempts of one task are counted through crashes: its policy holds", async () => {
    const thread = openThread();
    const graph = alone({ ...attempts("x", DOWN), retry: { attempts: 3, delay: "30ms", max_delay: "30ms" } });
    const command = await start(thread, graph);
    for (const commits of [2, 3]) {
      await untilCommits(thread, commits);
      await crash(thread);
      await scheduler.wait(40);
      await runDurableObjectAlarm(thread.stub);
    }
    const { run } = unwrap(await thread.api.joinRun(command));
    expect(run.error).toMatchObject({ code: "model_overloaded", attempt: 3 });
    expect(await kinds(thread)).toEqual(["s", "r", "r", "f"]);
  });

  it("at every few milliseconds of a run of branches and a join: it ends as it would have, each task committed once", async () => {
    const graph = {
      channels: { log: { reducer: "append" } },
      nodes: {
        ...Object.fromEntries([1, 2, 3].map((n) => [`n${n}`, says(`${n} says something`, "log", { delayMs: 3 * n })])),
        last: says("the end", "log", { delayMs: 4 }),
      },
      edges: [1, 2, 3].flatMap((n) => [
        { from: "start", to: `n${n}` },
        { from: `n${n}`, to: "last" },
      ]),
    };
    const expected = (await runToEnd(openThread(), graph)).values;
    for (let moment = 0; moment < 8; moment++) {
      const thread = openThread();
      const command = await start(thread, graph);
      for (let again = 0; again < 3; again++) {
        await scheduler.wait(moment * 4);
        await crash(thread);
      }
      const { run, values } = unwrap(await thread.api.joinRun(command));
      expect([run.status, values]).toEqual(["success", expected]);
      expect(await kinds(thread)).toEqual(["s", "o", "o", "o", "o"]);
    }
  });
});

describe("[G10] cancel", () => {
  it("during back-off ends the run once; its alarm starts nothing", async () => {
    const thread = openThread();
    const command = await start(thread, patient());
    await untilCommits(thread, 2);
    expect(unwrap(await thread.api.cancelRun(command)).status).toBe("interrupted");
    await runDurableObjectAlarm(thread.stub);
    await crash(thread);
    await runDurableObjectAlarm(thread.stub);
    expect(await kinds(thread)).toEqual(["s", "r", "c"]);
    expect((await runToEnd(thread, alone(says("next", "x")))).values).toEqual({ x: "next" });
  });

  it("while tasks are queued behind others: none of them starts, and the thread takes the next run", async () => {
    let started = 0;
    ownKind("counted", () => {
      started += 1;
      return { writes: [] };
    });
    const names = Array.from({ length: 900 }, (_, index) => `n${index}`);
    const graph = {
      channels: { x: {} },
      nodes: Object.fromEntries(names.map((name) => [name, { kind: "counted" }])),
      edges: names.map((to) => ({ from: "start", to })),
      limits: { concurrency: 900 },
    };
    const thread = openThread();
    const command = startOf(thread, graph);
    const [, cancelled] = await Promise.all([thread.api.startRun(command), thread.api.cancelRun(command)]);
    const after = started;
    expect(unwrap(cancelled).status).toBe("interrupted");
    expect(after).toBeLessThan(900);
    await scheduler.wait(20);
    expect(started).toBe(after);
    expect((await runToEnd(thread, alone(says("next", "x")))).values).toEqual({ x: "next" });
  });

  it.each([0, 3, 6, 9, 12])("racing completion, after %i ms: one end, and it stays", async (delay) => {
    const thread = openThread();
    const command = await start(thread, alone(says("some words", "x", { delayMs: 3 })));
    await scheduler.wait(delay);
    const cancelled = unwrap(await thread.api.cancelRun(command)).status;
    await scheduler.wait(30);
    expect(unwrap(await thread.api.getRun(command)).status).toBe(cancelled);
    expect((await kinds(thread)).filter((kind) => kind !== "s")).toHaveLength(1);
    const frames = await follow(thread, command.runId, ["messages-tuple", "updates"]);
    await crash(thread);
    expect(await follow(thread, command.runId, ["messages-tuple", "updates"])).toEqual(frames);
    expect((await stateOf(thread)).values).toEqual(cancelled === "success" ? { x: "some words" } : {});
  });
});

describe("what is too large for a row", () => {
  const heavy = { note: "n".repeat(3_000_000) };

  it.each(["config", "context", "metadata"] as const)(
    "a run's %s is refused before anything is written",
    async (field) => {
      const thread = openThread();
      const command = startOf(thread, alone({ kind: "transform" }), null, { [field]: heavy });
      expect(await thread.api.startRun(command)).toMatchObject({
        ok: false,
        error: { code: "value_too_large", pointer: `/${field}` },
      });
      expect(await thread.api.getThread({ tenant: thread.tenant, threadId: thread.threadId })).toMatchObject({
        ok: false,
      });
    },
  );

  it("a thread's metadata is refused, at once or grown bit by bit, and what it had stays", async () => {
    const thread = openThread();
    const { tenant, threadId } = thread;
    const refused = { ok: false, error: { code: "value_too_large", pointer: "/metadata" } };
    expect(await thread.api.createThread({ tenant, threadId, metadata: heavy, ifExists: "raise" })).toMatchObject(
      refused,
    );
    unwrap(await thread.api.createThread({ tenant, threadId, metadata: {}, ifExists: "raise" }));
    let grown = 0;
    for (let part = 0; part < 5; part++) {
      const reply = await thread.api.patchThread({
        tenant,
        threadId,
        metadata: { [`part${part}`]: "p".repeat(60_000) },
      });
      if (reply.ok) grown += 1;
      else expect(reply).toMatchObject(refused);
    }
    expect(grown).toBe(2);
    expect(Object.keys(unwrap(await thread.api.getThread({ tenant, threadId })).metadata)).toHaveLength(grown);
  });
});

const DONE: NodeResult = { writes: [] };

/** One node of a kind of its own, which writes channel `x`. */
function ownNode(name: string, run: (context: NodeContext) => NodeResult | Promise<NodeResult>): JsonObject {
  ownKind(name, run);
  return { channels: { x: {} }, nodes: { odd: { kind: name } }, edges: [{ from: "start", to: "odd" }] };
}

function hostile(): unknown {
  return Object.create(null);
}

describe("what a node's own code may do", () => {
  it.each<[string, () => unknown]>([
    ["an error of its own", () => new RangeError("out of range")],
    ["a text", () => "no"],
    ["nothing", () => undefined],
    ["what cannot be written as text", hostile],
    [
      "an error whose message cannot be read",
      () =>
        Object.defineProperty(new Error(), "message", {
          get: () => {
            throw new Error("no");
          },
        }),
    ],
    ["a message of 6 MB", () => new Error("m".repeat(6_000_000))],
  ])("throws %s, at once or later: the run ends with it, and the thread lives", async (what, thrown) => {
    for (const [when, run] of [
      [
        "now",
        () => {
          throw thrown();
        },
      ],
      [
        "later",
        async () => {
          await scheduler.wait(1);
          throw thrown();
        },
      ],
    ] as const) {
      const thread = openThread();
      const { run: over } = await runToEnd(thread, ownNode(`throws_${what.replaceAll(/\W/g, "_")}_${when}`, run));
      expect(over).toMatchObject({ status: "error", error: { code: "internal", node: "odd", attempt: 1 } });
      expect(over.error?.message.length).toBeLessThan(10_000);
    }
  });

  it.each<[string, unknown]>([
    ["a bigint", 1n],
    ["undefined", undefined],
    ["NaN", Number.NaN],
    ["infinity, deep inside", { list: [1, Number.POSITIVE_INFINITY] }],
    ["a function", () => 1],
    ["a date", new Date(0)],
    ["a map", { inside: new Map() }],
    ["a list with a hole", [1, undefined]],
  ])("writes %s, which is no JSON: the task fails, and nothing of it is kept", async (name, value) => {
    const thread = openThread();
    const graph = ownNode(`writes_${name.replaceAll(/\W/g, "_")}`, async () => {
      await scheduler.wait(1);
      return { writes: [{ channel: "x", value: value as never }] };
    });
    const { run, values } = await runToEnd(thread, graph);
    expect(run).toMatchObject({ status: "error", error: { code: "invalid_write", node: "odd" } });
    expect(values).toEqual({});
  });

  it("emits what is no JSON: the task fails", async () => {
    const graph = ownNode("emits_bigint", async (context) => {
      await scheduler.wait(1);
      context.emit(1n as never);
      return DONE;
    });
    expect((await runToEnd(openThread(), graph)).run).toMatchObject({
      status: "error",
      error: { code: "invalid_write" },
    });
  });

  it("says more after it has answered: nobody hears it, live or later", async () => {
    const graph = ownNode("says_late", (context) => {
      context.emit("in time");
      void scheduler.wait(5).then(() => context.emit("late"));
      return DONE;
    });
    const last = {
      kind: "model",
      model: "builtin/scripted",
      prompt: "",
      write: "x",
      options: { script: { turns: [{ reply: "x", firstDelayMs: 30 }] } },
    };
    const thread = openThread();
    const command = startOf(thread, {
      ...graph,
      nodes: { odd: { kind: "says_late" }, last },
      edges: [
        { from: "start", to: "odd" },
        { from: "odd", to: "last" },
      ],
    });
    unwrap(await thread.api.startRun(command));
    const live = await follow(thread, command.runId, ["custom"]);
    expect(live.map(({ data }) => data)).toEqual([{ run_id: command.runId, attempt: 1 }, "in time"]);
    expect(await follow(thread, command.runId, ["custom"])).toEqual(live);
  });

  it("[F10] never listens to its signal: its time is over all the same, and what it answers late is not taken", async () => {
    let attempts = 0;
    const graph = ownNode("deaf", async () => {
      attempts += 1;
      await scheduler.wait(60);
      return { writes: [{ channel: "x", value: `late ${attempts}` }] };
    });
    const thread = openThread();
    const { run, values } = await runToEnd(thread, {
      ...graph,
      nodes: { odd: { kind: "deaf", timeout: "10ms", retry: { attempts: 2, delay: "10ms" } } },
    });
    expect(run).toMatchObject({ status: "error", error: { code: "model_timeout", attempt: 2 } });
    expect(values).toEqual({});
    await scheduler.wait(80);
    expect((await stateOf(thread)).values).toEqual({});
  });

  it("many that fail with long messages: the run's reason has a bounded length", async () => {
    ownKind("long_failure", () => {
      throw new Error("m".repeat(20_000));
    });
    const names = Array.from({ length: 300 }, (_, index) => `n${index}`);
    const thread = openThread();
    const { run } = await runToEnd(thread, {
      channels: {},
      nodes: Object.fromEntries(names.map((name) => [name, { kind: "long_failure" }])),
      edges: names.map((to) => ({ from: "start", to })),
    });
    expect(run.error).toMatchObject({ code: "internal", node: "n0" });
    expect(JSON.stringify(run.error).length).toBeLessThan(100_000);
    await crash(thread);
    expect(unwrap(await thread.api.getRun({ ...thread, runId: run.run_id })).error).toEqual(run.error);
  });
});
