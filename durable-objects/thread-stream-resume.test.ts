import { applyD1Migrations } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { beforeAll, describe, expect, it } from "vitest";
import { unwrap } from "../src/base/errors.ts";
import type { Json, JsonObject } from "../src/base/json.ts";
import { DEEP, MANY } from "./testing/frame-graphs.ts";
import { crash, follow, openThread, readFrames, says, type SeenFrame, startOf } from "./testing/open-thread.ts";
import { CHAT, UNEVEN } from "./testing/stream-graphs.ts";
import { STREAM_MODES, type StreamMode } from "./thread-api.ts";

beforeAll(async () => {
  await applyD1Migrations(env.DB, env.TEST_MIGRATIONS);
});

const GRAPHS: readonly (readonly [string, JsonObject, Json])[] = [
  ["a chat with a graph inside", CHAT, { messages: "hi" }],
  ["uneven branches, sends, a failed tool", UNEVEN, {}],
  ["a question two graphs deep", DEEP, {}],
  ["a map whose items ask", MANY, {}],
];

async function recorded(graph: JsonObject, input: Json) {
  const thread = openThread();
  const command = startOf(thread, graph, input, { streamMode: STREAM_MODES, streamSubgraphs: true });
  const { frames } = unwrap(await thread.api.startAndFollow(command, false));
  return { thread, runId: command.runId, live: await readFrames(frames) };
}

describe("[G7] whoever comes back", () => {
  it.each(GRAPHS)(
    "to %s: with any id at all, with or without a frame, gets exactly the rest",
    async (_, graph, input) => {
      const { thread, runId, live } = await recorded(graph, input);
      const last = live.at(-1)?.id ?? 0;
      await crash(thread);
      for (let after = -1; after <= last; after += 1)
        expect(await follow(thread, runId, STREAM_MODES, after)).toEqual(live.filter(({ id }) => id > after));
    },
    60_000,
  );

  it.each(STREAM_MODES)(
    "to %s alone: at each of its frames gets exactly what follows",
    async (mode) => {
      for (const [, graph, input] of GRAPHS.slice(0, 3)) {
        const { thread, runId } = await recorded(graph, input);
        const whole = await follow(thread, runId, [mode]);
        await crash(thread);
        for (const [index, { id }] of whole.entries())
          expect(await follow(thread, runId, [mode], id)).toEqual(whole.slice(index + 1));
      }
    },
    60_000,
  );

  it("at any moment of a run that is killed meanwhile, in all modes, misses nothing and sees nothing twice", async () => {
    const thread = openThread();
    const command = startOf(
      thread,
      {
        channels: { messages: { reducer: "messages" }, b: {} },
        nodes: {
          one: says("a text of some length, to be cut off", "messages", { delayMs: 6 }),
          two: says("another text", "b", { delayMs: 4 }),
          inner: {
            kind: "subgraph",
            graph: {
              channels: { messages: { reducer: "messages" } },
              nodes: { deep: says("said inside of it", "messages", { delayMs: 3 }) },
              edges: [{ from: "start", to: "deep" }],
            },
          },
        },
        edges: [
          { from: "start", to: "one" },
          { from: "start", to: "two" },
          { from: "one", to: "inner" },
          { from: "two", to: "inner" },
        ],
      },
      {},
      { streamMode: STREAM_MODES, streamSubgraphs: true },
    );
    unwrap(await thread.api.startRun(command));
    const { tenant, threadId, runId } = command;
    const seen: SeenFrame[] = [];
    for (let turn = 0; turn < 400; turn += 1) {
      const query = {
        tenant,
        threadId,
        runId,
        modes: STREAM_MODES,
        after: seen.at(-1)?.id ?? -1,
        cancelOnDisconnect: false,
      };
      const reader = unwrap(await thread.api.followRun(query)).getReader();
      const { value, done } = await reader.read();
      // What is cut in the middle of a frame was not seen.
      const text = new TextDecoder().decode(value);
      const whole = new Response(text.slice(0, text.lastIndexOf("\n\n") + 2)).body;
      if (whole !== null) seen.push(...(await readFrames(whole)));
      if (turn === 3 || turn === 9) await crash(thread);
      await reader.cancel().catch(() => undefined);
      if (done) break;
    }
    unwrap(await thread.api.joinRun(command));
    seen.push(...(await follow(thread, runId, STREAM_MODES, seen.at(-1)?.id ?? -1)));
    for (const [index, { id }] of seen.entries()) if (index > 0) expect(id).toBeGreaterThan(seen[index - 1]?.id ?? -1);
    const told = await follow(thread, runId, STREAM_MODES);
    // What a dead attempt had said is shown once and not kept.
    const kept = new Set(told.map(({ id }) => id));
    expect(seen.filter(({ id }) => kept.has(id))).toEqual(told);
    const lost = seen.filter(({ id }) => !kept.has(id)).map(({ event }) => event.split("|")[0] ?? "");
    for (const event of lost) expect(["messages", "messages/metadata", "messages/partial", "events"]).toContain(event);
  }, 30_000);
});

describe("an id that the run has not handed out", () => {
  const refused = { code: "invalid_request", pointer: "/last-event-id" };

  it("is refused, and nothing changes: from the future, of a run that has sent none yet, of another run", async () => {
    const { thread, runId, live } = await recorded(CHAT, { messages: "hi" });
    const { tenant, threadId } = thread;
    const modes: readonly StreamMode[] = ["updates"];
    const asked = async (id: string, after: number) =>
      thread.api.followRun({ tenant, threadId, runId: id, modes, after, cancelOnDisconnect: true });
    const last = live.at(-1)?.id ?? 0;
    for (const after of [last + 1_000, 2 ** 49])
      expect(await asked(runId, after)).toMatchObject({ ok: false, error: refused });
    const short = startOf(thread, {
      channels: {},
      nodes: { a: { kind: "transform" } },
      edges: [{ from: "start", to: "a" }],
    });
    unwrap(await thread.api.startRun(short));
    unwrap(await thread.api.joinRun(short));
    // A long run's last event is none of a short one.
    expect(await asked(short.runId, last)).toMatchObject({ ok: false, error: refused });
    expect(await follow(thread, runId, STREAM_MODES)).toEqual(live);
  });
});
