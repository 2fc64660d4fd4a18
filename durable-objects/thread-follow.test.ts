import { applyD1Migrations } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { beforeAll, describe, expect, it } from "vitest";
import { unwrap } from "../src/base/errors.ts";
import type { JsonObject } from "../src/base/json.ts";
import { ownKind } from "./testing/own-kind.ts";
import {
  crash,
  follow,
  openThread,
  readFrames,
  runToEnd,
  says,
  type SeenFrame,
  startOf,
  type TestThread,
} from "./testing/open-thread.ts";
import type { StreamMode } from "./thread-api.ts";

const ALL: readonly StreamMode[] = ["values", "updates", "messages-tuple", "custom", "tasks"];

beforeAll(async () => {
  await applyD1Migrations(env.DB, env.TEST_MIGRATIONS);
});

/** `turns` times round a loop of `width` branches that join: width × turns + turns commits. */
function wheel(width: number, turns: number): JsonObject {
  const spokes = Array.from({ length: width }, (_, index) => `spoke${index}`);
  return {
    channels: { log: { reducer: "append", default: [] }, turn: { reducer: "sum", default: 0 } },
    nodes: {
      hub: { kind: "transform", set: { turn: "1" } },
      ...Object.fromEntries(
        spokes.map((name) => [name, { kind: "transform", set: { log: `'${name}.' + string(state.turn)` } }]),
      ),
      rim: { kind: "transform" },
    },
    edges: [
      { from: "start", to: "hub" },
      ...spokes.flatMap((name) => [
        { from: "hub", to: name },
        { from: name, to: "rim" },
      ]),
      { from: "rim", to: "hub", when: `state.turn < ${turns}` },
    ],
    limits: { steps: 3 * turns + 3 },
  };
}

/** Branches whose nodes emit `pieces` numbers each, taking turns. */
function chatter(width: number, pieces: number): JsonObject {
  ownKind("chatter", async (context) => {
    for (let piece = 0; piece < pieces; piece++) {
      if (piece % 10 === 0) await scheduler.wait(0);
      context.emit(`${context.node}.${piece}`);
      await Promise.resolve();
    }
    return { writes: [] };
  });
  const names = Array.from({ length: width }, (_, index) => `n${index}`);
  return {
    channels: {},
    nodes: Object.fromEntries(names.map((name) => [name, { kind: "chatter" }])),
    edges: names.map((to) => ({ from: "start", to })),
  };
}

function expectGrowingIds(frames: readonly SeenFrame[]): void {
  for (const [index, { id }] of frames.entries())
    if (index > 0) expect(id).toBeGreaterThan(frames[index - 1]?.id ?? -1);
}

async function startAndRead(thread: TestThread, graph: JsonObject): Promise<{ runId: string; live: SeenFrame[] }> {
  const command = startOf(thread, graph, null, { streamMode: ALL });
  const { frames } = unwrap(await thread.api.startAndFollow(command, false));
  return { runId: command.runId, live: await readFrames(frames) };
}

