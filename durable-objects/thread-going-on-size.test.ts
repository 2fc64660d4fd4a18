import { beforeAll, beforeEach, describe, expect, it } from "vitest";
import { applyD1Migrations } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { unwrap } from "../src/base/errors.ts";
import type { JsonObject } from "../src/base/json.ts";
import { addressOf, answer, answered, edges, goOn, question, questions, runToEnd, start } from "./testing/going-on.ts";
import { crash, follow, openThread, stateOf } from "./testing/open-thread.ts";
import { ownKind } from "./testing/own-kind.ts";

beforeAll(() => applyD1Migrations(env.DB, env.TEST_MIGRATIONS));
beforeEach(() => ownKind("work", ({ node }) => ({ writes: [{ channel: "log", value: node }] })));

const LOOP: JsonObject = {
  channels: { log: { reducer: "append" }, said: {} },
  limits: { steps: 10000 },
  nodes: { ask: { kind: "gate", ask: "more?", write: "said" }, note: { kind: "work" } },
  edges: [...edges(["start", "ask"], ["ask", "note"]), { from: "note", to: "ask", when: "state.said != 'no'" }],
};

const timed = async <T>(work: () => Promise<T>): Promise<[number, T]> => {
  const from = performance.now();
  const result = await work();
  return [performance.now() - from, result];
};

describe("a chain of 500 runs", () => {
  it("explore", { timeout: 200_000 }, async () => {
    const thread = openThread();
    await runToEnd(thread, LOOP);
    const times: number[] = [];
    for (let n = 0; n < 500; n += 1) {
      const { id } = await question(thread);
      times.push((await timed(() => answered(thread, id, n)))[0]);
    }
    const mean = (part: readonly number[]) => part.reduce((sum, time) => sum + time, 0) / part.length;
    console.log("answers", [0, 100, 200, 300, 400].map((from) => mean(times.slice(from, from + 100)).toFixed(1)).join(" "));
    await crash(thread);
    console.log("wake + getThread", (await timed(() => thread.api.getThread(addressOf(thread))))[0]);
    await crash(thread);
    console.log("wake + state", (await timed(() => stateOf(thread)))[0]);
    console.log("state", (await timed(() => stateOf(thread)))[0]);
    await crash(thread);
    const { id } = await question(thread);
    console.log("answer after wake", (await timed(() => answered(thread, id, 7)))[0]);
    const [time, run] = await timed(() => answered(thread, (id), 7).catch(() => undefined));
    void time; void run;
    const next = (await question(thread)).id;
    const last = unwrap(await answer(thread, next, 8)).run.run_id;
    unwrap(await thread.api.joinRun({ ...addressOf(thread), runId: last }));
    console.log("follow updates", (await timed(() => follow(thread, last, ["updates"])))[0]);
    console.log("follow values", (await timed(() => follow(thread, last, ["values"])))[0]);
    console.log("update", (await timed(() => thread.api.updateState({ ...addressOf(thread), values: [["log", "x"]] })))[0]);
    console.log("update", (await timed(() => thread.api.updateState({ ...addressOf(thread), values: [["log", "x"]] })))[0]);
    console.log("history 10", (await timed(() => thread.api.getHistory({ ...addressOf(thread), limit: 10 })))[0]);
    console.log("history 1000", (await timed(() => thread.api.getHistory({ ...addressOf(thread), limit: 1000 })))[0]);
    console.log("list", (await timed(() => thread.api.listRuns({ ...addressOf(thread), limit: 10, offset: 0 })))[0]);
    console.log("join old", (await timed(() => thread.api.joinRun({ ...addressOf(thread), runId: last })))[0]);
    await answered(thread, (await question(thread)).id, "no");
    console.log("new run", (await timed(() => runToEnd(thread, LOOP)))[0]);
  });

  it("a thousand questions", { timeout: 200_000 }, async () => {
    const thread = openThread();
    const graph = {
      channels: { log: { reducer: "append" } },
      nodes: {
        each: {
          kind: "map",
          over: "range(1000)",
          concurrency: 1000,
          graph: { channels: {}, nodes: { ask: { kind: "gate", ask: "{{ item }}" } }, edges: edges(["start", "ask"]) },
        },
      },
      edges: edges(["start", "each"]),
    };
    console.log("ask", (await timed(() => runToEnd(thread, graph)))[0]);
    const open = await questions(thread);
    console.log(open.length, "list", (await timed(() => questions(thread)))[0]);
    await crash(thread);
    for (const at of [0, 1, 2]) console.log("answer", (await timed(() => answered(thread, open[at]?.id ?? "", 1)))[0]);
    await crash(thread);
    console.log("wake, answer", (await timed(() => answered(thread, open[3]?.id ?? "", 1)))[0]);
    const byId = Object.fromEntries(open.slice(4).map(({ id }) => [id, 1]));
    console.log("answer all", (await timed(() => goOn(thread, graph, { command: { resume: { byId } } })))[0]);
    expect(await questions(thread)).toEqual([]);
  });

  it("huge answers", { timeout: 100_000 }, async () => {
    const thread = openThread();
    const graph = {
      channels: { said: {} },
      nodes: { ask: { kind: "gate", ask: "?", write: "said" } },
      edges: edges(["start", "ask"]),
    };
    for (const length of [400_000, 900_000, 1_100_000, 5_000_000]) {
      await runToEnd(thread, graph);
      const reply = await answer(thread, (await question(thread)).id, "x".repeat(length));
      console.log(length, reply.ok ? "taken" : reply.error);
      if (reply.ok) {
        const { run } = unwrap(await thread.api.joinRun({ ...addressOf(thread), runId: reply.value.run.run_id }));
        console.log(run.status, run.error?.code, run.error?.message);
      }
      console.log(unwrap(await thread.api.updateState({ ...addressOf(thread), values: [["said", "short"]] })).checkpoint !== null);
    }
  });

  it("snapshotless turns", { timeout: 200_000 }, async () => {
    const thread = openThread();
    const graph = {
      channels: { said: {}, big: {} },
      nodes: { ask: { kind: "gate", ask: "?", write: "said" } },
      edges: edges(["start", "ask"]),
    };
    await runToEnd(thread, graph, { big: "x".repeat(900_000) });
    await answered(thread, (await question(thread)).id, 0);
    const turns = 600;
    const from = performance.now();
    for (let n = 0; n < turns; n += 1) {
      await start(thread, graph);
      const [asked] = await questions(thread);
      await answer(thread, asked?.id ?? "", n);
    }
    console.log("per turn", (performance.now() - from) / turns);
    await crash(thread);
    console.log("wake", await timed(async () => (await stateOf(thread)).values["said"] ?? null));
    await crash(thread);
    const checkpoints = unwrap(await thread.api.getHistory({ ...addressOf(thread), limit: 3 }));
    console.log("fork", await timed(async () => (await goOn(thread, graph, { checkpointId: String(checkpoints[1]?.checkpoint?.["checkpoint_id"]) })).run.status));
  });
});
