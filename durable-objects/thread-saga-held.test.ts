import { applyD1Migrations } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { beforeAll, describe, expect, it } from "vitest";
import { unwrap } from "../src/base/errors.ts";
import type { JsonObject } from "../src/base/json.ts";
import { chain } from "./testing/composite-graphs.ts";
import { crash, openThread, runToEnd, startOf, type TestThread } from "./testing/open-thread.ts";
import { around, book, bookings, failing, hanging, keys, ledger, LOG, trip, undo } from "./testing/trips.ts";
import type { RunResult } from "./thread-api.ts";

beforeAll(() => applyD1Migrations(env.DB, env.TEST_MIGRATIONS));
bookings();

/** A graph of one node, as a node. */
function inGraph(id: string, node: JsonObject): JsonObject {
  return { kind: "subgraph", graph: { channels: LOG, nodes: { [id]: node }, edges: chain(id) } };
}

const RETRIED: JsonObject = { retry: { attempts: 2, delay: "1ms", max_delay: "1ms" } };

/** Goes on with what is at rest. */
async function goOn(thread: TestThread, graph: JsonObject): Promise<RunResult> {
  const command = startOf(thread, graph, null, { command: {} });
  unwrap(await thread.api.startRun(command));
  return unwrap(await thread.api.joinRun(command));
}

/** As `trip`, and what undoes is tried twice. */
function retried(names: readonly string[], last?: JsonObject): JsonObject {
  const graph = trip(names, last);
  const nodes = Object.entries(graph["nodes"] as Record<string, JsonObject>);
  return {
    ...graph,
    nodes: Object.fromEntries(nodes.map(([id, node]) => [id, id.startsWith("no-") ? { ...node, ...RETRIED } : node])),
  };
}

describe("what undoes something", () => {
  it("[G5] is an ordinary task: it is tried again, under one idempotency key", async () => {
    failing.set("no-car", 1);
    const { run } = await runToEnd(openThread(), around(retried(["car"])));
    expect(run.error).toMatchObject({ details: { undone: ["car"] } });
    expect(keys.get("no-car")).toHaveLength(2);
    expect(new Set(keys.get("no-car")).size).toBe(1);
    expect(new Set([...keys.values()].flat()).size).toBe(2);
  });

  it("[R9] and fails for good holds the saga; when the run goes on it is tried again, and nothing else is", async () => {
    failing.set("no-room", 2);
    const thread = openThread();
    const graph = around(retried(["car", "room", "show"]), { on_error: "after" });
    const { run, values } = await runToEnd(thread, graph);
    expect([run.status, values]).toEqual(["error", { log: [] }]);
    expect(run.error).toMatchObject({
      code: "compensation_failed",
      node: "no-room",
      cause: "no-room is not to be had",
      details: { code: "node_failed", saga: "trip", undoes: "room" },
    });
    await crash(thread);
    const again = await goOn(thread, graph);
    expect([again.run.error, again.values]).toEqual([null, { log: ["after"] }]);
    const done = ["car", "room", "show", undo("show"), undo("room"), undo("car"), "after"];
    expect(ledger).toEqual(done);
    expect(new Set(keys.get("no-room")).size).toBe(1);
  });

  it.each([
    ["a task", book(undefined, RETRIED), [undo("room")]],
    ["a graph", inGraph("no-room", book(undefined, RETRIED)), ["no-room"]],
  ])("[R9] as %s holds all that is around the saga, also what bears failures", async (_, undoing, undone) => {
    const room = trip(["room"]);
    const graph = { ...room, nodes: { ...(room["nodes"] as JsonObject), "no-room": undoing } };
    const outer: JsonObject = {
      channels: LOG,
      nodes: {
        car: book("no-car"),
        inner: { kind: "saga", graph, undo: "no-inner" },
        "no-car": book(),
        "no-inner": book(),
      },
      edges: chain("car", "inner"),
    };
    const more = { over: "[1]", on_failure: "collect", failures: "wrong" };
    const whole: JsonObject = {
      channels: { ...LOG, wrong: {} },
      nodes: { each: { ...inGraph("trip", { kind: "saga", graph: outer }), kind: "map", ...more } },
      edges: chain("each"),
    };
    failing.set("no-room", 2);
    const thread = openThread();
    const { run } = await runToEnd(thread, whole);
    expect(run.error).toMatchObject({ code: "compensation_failed", node: "no-room", details: { saga: "inner" } });
    expect(ledger).toEqual(["car", "room"]);
    const again = await goOn(thread, whole);
    expect([again.run.error, ledger]).toEqual([null, ["car", "room", ...undone, undo("car")]]);
    expect(again.values["wrong"]).toMatchObject([{ index: 0, error: { code: "failed_by_graph" } }]);
  });

  it("may bear its own failure, and so holds nothing", async () => {
    const graph = trip(["car", "room"]);
    const nodes = { ...(graph["nodes"] as JsonObject), "no-room": book(undefined, { on_error: "end" }) };
    failing.set("no-room", 9);
    const { run } = await runToEnd(openThread(), around({ ...graph, nodes }));
    expect(run.error).toMatchObject({ code: "failed_by_graph", details: { undone: ["room", "car"] } });
    expect(ledger).toEqual(["car", "room", undo("car")]);
  });

  it("[G10] does not begin after a cancel, and does when the run goes on", async () => {
    hanging.add("no-room");
    const thread = openThread();
    const graph = around(trip(["car", "room"]));
    const command = startOf(thread, graph);
    unwrap(await thread.api.startRun(command));
    while (!keys.has("no-room")) await scheduler.wait(2);
    unwrap(await thread.api.cancelRun(command));
    hanging.clear();
    await scheduler.wait(30);
    expect(ledger).toEqual(["car", "room"]);
    const { run } = await goOn(thread, graph);
    expect(run.error).toMatchObject({ details: { undone: ["room", "car"] } });
    expect(ledger).toEqual(["car", "room", undo("room"), undo("car")]);
    expect(new Set(keys.get("no-room")).size).toBe(1);
  });
});

