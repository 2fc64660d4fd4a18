import { applyD1Migrations } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { beforeAll, describe, expect, it } from "vitest";
import { failure, unwrap } from "../src/base/errors.ts";
import type { Json, JsonObject } from "../src/base/json.ts";
import { uuidv7, secureRandom } from "../src/base/ids.ts";
import { whileIndexIsAway } from "./testing/index-away.ts";
import { attempts, crash, follow, openThread, runToEnd, startOf } from "./testing/open-thread.ts";
import { alone, graphOf, letters, start } from "./testing/faults.ts";
import { ownKind } from "./testing/own-kind.ts";

beforeAll(() => applyD1Migrations(env.DB, env.TEST_MIGRATIONS));

describe("[once] steps", () => {
  it.each([
    ["__proto__", 1],
    ["", { a: "" }],
    ["k".repeat(10_000), [null]],
    ["large", "x".repeat(5_000_000)],
  ] as [string, Json][])("by the key %.20s are kept as they were", { timeout: 20_000 }, async (key, value) => {
    let made = 0;
    ownKind("keyed", async ({ once, attempt }) => {
      const got = await once(key, () => ((made += 1), value));
      if (attempt === 1) throw failure("node_failed", "again", { retryable: true });
      return { writes: [{ channel: "out", value: JSON.stringify(got) === JSON.stringify(value) }] };
    });
    const thread = openThread();
    const command = await start(thread, alone("keyed", { retry: { attempts: 2, delay: "60ms", max_delay: "60ms" } }));
    await crash(thread);
    expect(unwrap(await thread.api.joinRun(command)).values["out"]).toBe(true);
    expect(made).toBeLessThanOrEqual(2);
    expect((await letters(thread)).replaceAll(/[^k]/g, "")).toBe("k");
  });

  it("of an attempt that is over leave nothing behind, whatever goes on by then", async () => {
    const late: (() => void)[] = [];
    ownKind("laggard", async ({ once, attempt }) => {
      if (attempt === 1) {
        void once("step", () => new Promise<string>((resolve) => late.push(() => resolve("late")))).catch(() => "");
        throw failure("node_failed", "again", { retryable: true });
      }
      const value = await once("step", () => "in time");
      late[0]?.();
      await scheduler.wait(5);
      return { writes: [{ channel: "out", value: [value, await once("step", () => "once more")] }] };
    });
    const thread = openThread();
    const command = await start(thread, alone("laggard", { retry: { attempts: 2, delay: "1ms", max_delay: "1ms" } }));
    expect(unwrap(await thread.api.joinRun(command)).values["out"]).toEqual(["in time", "in time"]);
    expect(await letters(thread)).toBe("srko");
  });

  it("of an attempt that was timed out or cancelled are not kept, nor of one that has answered", async () => {
    const later: (() => void)[] = [];
    ownKind("slow-step", async ({ once }) => {
      await once("slow", () => new Promise<number>((resolve) => later.push(() => resolve(1))));
      return { writes: [] };
    });
    ownKind("careless", ({ once }) => {
      void once("forgotten", () => new Promise<number>((resolve) => later.push(() => resolve(1))));
      return { writes: [] };
    });
    const thread = openThread();
    const timedOut = await runToEnd(thread, alone("slow-step", { timeout: "20ms" }));
    expect(timedOut.run.error).toMatchObject({ code: "model_timeout" });
    const cancelled = await start(thread, alone("slow-step"));
    unwrap(await thread.api.cancelRun(cancelled));
    expect((await runToEnd(thread, alone("careless"))).run.status).toBe("success");
    for (const end of later) end();
    await scheduler.wait(5);
    expect(later).toHaveLength(3);
    expect(await letters(thread)).toBe("sfscso");
  });

  it("[G7] stand between what is streamed, and followers resume after any frame", async () => {
    ownKind("talker", async ({ once, say, emit }) => {
      for (const index of [0, 1, 2]) {
        say(`word ${index} `);
        emit({ index });
        await once(`step ${index}`, () => index);
      }
      return { writes: [{ channel: "out", value: 1 }] };
    });
    const thread = openThread();
    const command = startOf(thread, alone("talker"));
    const reply = await thread.api.startAndFollow(
      { ...command, streamMode: ["messages-tuple", "custom", "values"] },
      false,
    );
    await new Response(unwrap(reply).frames).text();
    const all = await follow(thread, command.runId, ["messages-tuple", "custom", "values"]);
    expect(all.map(({ event }) => event).join()).toBe(
      "metadata,values,messages,custom,messages,custom,messages,custom,values",
    );
    for (const [index, { id }] of all.entries())
      expect(await follow(thread, command.runId, ["messages-tuple", "custom", "values"], id)).toEqual(
        all.slice(index + 1),
      );
  });
});