describe("[G7] a follower", () => {
  it("of 300 commits, over many pages, sees what a live one saw, from every 250th id on", async () => {
    const thread = openThread();
    const { runId, live } = await startAndRead(thread, wheel(3, 60));
    expect(live.filter(({ event }) => event === "updates")).toHaveLength(300);
    expectGrowingIds(live);
    expect(await follow(thread, runId, ALL)).toEqual(live);
    const last = live.at(-1)?.id ?? 0;
    for (let after = 0; after <= last; after += 250) {
      // All modes now and then: those play the run for each follower.
      const modes: readonly StreamMode[] = after % 3000 === 0 ? ALL : ["updates"];
      const expected = live.filter(({ id, event }) => id > after && (modes === ALL || event === "updates"));
      expect(await follow(thread, runId, modes, after)).toEqual(expected);
    }
  });

  it("of six streams that take turns hears every piece once, in order, live, later, and from any piece on", async () => {
    const thread = openThread();
    const { runId, live } = await startAndRead(thread, chatter(6, 100));
    expectGrowingIds(live);
    for (let node = 0; node < 6; node++) {
      const heard = live.filter(
        ({ event, data }) => event === "custom" && JSON.stringify(data).startsWith(`"n${node}.`),
      );
      expect(heard.map(({ data }) => data)).toEqual(Array.from({ length: 100 }, (_, piece) => `n${node}.${piece}`));
    }
    expect(await follow(thread, runId, ALL)).toEqual(live);
    for (let index = 0; index < live.length; index += 37) {
      expect(await follow(thread, runId, ALL, live[index]?.id ?? 0)).toEqual(live.slice(index + 1));
    }
  });

  it("that reconnects at any moment of a run, with the last id it saw, misses nothing and sees nothing twice", async () => {
    const thread = openThread();
    const command = startOf(thread, {
      channels: { a: {}, b: {}, c: {} },
      nodes: {
        one: says("a text of some length", "a", { delayMs: 7 }),
        two: says("another text, longer still", "b", { delayMs: 5 }),
        last: says("done", "c", { delayMs: 3 }),
      },
      edges: [
        { from: "start", to: "one" },
        { from: "start", to: "two" },
        { from: "one", to: "last" },
        { from: "two", to: "last" },
      ],
    });
    unwrap(await thread.api.startRun(command));
    const seen: SeenFrame[] = [];
    for (let tries = 0; tries < 500 && !seen.some(({ data }) => JSON.stringify(data).includes('"done"')); tries++) {
      const { tenant, threadId, runId } = command;
      const query = { tenant, threadId, runId, modes: ALL, after: seen.at(-1)?.id ?? -1, cancelOnDisconnect: false };
      const reader = unwrap(await thread.api.followRun(query)).getReader();
      const { value } = await reader.read();
      await reader.cancel();
      if (value) seen.push(...(await readFrames(new Response(value).body ?? new ReadableStream())));
    }
    unwrap(await thread.api.joinRun(command));
    seen.push(...(await follow(thread, command.runId, ALL, seen.at(-1)?.id ?? -1)));
    expect(seen).toEqual(await follow(thread, command.runId, ALL));
  });

  it("[F1] cut off by two crashes with nothing committed between them, goes on: no id twice, the rest as the log has it", async () => {
    const thread = openThread();
    const command = startOf(thread, {
      channels: { x: {} },
      nodes: { slow: says("a text that takes its time", "x", { delayMs: 20 }) },
      edges: [{ from: "start", to: "slow" }],
    });
    unwrap(await thread.api.startRun(command));
    const seen: SeenFrame[] = [];
    const { tenant, threadId, runId } = command;
    for (let turn = 0; turn < 2; turn++) {
      const query = { tenant, threadId, runId, modes: ALL, after: seen.at(-1)?.id ?? -1, cancelOnDisconnect: false };
      const reader = unwrap(await thread.api.followRun(query)).getReader();
      while (seen.filter(({ event }) => event === "messages").length < 2 * (turn + 1)) {
        const { value } = await reader.read();
        if (value) seen.push(...(await readFrames(new Response(value).body ?? new ReadableStream())));
      }
      await crash(thread);
      await reader.cancel().catch(() => undefined);
    }
    const cutOff = seen.at(-1)?.id ?? -1;
    const rest = await follow(thread, runId, ALL, cutOff);
    expectGrowingIds([...seen, ...rest]);
    expect(rest).toEqual((await follow(thread, runId, ALL)).filter(({ id }) => id > cutOff));
    const texts = new Map<string, string>();
    for (const { event, data } of [...seen, ...rest]) {
      if (event !== "messages") continue;
      const [message] = data as unknown as [{ id: string; content: string }];
      texts.set(message.id, (texts.get(message.id) ?? "") + message.content);
    }
    expect([...texts.values()].at(-1)).toBe("a text that takes its time");
    expect(texts.size).toBe(3);
  });

  it("[F1] whose stream a crash cut off after more than a million pieces meets no id a second time", async () => {
    let tries = 0;
    ownKind("torrent", async (context) => {
      tries += 1;
      for (let piece = 0; piece < (tries === 1 ? 1_100_000 : 1); piece++) context.emit(tries);
      await scheduler.wait(tries === 1 ? 600_000 : 1);
      return { writes: [] };
    });
    const thread = openThread();
    const command = startOf(thread, {
      channels: {},
      nodes: { n: { kind: "torrent" } },
      edges: [{ from: "start", to: "n" }],
    });
    unwrap(await thread.api.startRun(command));
    await crash(thread);
    const last = (await follow(thread, command.runId, ["custom"])).at(-1);
    expect(last?.data).toBe(2);
    expect(last?.id).toBeGreaterThan(1_100_000);
  });

  it("of values too large to hold many of reads them page by page, each once", async () => {
    const thread = openThread();
    const graph = {
      channels: { text: {}, turn: { reducer: "sum", default: 0 } },
      nodes: { grow: { kind: "transform", set: { turn: "1" } } },
      edges: [
        { from: "start", to: "grow" },
        { from: "grow", to: "grow", when: "state.turn < 20" },
      ],
      input: ["text"],
    };
    const big = "\u{1f9ed}\ud800\0é".repeat(40_000);
    const { run } = await runToEnd(thread, graph, { text: big });
    const frames = await follow(thread, run.run_id, ["values", "updates"]);
    expect(frames.filter(({ event }) => event === "updates")).toHaveLength(20);
    expect(frames.filter(({ event }) => event === "values").map(({ data }) => (data as { turn: number }).turn)).toEqual(
      Array.from({ length: 21 }, (_, turn) => turn),
    );
    const last = frames.at(-1)?.data as { text: string } | undefined;
    expect(last?.text === big).toBe(true);
  });
});

describe("a page of frames", () => {
  it("stays small whatever one attempt streams at once, live and afterwards, and nothing is missing (F17)", async () => {
    const pieces = 20_000;
    ownKind("torrent", async (context) => {
      await Promise.resolve();
      for (let piece = 0; piece < pieces; piece++) context.emit(piece);
      await scheduler.wait(50);
      return { writes: [] };
    });
    const thread = openThread();
    const graph = { channels: {}, nodes: { n: { kind: "torrent" } }, edges: [{ from: "start", to: "n" }] };
    const command = startOf(thread, graph, null, { streamMode: ["custom"] });
    const live = unwrap(await thread.api.startAndFollow(command, false)).frames;
    const { tenant, threadId } = thread;
    unwrap(await thread.api.joinRun(command));
    const query = {
      tenant,
      threadId,
      runId: command.runId,
      modes: ["custom"] as const,
      after: -1,
      cancelOnDisconnect: false,
    };
    for (const stream of [live, unwrap(await thread.api.followRun(query))]) {
      const pages: Uint8Array[] = [];
      for await (const page of stream) pages.push(page);
      expect(Math.max(...pages.map((page) => page.byteLength))).toBeLessThan(1024 * 1024);
      const text = pages.map((page) => new TextDecoder().decode(page)).join("");
      const seen = [...text.matchAll(/^event: custom\ndata: (\d+)$/gm)].map(([, piece]) => Number(piece));
      expect(seen).toEqual(Array.from({ length: pieces }, (_, piece) => piece));
    }
  });
});
