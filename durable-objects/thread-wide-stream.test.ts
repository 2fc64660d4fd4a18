import { applyD1Migrations } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { beforeAll, describe, expect, it } from "vitest";
import { unwrap } from "../src/base/errors.ts";
import type { JsonObject } from "../src/base/json.ts";
import { crash, follow, openThread, says, startOf, type TestThread } from "./testing/open-thread.ts";
import type { ThreadStreamMode } from "./thread-api.ts";

beforeAll(async () => {
  await applyD1Migrations(env.DB, env.TEST_MIGRATIONS);
});

/** Whoever opens a stream while it goes on is in time. */
const SLOW = {
  channels: { text: {} },
  nodes: { say: says("a longer text, piece by piece", "text", { delayMs: 60 }) },
  edges: [{ from: "start", to: "say" }],
};
const GRAPH = {
  channels: { text: {}, number: { reducer: "sum", default: 0 } },
  nodes: { say: says("some text", "text", { delayMs: 1 }), add: { kind: "transform", set: { number: "1" } } },
  edges: [
    { from: "start", to: "say" },
    { from: "say", to: "add" },
  ],
};

interface Seen {
  readonly id: string;
  readonly event: string;
  readonly data: JsonObject;
}

/** Reads on until `enough` of them are there. */
class Reader {
  readonly seen: Seen[] = [];
  readonly #reader: ReadableStreamDefaultReader<Uint8Array>;

  private constructor(stream: ReadableStream<Uint8Array>) {
    this.#reader = stream.getReader();
  }

  static async open(
    { api, tenant, threadId }: TestThread,
    modes: readonly ThreadStreamMode[],
    after?: string,
  ): Promise<Reader> {
    const query = { tenant, threadId, modes, ...(after === undefined ? {} : { after }) };
    return new Reader(unwrap(await api.followThread(query)));
  }

  async until(enough: (seen: readonly Seen[]) => boolean): Promise<readonly Seen[]> {
    while (!enough(this.seen)) {
      const { value, done } = await this.#reader.read();
      if (done) break;
      for (const block of new TextDecoder().decode(value).split("\n\n")) {
        const field = (name: string) => new RegExp(`^${name}: (.*)$`, "m").exec(block)?.[1] ?? "";
        if (block.includes("event: "))
          this.seen.push({ id: field("id"), event: field("event"), data: JSON.parse(field("data")) as JsonObject });
      }
    }
    return this.seen;
  }

  async close(): Promise<void> {
    await this.#reader.cancel().catch(() => undefined);
  }
}

const runsDone = (many: number) => (seen: readonly Seen[]) =>
  seen.filter(({ event }) => event === "run_done").length >= many;

async function run(thread: TestThread, streamMode: readonly ("values" | "updates")[] = ["updates"]): Promise<string> {
  const command = startOf(thread, GRAPH, {}, { streamMode });
  unwrap(await thread.api.startRun(command));
  unwrap(await thread.api.joinRun(command));
  return command.runId;
}

async function opened(): Promise<TestThread> {
  const thread = openThread();
  const { tenant, threadId } = thread;
  unwrap(await thread.api.createThread({ tenant, threadId, metadata: {}, ifExists: "raise" }));
  return thread;
}

describe("[G7] a thread's stream", () => {
  it("opens before any run and stays open between them; each run is shown as it was started, and then done", async () => {
    const thread = await opened();
    const reader = await Reader.open(thread, ["run_modes"]);
    const one = await run(thread, ["updates"]);
    await reader.until(runsDone(1));
    const two = await run(thread, ["values"]);
    const seen = await reader.until(runsDone(2));
    const shown = [...(await follow(thread, one, ["updates"])), ...(await follow(thread, two, ["values"]))];
    expect(seen.filter(({ event }) => event !== "run_done").map(({ event, data }) => ({ event, data }))).toEqual(
      shown.map(({ event, data }) => ({ event, data })),
    );
    expect(seen.filter(({ event }) => event === "run_done").map(({ data }) => data)).toEqual(
      [one, two].map((run_id) => ({ run_id, thread_id: thread.threadId, status: "success" })),
    );
    await reader.close();
  });

  it("[G7] goes on at any of its ids, over runs and a crash, with exactly the rest", async () => {
    const thread = await opened();
    for (let turn = 0; turn < 3; turn += 1) await run(thread);
    const reader = await Reader.open(thread, ["run_modes", "lifecycle", "state_update"], "-1");
    const whole = [...(await reader.until(runsDone(3)))];
    await reader.close();
    for (const [index, { id }] of whole.entries())
      if (index > 0) expect(BigInt(id)).toBeGreaterThan(BigInt(whole[index - 1]?.id ?? 0));
    await crash(thread);
    for (const [index, { id }] of whole.slice(0, -1).entries()) {
      const rest = await Reader.open(thread, ["run_modes", "lifecycle", "state_update"], id);
      expect(await rest.until((seen) => seen.length >= whole.length - index - 1)).toEqual(whole.slice(index + 1));
      await rest.close();
    }
  });

  it("of `lifecycle` has that runs begin and are over; of `state_update` what was written from outside", async () => {
    const thread = await opened();
    const { tenant, threadId } = thread;
    const first = await run(thread);
    const { checkpoint } = unwrap(await thread.api.updateState({ tenant, threadId, values: [["number", 5]] }));
    const second = await run(thread);
    const lifecycle = await Reader.open(thread, ["lifecycle"], "-1");
    expect((await lifecycle.until(runsDone(2))).map(({ event, data }) => [event, data["run_id"]])).toEqual([
      ["metadata", first],
      ["run_done", first],
      ["metadata", second],
      ["run_done", second],
    ]);
    const updates = await Reader.open(thread, ["state_update"], "-1");
    expect(await updates.until((seen) => seen.length >= 1)).toMatchObject([
      { event: "state_update", data: { values: { number: 5 }, checkpoint } },
    ]);
    await lifecycle.close();
    await updates.close();
  });

  it("begins without an id with the run that is live, from its first event", async () => {
    const thread = await opened();
    await run(thread);
    const command = startOf(thread, SLOW, {}, { streamMode: ["updates"] });
    unwrap(await thread.api.startRun(command));
    const reader = await Reader.open(thread, ["run_modes"]);
    const [first] = await reader.until((seen) => seen.length > 0);
    expect(first).toMatchObject({ event: "metadata", data: { run_id: command.runId } });
    await reader.until(runsDone(1));
    await reader.close();
  });

  it("refuses an id that the thread has not handed out, and ends with the thread", async () => {
    const thread = await opened();
    const { tenant, threadId } = thread;
    await run(thread);
    for (const after of ["7", "1000000000009999", "9000000000000001", `9${"0".repeat(30)}`])
      expect(await thread.api.followThread({ tenant, threadId, modes: ["run_modes"], after })).toMatchObject({
        ok: false,
        error: { code: "invalid_request", pointer: "/last-event-id" },
      });
    const reader = await Reader.open(thread, ["run_modes"]);
    unwrap(await thread.api.deleteThread({ tenant, threadId }));
    await reader.until(() => false);
    expect(reader.seen).toEqual([]);
  });
});
