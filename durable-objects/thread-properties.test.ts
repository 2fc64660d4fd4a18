import { applyD1Migrations, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import fc from "fast-check";
import { beforeAll, describe, expect, it } from "vitest";
import { unwrap } from "../src/base/errors.ts";
import { secureRandom, uuidv7 } from "../src/base/ids.ts";
import { canonicalJson, type JsonObject } from "../src/base/json.ts";
import { anyValue } from "../test/properties/values.ts";
import { ThreadStore } from "./log/store.ts";
import { crash, follow, openThread, says, startOf, type TestThread } from "./testing/open-thread.ts";
import type { StartRun } from "./thread-api.ts";

// Properties that hold of the object, in workerd: the engine's and the log's are in test/properties.test.ts.

beforeAll(async () => {
  await applyD1Migrations(env.DB, env.TEST_MIGRATIONS);
});

/** A model, a time, a signal and a question side by side, and what joins them. */
const GRAPH: JsonObject = {
  channels: { log: { reducer: "append", default: [] }, total: { reducer: "sum" }, brought: {}, said: {}, all: {} },
  nodes: {
    speak: says("some words", "log", { delayMs: 2 }),
    time: { kind: "wait", for: "15ms" },
    signal: { kind: "wait", signal: "go", write: "brought" },
    ask: { kind: "gate", ask: "Go on?", write: "said" },
    count: { kind: "transform", set: { total: "1", log: "'counted'" } },
    join: { kind: "transform", set: { all: "[state.total, state.brought, state.said, size(state.log)]" } },
  },
  edges: [
    ...["speak", "time", "signal", "ask"].map((to) => ({ from: "start", to })),
    { from: "speak", to: "count" },
    ...["time", "signal", "ask", "count"].map((from) => ({ from, to: "join" })),
  ],
};

/** What is sent to a thread, and what happens to it. */
type Message = "start" | "signal" | "answer" | "alarm" | "touch" | "crash";

class Sender {
  readonly thread: TestThread = openThread();
  readonly #command: StartRun = startOf(this.thread, GRAPH);
  readonly #signal = uuidv7(Date.now(), secureRandom);
  readonly #answer = uuidv7(Date.now(), secureRandom);
  #question: string | undefined;

  async send(message: Message): Promise<void> {
    const { api, stub, tenant, threadId } = this.thread;
    const { runId } = this.#command;
    switch (message) {
      case "start":
        unwrap(await api.startRun(this.#command));
        return;
      case "signal": {
        const signal = { id: this.#signal, name: "go", key: null, payload: { by: "Ada" } };
        // A run that is at rest, or over, takes none: whoever sends it again is told so.
        await api.signalRun({ tenant, threadId, runId, ...signal });
        return;
      }
      case "answer":
        this.#question ??= await this.#asked();
        unwrap(
          await api.answerInterrupt({
            tenant,
            threadId,
            interruptId: this.#question,
            by: null,
            value: { yes: true },
            runId: this.#answer,
          }),
        );
        return;
      case "alarm":
        return runInDurableObject(stub, (object) => object.alarm());
      case "touch":
        await stub.touch({ tenant, threadId, runId });
        return;
      case "crash":
        return crash(this.thread);
    }
  }

  async #asked(): Promise<string> {
    for (let tries = 0; tries < 300; tries += 1) {
      const [open] = unwrap(await this.thread.api.interruptsOf(this.thread));
      if (open !== undefined) return open.id;
      await scheduler.wait(5);
    }
    throw new Error("Nothing was asked.");
  }

  /** Once all is done: the values, and each outcome of the log. */
  async end(): Promise<{ readonly values: JsonObject; readonly outcomes: readonly string[] }> {
    for (let tries = 0; tries < 300; tries += 1) {
      const { values, next } = unwrap(await this.thread.api.getState(this.thread));
      if (next.length === 0 && "all" in values) return { values, outcomes: await this.#outcomes() };
      await scheduler.wait(5);
    }
    throw new Error("It never ended.");
  }

  #outcomes(): Promise<string[]> {
    return runInDurableObject(this.thread.stub, (_, { storage }) =>
      [...new ThreadStore(storage.sql).commits(0, Number.MAX_SAFE_INTEGER)]
        .flatMap(({ entry }) => (entry.type === "task-succeeded" || entry.type === "signal-received" ? [entry] : []))
        .map((entry) => (entry.type === "task-succeeded" ? entry.task : `signal ${entry.signal.name}`))
        .sort(),
    );
  }
}

const VALUES = { brought: { by: "Ada" }, said: { yes: true }, total: 1, all: [1, { by: "Ada" }, { yes: true }, 2] };

/** Sends the messages in an order in which each follows what it depends on, with noise before each. */
async function deliver(noise: readonly (readonly Message[])[], signalFirst: boolean, again: readonly number[]) {
  const sender = new Sender();
  const order: Message[] = signalFirst ? ["start", "signal", "answer"] : ["start", "answer", "signal"];
  for (const [index, message] of order.entries()) {
    if (index > 0) for (const other of noise[index] ?? []) await sender.send(other);
    for (let times = 1 + (again[index] ?? 0); times > 0; times -= 1) await sender.send(message);
  }
  for (const other of noise[0] ?? []) await sender.send(other);
  const { values, outcomes } = await sender.end();
  expect(values).toMatchObject(VALUES);
  expect(values["log"]).toHaveLength(2);
  expect(outcomes).toEqual([...new Set(outcomes)]);
  expect(outcomes).toHaveLength(7);
}

const CASES = 12;
const PATIENCE = { timeout: 60_000 };
const noiseOf = (...messages: readonly Message[]) =>
  fc.array(fc.array(fc.constantFrom(...messages), { maxLength: 4 }), { minLength: 3, maxLength: 3 });
const order = fc.boolean();

describe("a thread", () => {
  it(
    "[property 3, G1, G2, G9] that hears everything several times, and dies in between, has heard it once",
    PATIENCE,
    async () => {
      const again = fc.array(fc.integer({ min: 1, max: 2 }), { minLength: 3, maxLength: 3 });
      await fc.assert(fc.asyncProperty(noiseOf("crash", "touch"), order, again, deliver), { numRuns: CASES });
    },
  );

  it(
    "[property 5, F6, G8] whose alarm goes off at any moment, however often, does nothing by it",
    PATIENCE,
    async () => {
      const once = fc.constant([]);
      await fc.assert(fc.asyncProperty(noiseOf("alarm", "alarm", "touch"), order, once, deliver), { numRuns: CASES });
    },
  );
});

describe("any JSON value", () => {
  const ECHO: JsonObject = {
    channels: { given: {}, back: {}, list: { reducer: "append" } },
    nodes: { echo: { kind: "transform", set: { back: "state.given", list: "[state.given]" } } },
    edges: [{ from: "start", to: "echo" }],
  };

  it(
    "[property 8] comes back from a thread as it was sent: over RPC, through the log, a crash, and a stream",
    PATIENCE,
    async () => {
      await fc.assert(
        fc.asyncProperty(anyValue, async (given) => {
          const thread = openThread();
          const command = startOf(thread, ECHO, { given });
          unwrap(await thread.api.startRun(command));
          unwrap(await thread.api.joinRun(command));
          await crash(thread);
          const { values } = unwrap(await thread.api.getState(thread));
          expect(JSON.stringify(values)).toBe(JSON.stringify({ given, back: given, list: [given] }));
          const frames = await follow(thread, command.runId, ["values"]);
          expect(canonicalJson(frames.at(-1)?.data ?? null)).toBe(canonicalJson(values));
        }),
        { numRuns: 25 },
      );
    },
  );
});

describe("[F29, G10] a cancel that races the end of a run", () => {
  it("leaves one end, which everybody is told of", PATIENCE, async () => {
    const graph: JsonObject = {
      channels: { a: {}, b: {} },
      nodes: { one: says("one two", "a", { delayMs: 2 }), two: says("three four", "b", { delayMs: 2 }) },
      edges: [
        { from: "start", to: "one" },
        { from: "one", to: "two" },
      ],
    };
    const race = async (delay: number): Promise<string> => {
      const thread = openThread();
      const command = startOf(thread, graph);
      unwrap(await thread.api.startRun(command));
      const followed = follow(thread, command.runId, ["values", "updates"]);
      await scheduler.wait(delay);
      const told = await Promise.all([thread.api.cancelRun(command), thread.api.cancelRun(command)]);
      const { run, values } = unwrap(await thread.api.joinRun(command));
      expect(told.map((reply) => unwrap(reply).status)).toEqual([run.status, run.status]);
      expect(run.status === "success").toBe("b" in values);
      const [live, replay] = [await followed, await follow(thread, command.runId, ["values", "updates"])];
      expect(live).toEqual(replay);
      const ends = await runInDurableObject(thread.stub, (_, { storage }) =>
        [...new ThreadStore(storage.sql).commits(0, 100)].filter(({ entry }) => entry.type === "run-cancelled"),
      );
      expect(ends).toHaveLength(run.status === "success" ? 0 : 1);
      return run.status;
    };
    const ends = await Promise.all(Array.from({ length: 30 }, (_, delay) => race(delay)));
    expect(new Set(ends)).toEqual(new Set(["success", "interrupted"]));
  });
});
