import { applyD1Migrations } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { beforeAll, describe, expect, it } from "vitest";
import { unwrap } from "../src/base/errors.ts";
import type { Json, JsonObject } from "../src/base/json.ts";
import { chain } from "./testing/composite-graphs.ts";
import { addressOf, answered, goOn, question } from "./testing/going-on.ts";
import { MANY } from "./testing/frame-graphs.ts";
import { crash, openThread, runToEnd, type TestThread } from "./testing/open-thread.ts";
import type { ThreadState, UpdateState } from "./thread-api.ts";

// Writes from outside to what a composite does inside (R7, R10).

beforeAll(() => applyD1Migrations(env.DB, env.TEST_MIGRATIONS));

/** Asks inside of a node, and tells outside what that came to. */
const GRAPH: JsonObject = {
  channels: { city: {}, report: { reducer: "append" } },
  nodes: {
    weather: {
      kind: "subgraph",
      graph: {
        channels: { city: {}, said: {}, report: { reducer: "append" } },
        nodes: {
          look: { kind: "transform", set: { city: "'Paris'" } },
          ask: { kind: "gate", ask: "go on?", write: "said" },
          tell: { kind: "transform", set: { report: "'Rain in ' + state.city" } },
        },
        edges: chain("look", "ask", "tell"),
      },
    },
    after: { kind: "transform", set: { city: "state.report[0]" } },
  },
  edges: chain("weather", "after"),
};

const stateOf = async (thread: TestThread, namespace?: string): Promise<ThreadState> =>
  unwrap(await thread.api.getState({ ...addressOf(thread), ...(namespace === undefined ? {} : { namespace }) }));
const framesOf = async (thread: TestThread): Promise<string> => {
  const [task] = (await stateOf(thread)).tasks as { checkpoint: { checkpoint_ns: string } }[];
  return task?.checkpoint.checkpoint_ns ?? "";
};
const update = (thread: TestThread, namespace: string, values: Record<string, Json>, more: Partial<UpdateState> = {}) =>
  thread.api.updateState({ ...addressOf(thread), namespace, values: Object.entries(values), ...more });

async function paused(): Promise<{ thread: TestThread; namespace: string }> {
  const thread = openThread();
  expect((await runToEnd(thread, GRAPH)).run.status).toBe("interrupted");
  return { thread, namespace: await framesOf(thread) };
}

describe("[R7] a write to what a node does inside", () => {
  it("is seen by what goes on there, by the result outside, and in the frame's history alone", async () => {
    const { thread, namespace } = await paused();
    const root = await stateOf(thread);
    const { checkpoint } = unwrap(await update(thread, namespace, { city: "Rome" }));
    const inner = await stateOf(thread, namespace);
    expect(inner).toMatchObject({
      values: { city: "Rome" },
      next: ["ask"],
      checkpoint,
      metadata: { source: "update" },
    });
    expect(inner.interrupts).toHaveLength(1);
    expect(checkpoint).toMatchObject({ checkpoint_ns: namespace });
    expect((await stateOf(thread)).checkpoint).toEqual(root.checkpoint);
    const history = unwrap(await thread.api.getHistory({ ...addressOf(thread), namespace, limit: 10 }));
    expect(history.map(({ values }) => values["city"])).toEqual(["Rome", "Paris", undefined]);
    await crash(thread);
    expect(await stateOf(thread, namespace)).toEqual(inner);
    expect(unwrap(await thread.api.getHistory({ ...addressOf(thread), namespace, limit: 10 }))).toEqual(history);
    await answered(thread, (await question(thread)).id, "yes");
    expect((await stateOf(thread)).values).toEqual({ city: "Rain in Rome", report: ["Rain in Rome"] });
  });

  it("joins what was made ready before a breakpoint there (R8)", async () => {
    const thread = openThread();
    const { weather } = GRAPH["nodes"] as { weather: JsonObject };
    const graph = weather["graph"] as JsonObject;
    const stopping = { ...graph, breakpoints: { before: ["tell"] } };
    const document = {
      ...GRAPH,
      nodes: { ...(GRAPH["nodes"] as JsonObject), weather: { ...weather, graph: stopping } },
    };
    await runToEnd(thread, document);
    await answered(thread, (await question(thread)).id, "yes");
    const namespace = await framesOf(thread);
    expect(await stateOf(thread, namespace)).toMatchObject({ next: ["tell"] });
    unwrap(await update(thread, namespace, { city: "Oslo" }));
    await crash(thread);
    await goOn(thread, document);
    expect((await stateOf(thread)).values).toMatchObject({ report: ["Rain in Oslo"] });
  });

  it("as the node that waits there is its outcome", async () => {
    const { thread, namespace } = await paused();
    unwrap(await update(thread, namespace, { said: "by hand" }, { asNode: "ask" }));
    expect(await stateOf(thread, namespace)).toMatchObject({ values: { said: "by hand" }, next: ["tell"] });
    await goOn(thread, GRAPH);
    expect((await stateOf(thread)).values).toMatchObject({ report: ["Rain in Paris"] });
  });

  it("is to one frame of many", async () => {
    const thread = openThread();
    await runToEnd(thread, MANY);
    const [task] = (await stateOf(thread)).tasks as { frames: { checkpoint_ns: string }[] }[];
    const [one, other] = task?.frames.map(({ checkpoint_ns: name }) => name) ?? [];
    unwrap(await update(thread, one ?? "", { n: 100 }));
    expect((await stateOf(thread, one)).values).toMatchObject({ n: 100 });
    expect((await stateOf(thread, other)).values).toMatchObject({ n: 2 });
  });

  it("is refused, and changes nothing, where there is no such frame, channel, waiting node or checkpoint, and when it is over", async () => {
    const { thread, namespace } = await paused();
    const before = [await stateOf(thread), await stateOf(thread, namespace)];
    const refusal = async (reply: ReturnType<typeof update>) =>
      (await reply) as { error?: { code: string; pointer?: string } };
    const none = namespace.replace(/.{12}$/, "000000000000");
    expect(await refusal(update(thread, none, {}))).toMatchObject({ error: { code: "not_found" } });
    expect(await refusal(update(thread, namespace, { nowhere: 1 }))).toMatchObject({
      error: { code: "unknown_channel", pointer: "/values/nowhere" },
    });
    expect(await refusal(update(thread, namespace, {}, { asNode: "look" }))).toMatchObject({
      error: { code: "unsupported", pointer: "/as_node" },
    });
    const checkpointId = "1ef4a9b8-0000-6000-8000-000000000001";
    expect(await refusal(update(thread, namespace, {}, { checkpointId }))).toMatchObject({
      error: { code: "unsupported", pointer: "/checkpoint/checkpoint_id" },
    });
    expect([await stateOf(thread), await stateOf(thread, namespace)]).toEqual(before);
    await answered(thread, (await question(thread)).id, "yes");
    expect(await refusal(update(thread, namespace, { city: "late" }))).toMatchObject({ error: { code: "conflict" } });
    expect((await stateOf(thread)).values).toMatchObject({ city: "Rain in Paris" });
  });
});