describe("what undoes something, and is unsafe", () => {
  const graph = (): JsonObject => {
    const inner = trip(["car", "room"]);
    const nodes = { ...(inner["nodes"] as JsonObject), "no-room": book(undefined, { effect: "unsafe" }) };
    return around({ ...inner, nodes });
  };

  async function cutOff(thread: TestThread): Promise<RunResult> {
    hanging.add("no-room");
    const command = startOf(thread, graph());
    unwrap(await thread.api.startRun(command));
    while (!keys.has("no-room")) await scheduler.wait(2);
    await crash(thread);
    hanging.clear();
    return unwrap(await thread.api.joinRun(command));
  }

  async function decide(thread: TestThread, value: JsonObject): Promise<RunResult> {
    const { tenant, threadId } = thread;
    const [open] = unwrap(await thread.api.interruptsOf({ tenant, threadId }));
    const { runId } = startOf(thread, graph());
    const command = { tenant, threadId, interruptId: open?.id ?? "", value, by: null, runId };
    const { run } = unwrap(await thread.api.answerInterrupt(command));
    return unwrap(await thread.api.joinRun({ ...command, runId: run.run_id }));
  }

  it("waits for an answer when it was cut off: done, and the rest is undone", async () => {
    const thread = openThread();
    const { run } = await cutOff(thread);
    expect([run.status, ledger]).toEqual(["interrupted", ["car", "room"]]);
    const { run: after } = await decide(thread, { decision: "done", writes: {} });
    expect(after.error).toMatchObject({ code: "failed_by_graph", details: { undone: ["room", "car"] } });
    expect(ledger).toEqual(["car", "room", undo("car")]);
    expect(keys.get("no-room")).toHaveLength(1);
  });

  it("[R9] or failed, and holds the saga", async () => {
    const thread = openThread();
    await cutOff(thread);
    const { run } = await decide(thread, { decision: "fail" });
    expect(run.error).toMatchObject({ code: "compensation_failed", details: { undoes: "room" } });
    expect(ledger).not.toContain(undo("car"));
  });
});

describe("a saga in a run that stops at a failure", () => {
  const stopping = (graph: JsonObject): JsonObject => ({ on_failure: "stop", ...graph });

  it("[R9] is stopped by what cannot be undone, not by what failed in its graph", async () => {
    const graph = stopping(around(trip(["car"]), { on_error: "after" }));
    expect((await runToEnd(openThread(), graph)).run.error).toBeNull();
    expect(ledger).toEqual(["car", undo("car"), "after"]);
    failing.set("no-car", 9);
    expect((await runToEnd(openThread(), graph)).run.error).toMatchObject({ code: "compensation_failed" });
  });
});
