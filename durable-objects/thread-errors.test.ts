import { applyD1Migrations } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { beforeAll, describe, expect, it } from "vitest";
import { unwrap } from "../src/base/errors.ts";
import type { Json, JsonObject } from "../src/base/json.ts";
import type { NodeContext } from "../src/nodes/contract.ts";
import { attempts, follow, openThread, runToEnd, startOf } from "./testing/open-thread.ts";
import { ownKind } from "./testing/own-kind.ts";

beforeAll(() => applyD1Migrations(env.DB, env.TEST_MIGRATIONS));

const DOWN = { fault: "status", status: 503 };

function guarded(node: JsonObject, more: JsonObject = {}): JsonObject {
  return {
    channels: { problem: {}, log: { reducer: "append" }, x: {} },
    nodes: {
      risky: node,
      after: { kind: "transform", set: { log: "'after'" } },
      rescue: { kind: "transform", set: { log: "'rescued from ' + state.problem.code" } },
    },
    edges: [
      { from: "start", to: "risky" },
      { from: "risky", to: "after" },
    ],
    ...more,
  };
}

const TO_RESCUE = { on_error: { to: "rescue", write: "problem" } };

describe("on_error", () => {
  it("[R9] a failure for good goes where the node says, with the error in the state; retries come first", async () => {
    const risky = { ...attempts("x", DOWN, DOWN, DOWN), ...TO_RESCUE };
    const { run, values } = await runToEnd(openThread(), guarded(risky));
    expect(run).toMatchObject({ status: "success", error: null });
    expect(values["log"]).toEqual(["rescued from model_overloaded"]);
    expect(values["problem"]).toMatchObject({ code: "model_overloaded", node: "risky", attempt: 3, retryable: true });
  });

  it("a node that does not fail takes its own edges alone", async () => {
    const { values } = await runToEnd(openThread(), guarded({ ...attempts("x", { reply: "fine" }), ...TO_RESCUE }));
    expect(values).toEqual({ x: "fine", log: ["after"] });
  });

  it("with `write` alone the node's own edges are taken, and their conditions read the error", async () => {
    const { values } = await runToEnd(
      openThread(),
      guarded(
        { kind: "fail", message: "no", on_error: { write: "problem" } },
        {
          edges: [
            { from: "start", to: "risky" },
            { from: "risky", to: "rescue", when: "has(state.problem) && state.problem.code == 'failed_by_graph'" },
            { from: "risky", to: "after", else: true },
          ],
        },
      ),
    );
    expect(values["log"]).toEqual(["rescued from failed_by_graph"]);
  });

  it("[R10] what fails inside a composite is caught outside of it", async () => {
    const graph = { nodes: { no: { kind: "fail", message: "inside" } }, edges: [{ from: "start", to: "no" }] };
    const ended = await runToEnd(openThread(), guarded({ kind: "subgraph", graph, on_error: "end" }));
    expect(ended).toMatchObject({ run: { status: "success" }, values: {} });
    const { values } = await runToEnd(openThread(), guarded({ kind: "subgraph", graph, ...TO_RESCUE }));
    expect(values["problem"]).toMatchObject({ code: "failed_by_graph", node: "no", message: "inside" });
    const over = { kind: "map", over: "state.x", graph, ...TO_RESCUE };
    const caught = await runToEnd(openThread(), guarded(over, { input: ["x"] }), { x: 1 });
    expect(caught.values["log"]).toEqual(["rescued from expression_failed"]);
  });

  it("an error that its channel does not take is the run's failure, and not hidden by that", async () => {
    const channels = { problem: { schema: { maxProperties: 1 } }, log: { reducer: "append" }, x: {} };
    const { run } = await runToEnd(openThread(), guarded({ kind: "fail", message: "no", ...TO_RESCUE }, { channels }));
    expect(run.error).toMatchObject({ code: "failed_by_graph", message: "no" });
  });

  it("followers see the failed task and what it wrote, and a crash changes nothing", async () => {
    const thread = openThread();
    const command = startOf(thread, guarded({ kind: "fail", message: "no", ...TO_RESCUE }));
    unwrap(await thread.api.startRun(command));
    const frames = await follow(thread, command.runId, ["updates", "tasks", "values"]);
    const tasks = frames.filter(({ event }) => event === "tasks").map(({ data }) => data as JsonObject);
    expect(tasks.find((task) => task["error"] !== undefined)).toMatchObject({ name: "risky", error: "no" });
    const updates = frames
      .filter(({ event }) => event === "updates")
      .map(({ data }) => Object.keys(data as JsonObject)[0]);
    expect(updates).toEqual(["risky", "rescue"]);
  });
});

describe("time-outs", () => {
  const spoken = (pieces: readonly number[]) => async (context: NodeContext) => {
    for (const ms of pieces) {
      await scheduler.wait(ms);
      context.say("word ");
    }
    return { writes: [{ channel: "x", value: "said" }] };
  };
  const alone = (kind: string, timeout: Json): JsonObject => ({
    channels: { x: {} },
    nodes: { own: { kind, timeout } },
    edges: [{ from: "start", to: "own" }],
  });

  it.each<[string, readonly number[], JsonObject, string | undefined]>([
    ["first", [300], { first: "40ms" }, "streamed nothing within 40 ms"],
    ["idle, before the first piece too", [300], { idle: "40ms" }, "streamed nothing within 40 ms"],
    ["idle", [1, 1, 300], { first: "5s", idle: "60ms" }, "streamed nothing more within 60 ms"],
    ["total", [30, 30, 30, 30, 30, 30], { idle: "5s", total: "80ms" }, "did not finish within 80 ms"],
    ["none: each piece gives it more time", [300, 300, 300], { idle: "800ms" }, undefined],
  ])("[F9] %s", async (name, pieces, timeout, message) => {
    ownKind(`spoken-${name}`, spoken(pieces));
    const { run, values } = await runToEnd(openThread(), alone(`spoken-${name}`, timeout));
    if (message === undefined) expect(values).toEqual({ x: "said" });
    else
      expect(run.error).toMatchObject({ code: "model_timeout", message: expect.stringContaining(message) as string });
  });
});
