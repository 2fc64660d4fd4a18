import { applyD1Migrations, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { beforeAll, describe, expect, it } from "vitest";
import { z } from "zod";
import { unwrap } from "../src/base/errors.ts";
import type { JsonObject } from "../src/base/json.ts";
import type { Expression } from "../src/graph/plan.ts";
import type { NodeKind } from "../src/nodes/contract.ts";
import { type AnyNodeKind, nodeKinds } from "../src/nodes/registry.ts";
import { attempts, crash, openThread, runToEnd, startOf, type TestThread } from "./testing/open-thread.ts";
import { ownKind } from "./testing/own-kind.ts";

beforeAll(() => applyD1Migrations(env.DB, env.TEST_MIGRATIONS));

function waiting(node: JsonObject): JsonObject {
  return {
    channels: { done: {} },
    nodes: { pause: { kind: "wait", ...node }, after: { kind: "transform", set: { done: "true" } } },
    edges: [
      { from: "start", to: "pause" },
      { from: "pause", to: "after" },
    ],
  };
}

async function alarmOf(thread: TestThread): Promise<number | null> {
  return runInDurableObject(thread.stub, (_, state) => state.storage.getAlarm());
}

describe("waits", () => {
  it("[R8] a wait goes on by the alarm, after a crash too", async () => {
    const thread = openThread();
    const command = startOf(thread, waiting({ for: "300ms" }));
    unwrap(await thread.api.startRun(command));
    await scheduler.wait(30);
    await crash(thread);
    expect(unwrap(await thread.api.getRun(command)).status).toBe("running");
    const { run, values } = unwrap(await thread.api.joinRun(command));
    expect(run.status).toBe("success");
    expect(values).toEqual({ done: true });
    expect(Date.parse(run.updated_at) - Date.parse(run.created_at)).toBeGreaterThanOrEqual(300);
  });

  it("[R8] what waits for days costs nothing: one alarm at its time, and the sweep is told to come after it", {
    timeout: 20_000,
  }, async () => {
    const thread = openThread();
    const command = startOf(thread, waiting({ for: "48h" }));
    unwrap(await thread.api.startRun(command));
    const at = Date.now() + 48 * 3_600_000;
    await expect.poll(async () => (await alarmOf(thread)) ?? 0, { timeout: 12_000 }).toBeGreaterThan(at - 60_000);
    const row = await env.DB.prepare("SELECT due_at FROM live_runs WHERE run_id = ?")
      .bind(command.runId)
      .first<{ due_at: number }>();
    expect(row?.due_at).toBeGreaterThan(at);
    unwrap(await thread.api.cancelRun(command));
    expect(unwrap(await thread.api.joinRun(command)).run.status).toBe("interrupted");
  });

  it("a time that is over is no wait", async () => {
    const { run } = await runToEnd(openThread(), waiting({ until: "'2020-01-01T00:00:00Z'" }));
    expect(run.status).toBe("success");
  });

  it("[R8] two waits in one run end in their order, and hold no slot", async () => {
    const { values } = await runToEnd(openThread(), {
      channels: { log: { reducer: "append" } },
      nodes: {
        long: { kind: "wait", for: "120ms" },
        short: { kind: "wait", for: "30ms" },
        busy: attempts("log", { reply: "busy" }),
        afterLong: { kind: "transform", set: { log: "'long'" } },
        afterShort: { kind: "transform", set: { log: "'short'" } },
      },
      edges: [
        ...["long", "short", "busy"].map((to) => ({ from: "start", to })),
        { from: "long", to: "afterLong" },
        { from: "short", to: "afterShort" },
      ],
      limits: { concurrency: 1 },
    });
    expect(values["log"]).toEqual(["busy", "long", "short"]);
  });
});

function alone(kind: string, more: JsonObject = {}): JsonObject {
  return { channels: { out: {} }, nodes: { own: { kind, ...more } }, edges: [{ from: "start", to: "own" }] };
}

describe("steps inside a node", () => {
  it("[once] a step that was made is not made again by a later attempt, whatever becomes of the first", async () => {
    let [made, tries] = [0, 0];
    ownKind("two-steps", async ({ once }) => {
      tries += 1;
      const first = await once("first", () => (made += 1));
      if (tries === 1) await new Promise(() => undefined);
      const second = await once("second", async () => `${first} and two`);
      return { writes: [{ channel: "out", value: second }] };
    });
    const thread = openThread();
    const command = startOf(thread, alone("two-steps"));
    unwrap(await thread.api.startRun(command));
    await expect.poll(() => made).toBe(1);
    await scheduler.wait(5);
    await crash(thread);
    const { run, values } = unwrap(await thread.api.joinRun(command));
    expect(run.error).toBeNull();
    expect(values["out"]).toBe("1 and two");
    expect([made, tries]).toEqual([1, 2]);
  });

  it("[once] two calls by one key are one step, and what is not JSON fails the node", async () => {
    ownKind("twin-steps", async ({ once }) => {
      let count = 0;
      const step = async () => (count += 1);
      const [one, other] = await Promise.all([once("same", step), once("same", step)]);
      return { writes: [{ channel: "out", value: [one, other] }] };
    });
    expect((await runToEnd(openThread(), alone("twin-steps"))).values["out"]).toEqual([1, 1]);
    ownKind("odd-step", async ({ once }) => {
      await once("odd", () => Number.NaN);
      return { writes: [] };
    });
    expect((await runToEnd(openThread(), alone("odd-step"))).run.error).toMatchObject({ code: "invalid_write" });
  });

  it("[design 3] an unsafe attempt that died is not repeated: its outcome is unknown", async () => {
    let effects = 0;
    ownKind("pay", async ({ signal }) => {
      effects += 1;
      await new Promise((_, reject) => signal.addEventListener("abort", () => reject(signal.reason as Error)));
      return { writes: [] };
    });
    const thread = openThread();
    const command = startOf(thread, alone("pay", { effect: "unsafe" }));
    unwrap(await thread.api.startRun(command));
    await expect.poll(() => effects).toBe(1);
    await crash(thread);
    const { run } = unwrap(await thread.api.joinRun(command));
    expect(run).toMatchObject({ status: "interrupted", error: null });
    expect(unwrap(await thread.api.interruptsOf(command))).toMatchObject([{ kind: "outcome_unknown", node: "own" }]);
    expect(effects).toBe(1);
  });
});

describe("results that are used again", () => {
  let made = 0;
  const cached = (more: JsonObject = {}): JsonObject => ({
    channels: { q: {}, other: {}, out: { reducer: "messages" } },
    input: ["q", "other"],
    nodes: { own: { kind: "counted", ask: "state.q", cache: { ttl: "1h" }, ...more } },
    edges: [{ from: "start", to: "own" }],
  });
  const ask = async (input: JsonObject, graph = cached()): Promise<JsonObject> => {
    const { run, values } = await runToEnd(openThread("cacher"), graph, input);
    expect(run.error).toBeNull();
    return (values["out"] as JsonObject[])[0] ?? {};
  };

  beforeAll(() => {
    const counted: NodeKind<{ ask: string }, Expression> = {
      kind: "counted",
      summary: "Says how often it ran",
      schema: z.strictObject({ ask: z.string() }),
      effect: "idempotent",
      compile: ({ ask: source }, compiler) => (compiler.channel("out", []), compiler.expression(source, ["ask"])),
      run(asked, { scope, messageId }) {
        made += 1;
        const content = `${JSON.stringify(asked.evaluate(scope))} ${made}`;
        return { writes: [{ channel: "out", value: [{ type: "ai", id: messageId, content }] }] };
      },
    };
    (nodeKinds as Map<string, AnyNodeKind>).set("counted", counted);
  });

  it("[cache] an equal task gets the result of the first, as a message of its own, in any thread of the tenant", async () => {
    const first = await ask({ q: "why?", other: 1 });
    const second = await ask({ q: "why?", other: 2 });
    expect(second["content"]).toBe(first["content"]);
    expect(second["id"]).not.toBe(first["id"]);
    expect((await ask({ q: "how?" }))["content"]).not.toBe(first["content"]);
  });

  it("[cache] a key of its own decides alone, and another configuration or tenant is another task", async () => {
    const byKey = cached({ cache: { ttl: "1h", key: "'same'" } });
    expect((await ask({ q: "b" }, byKey))["content"]).toBe((await ask({ q: "a" }, byKey))["content"]);
    const before = made;
    await ask({ q: "why?" }, cached({ ask: "state.q + '!'" }));
    await runToEnd(openThread("another"), cached(), { q: "why?" });
    expect(made).toBe(before + 2);
  });

  it("[cache] a composite's result is used again whole, and its frames are not run", async () => {
    const uncached = { ...cached(), nodes: { own: { kind: "counted", ask: "state.q" } } };
    const all = { kind: "map", over: "state.q", graph: uncached, input: { q: "item" }, cache: { ttl: "1h" } };
    const graph: JsonObject = {
      channels: { q: {}, out: { reducer: "messages" } },
      input: ["q"],
      nodes: { all },
      edges: [{ from: "start", to: "all" }],
    };
    const before = made;
    const first = await runToEnd(openThread("cacher"), graph, { q: ["m", "n"] });
    const second = await runToEnd(openThread("cacher"), graph, { q: ["m", "n"] });
    expect(first.run.error ?? second.run.error).toBeNull();
    expect(made).toBe(before + 2);
    const texts = ({ values }: typeof first) => (values["out"] as JsonObject[]).map(({ content }) => content);
    expect(texts(first)).toHaveLength(2);
    expect(texts(second)).toEqual(texts(first));
  });

  it("[cache] a result that is too old is made again", async () => {
    const soon = cached({ cache: { ttl: "1ms", key: "'soon'" } });
    const first = await ask({ q: "x" }, soon);
    await scheduler.wait(10);
    expect((await ask({ q: "x" }, soon))["content"]).not.toBe(first["content"]);
  });
});

const SHAPED: JsonObject = {
  channels: { n: { schema: { type: "integer", minimum: 1 } }, out: { schema: { type: "string" } } },
  input: { type: "object", properties: { n: { type: "integer" } }, required: ["n"] },
  output: { type: "object", properties: { out: { type: "string", maxLength: 12 } } },
  variables: { greeting: "Hello" },
  parameters: {
    who: { schema: { type: "string" }, required: true },
    mark: { default: "!" },
  },
  nodes: { say: { kind: "transform", set: { out: "vars.greeting + ' ' + params.who + params.mark" } } },
  edges: [{ from: "start", to: "say" }],
};

describe("what a run is given", () => {
  it("variables, parameters and their defaults are known to expressions", async () => {
    const thread = openThread();
    const command = startOf(
      thread,
      SHAPED,
      { n: 1 },
      { config: { configurable: { who: "Bo" } }, context: { who: "Ada" } },
    );
    unwrap(await thread.api.startRun(command));
    expect(unwrap(await thread.api.joinRun(command)).values).toEqual({ out: "Hello Ada!" });
  });

  it.each<[string, JsonObject, JsonObject, string, string]>([
    ["a parameter that is missing", { n: 1 }, {}, "invalid_request", "/context/who"],
    ["a parameter of another type", { n: 1 }, { who: 3 }, "invalid_request", "/context/who"],
    ["a parameter that is a slip of the pen", { n: 1 }, { who: "Ada", marc: "?" }, "invalid_request", "/context/marc"],
    ["an input that is missing", {}, { who: "Ada" }, "invalid_request", "/input"],
    ["an input that its channel does not take", { n: 0 }, { who: "Ada" }, "invalid_write", "/input/n"],
  ])("%s is refused before anything is written", async (_, input, context, code, pointer) => {
    const thread = openThread();
    const reply = await thread.api.startRun(startOf(thread, SHAPED, input, { context }));
    expect(reply).toMatchObject({ ok: false, error: { code, pointer } });
    expect(await thread.api.getThread(thread)).toMatchObject({ ok: false, error: { code: "not_found" } });
  });

  it("a result that does not fit its schema is the run's failure, with a pointer", async () => {
    const thread = openThread();
    const command = startOf(thread, SHAPED, { n: 1 }, { context: { who: "somebody else" } });
    unwrap(await thread.api.startRun(command));
    const { run } = unwrap(await thread.api.joinRun(command));
    expect(run.error).toMatchObject({ code: "invalid_output", pointer: "/out" });
  });

  it("a write that its channel's schema does not take fails the node, with a pointer", async () => {
    const graph = { ...SHAPED, nodes: { say: { kind: "transform", set: { out: "dyn(1)" } } }, parameters: {} };
    const { run } = await runToEnd(openThread(), graph, { n: 1 });
    expect(run.error).toMatchObject({ code: "invalid_write", node: "say", pointer: "/out" });
  });
});
