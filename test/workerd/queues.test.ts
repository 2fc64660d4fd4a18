import { env } from "cloudflare:workers";
import { afterEach, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import { deliver } from "../../durable-objects/testing/queued.ts";
import { openDatabase } from "../../src/storage/database.ts";
import { listDeadLetters, findDeadLetter } from "../../src/storage/dead-letters.ts";
import { ATTEMPTS } from "../../src/queues.ts";
import { migrate } from "./client.ts";

beforeAll(() => migrate());

let logged: { mockRestore(): void };
beforeEach(() => {
  logged = vi.spyOn(console, "error").mockImplementation(() => undefined);
});
afterEach(() => logged.mockRestore());

const absent = () => {
  throw new Error("D1 is away");
};
const database = openDatabase(env.DB);
const wake = (thread: string, tenant = "acme") => ({ tenant, thread, run: `run of ${thread}`, at: 0 });
const lettersOf = async (tenant: string) => {
  const lines = await listDeadLetters(database, tenant, { limit: 100 });
  return Promise.all(lines.map(({ id }) => findDeadLetter(database, tenant, id)));
};

/** Bindings whose threads answer as told by their names. */
function threads(touch: (thread: string) => Promise<boolean>) {
  const get = (name: string) => ({ touch: () => touch(name.split(".").at(-1) ?? "") });
  return { ...env, THREADS: { idFromName: (name: string) => name, get } };
}

describe("[F8] a poisoned message", () => {
  it("is tried again alone; its neighbours are done with, in whatever place they stand", async () => {
    const bindings = threads((name) => (name === "bad" ? Promise.reject(new Error("reset")) : Promise.resolve(true)));
    const batch = [wake("bad"), wake("a"), "no wake at all", wake("b"), { tenant: "acme" }, null];
    expect(await deliver(batch, { bindings })).toEqual({ acked: [1, 3], retried: [0, 2, 4, 5] });
    expect(await lettersOf("acme")).toEqual([]);
  });

  it("that hangs keeps its neighbours waiting for its own deadline, and no longer", async () => {
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
    const touched: string[] = [];
    const bindings = threads((name) => {
      touched.push(name);
      return name === "hangs" ? new Promise(() => undefined) : Promise.resolve(true);
    });
    try {
      const done = deliver([wake("hangs"), wake("a"), wake("b")], { bindings });
      expect(touched).toEqual(["hangs", "a", "b"]);
      await vi.advanceTimersByTimeAsync(10_000);
      expect(await done).toEqual({ acked: [1, 2], retried: [0] });
    } finally {
      vi.useRealTimers();
    }
  });

  it("is a dead letter after its fifth attempt, with the cause, once however often the queue brings it", async () => {
    const bindings = threads(() => Promise.reject(new Error("no such code")));
    const body = wake("poisoned", "five");
    for (let attempts = 1; attempts < ATTEMPTS; attempts += 1) await deliver([body], { bindings, attempts });
    expect(await lettersOf("five")).toEqual([]);
    expect(await deliver([body], { bindings, attempts: ATTEMPTS })).toEqual({ acked: [], retried: [0] });
    // What the platform then does.
    for (const attempts of [1, 2])
      expect(await deliver([body, body], { queue: "edgewise-dead", attempts })).toEqual({ acked: [0, 1], retried: [] });
    expect(await lettersOf("five")).toEqual([
      expect.objectContaining({
        kind: "message",
        status: "open",
        threadId: "poisoned",
        runId: "run of poisoned",
        payload: body,
        cause: expect.objectContaining({ message: "Unexpected: no such code" }) as object,
        history: [{ attempt: 5, at: expect.any(Number) as number, error: expect.anything() as object }],
      }),
    ]);
  });
});

describe("the dead-letter queue", () => {
  it("keeps a message whose cause nobody has seen, and one that names no tenant, where only an operator looks", async () => {
    const strange = { note: "of another version" };
    expect(await deliver([wake("lost", "seven"), strange], { queue: "edgewise-dead" })).toEqual({
      acked: [0, 1],
      retried: [],
    });
    expect(await lettersOf("seven")).toEqual([
      expect.objectContaining({ cause: expect.objectContaining({ code: "internal" }) as object, runId: "run of lost" }),
    ]);
    expect((await lettersOf("")).map((letter) => letter?.payload)).toEqual([strange]);
  });

  it("keeps two that are no JSON as two, and says so", async () => {
    await env.DB.prepare("DELETE FROM dead_letters").run();
    await deliver([new Map([["a", 1]]), new Date()], { queue: "edgewise-dead" });
    const said = (await lettersOf("")).map((letter) => JSON.stringify(letter?.payload));
    expect(said.sort()).toEqual([
      expect.stringContaining("message 0 is no JSON"),
      expect.stringContaining("message 1"),
    ]);
  });

  it("loses no message while D1 is away", async () => {
    const away = { ...env, DB: { prepare: absent } };
    const body = wake("later", "eight");
    expect(await deliver([body], { queue: "edgewise-dead", bindings: away })).toEqual({ acked: [], retried: [0] });
    await deliver([body], { queue: "edgewise-dead", attempts: 2 });
    expect(await lettersOf("eight")).toHaveLength(1);
  });

  it("is any queue with that word in its name", async () => {
    await deliver([wake("t", "nine")], { queue: "edgewise-dead-staging" });
    await deliver([wake("t", "ten")], { queue: "deadline-wake", bindings: threads(() => Promise.resolve(true)) });
    expect([(await lettersOf("nine")).length, (await lettersOf("ten")).length]).toEqual([1, 0]);
  });
});

it("what one tenant's message says is shown to no other", async () => {
  await deliver([wake("secret", "mine")], { queue: "edgewise-dead" });
  const [letter] = await lettersOf("mine");
  expect(await findDeadLetter(database, "yours", letter?.id ?? "")).toBeUndefined();
});