describe("[design 3] unsafe effects", () => {
  it("that had not begun when the object died are done then, once; those that had are unknown", async () => {
    const begun: string[] = [];
    ownKind("pay-once", async ({ idempotencyKey, attempt }) => {
      begun.push(idempotencyKey);
      if (attempt === 1) throw failure("node_failed", "busy", { retryable: true });
      return { writes: [{ channel: "out", value: "paid" }] };
    });
    const unsafe = { effect: "unsafe", retry: { attempts: 2, delay: "40ms", max_delay: "40ms" } };
    const thread = openThread();
    const command = await start(thread, alone("pay-once", unsafe));
    await expect.poll(() => letters(thread)).toBe("str");
    // Its next try comes due while nobody is there.
    await crash(thread);
    await scheduler.wait(60);
    const { run, values } = unwrap(await thread.api.joinRun(command));
    expect([run.error, values["out"]]).toEqual([null, "paid"]);
    expect(begun).toHaveLength(2);
    expect(await letters(thread)).toBe("strlto");
  });

  it("that wait for a slot have not begun", async () => {
    const begun: string[] = [];
    ownKind("pay-slowly", async ({ node }) => {
      begun.push(node);
      return begun.length === 1 ? new Promise(() => undefined) : { writes: [] };
    });
    const node = { kind: "pay-slowly", effect: "unsafe" };
    const graph = graphOf(
      { one: node, two: node },
      [
        ["start", "one"],
        ["start", "two"],
      ],
      { out: {} },
    );
    const thread = openThread();
    const command = await start(thread, { ...graph, limits: { concurrency: 1 } });
    await expect.poll(() => begun).toEqual(["one"]);
    await crash(thread);
    const { run } = unwrap(await thread.api.joinRun(command));
    expect(run).toMatchObject({ status: "interrupted", error: null });
    const questions = unwrap(await thread.api.interruptsOf(command));
    expect(questions).toMatchObject([{ kind: "outcome_unknown", node: "one" }]);
    expect(begun).toEqual(["one", "two"]);
  });
});

describe("[cache] results that are used again", () => {
  const tenant = `cacher-${uuidv7(Date.now(), secureRandom)}`;
  const named = (say: string, channels: JsonObject = { out: {} }): JsonObject => ({
    ...graphOf(
      { all: { kind: "subgraph", graph: "talk", output: { out: "state.said" }, cache: { ttl: "1h" } } },
      [["start", "all"]],
      channels,
    ),
    graphs: {
      talk: graphOf({ deeper: { kind: "subgraph", graph: "deep" } }, [["start", "deeper"]], { said: {} }),
      deep: graphOf({ say: { kind: "transform", set: { said: say } } }, [["start", "say"]], { said: {} }),
    },
  });

  it("are of the graph inside as it is, however deep, not of its name", async () => {
    const thread = openThread(tenant);
    expect((await runToEnd(thread, named("'one'"))).values["out"]).toBe("one");
    expect((await runToEnd(thread, named("'two'"))).values["out"]).toBe("two");
  });

  it("fit the channels that they are written to", async () => {
    const thread = openThread(tenant);
    await runToEnd(thread, named("'three'"));
    const { run } = await runToEnd(openThread(tenant), named("'three'", { out: { reducer: "append" } }));
    expect(run.error).toBeNull();
    const narrow = { out: { schema: { type: "string", maxLength: 3 } } };
    const refused = await runToEnd(openThread(tenant), named("'three'", narrow));
    expect(refused.run.error).toMatchObject({ code: "invalid_write" });
  });

  it("are not of a composite in which something failed", async () => {
    let tries = 0;
    ownKind("once-broken", () => {
      tries += 1;
      if (tries === 1) throw failure("node_failed", "not today");
      return { writes: [{ channel: "said", value: "well" }] };
    });
    const graph = graphOf(
      {
        each: {
          kind: "map",
          over: "['a']",
          on_failure: "skip",
          cache: { ttl: "1h" },
          graph: graphOf({ say: { kind: "once-broken" } }, [["start", "say"]], { said: {} }),
          output: { out: "state.said" },
        },
      },
      [["start", "each"]],
      { out: {} },
    );
    expect((await runToEnd(openThread(tenant), graph)).values["out"]).toEqual([]);
    expect((await runToEnd(openThread(tenant), graph)).values["out"]).toEqual(["well"]);
  });

  it("say what was said inside as other messages", async () => {
    const inner = graphOf({ say: attempts("messages", { reply: "well" }) }, [["start", "say"]], {
      messages: { reducer: "messages" },
    });
    const graph = graphOf(
      { all: { kind: "subgraph", input: {}, graph: inner, cache: { ttl: "1h" } } },
      [["start", "all"]],
      { messages: { reducer: "messages" } },
    );
    const thread = openThread(tenant);
    await runToEnd(thread, graph);
    const { run, values } = await runToEnd(thread, graph);
    expect(run.error).toBeNull();
    expect((values["messages"] as JsonObject[]).map(({ content }) => content)).toEqual(["well", "well"]);
  });

  it("[G10] a task that is cancelled while its result is looked for does not begin", { timeout: 20_000 }, async () => {
    let begun = 0;
    ownKind("looked-for", () => {
      begun += 1;
      return { writes: [] };
    });
    const thread = openThread(tenant);
    await whileIndexIsAway("never-answers", async () => {
      const command = await start(thread, alone("looked-for", { cache: { ttl: "1h" } }));
      unwrap(await thread.api.cancelRun(command));
      await scheduler.wait(2_100);
    });
    expect(begun).toBe(0);
  });

  it("[F14] are made anew while the database never answers", { timeout: 20_000 }, async () => {
    const thread = openThread(tenant);
    const values = await whileIndexIsAway("never-answers", async () => {
      const command = await start(thread, named("'alone'"));
      return unwrap(await thread.api.joinRun(command)).values;
    });
    expect(values["out"]).toBe("alone");
  });
});
