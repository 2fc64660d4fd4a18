import { createExecutionContext } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import type { RunView, StartRun } from "../../durable-objects/thread-api.ts";
import { createApp } from "../../src/api/app.ts";
import { EdgewiseError, type ErrorRecord, failure, type Reply } from "../../src/base/errors.ts";
import { secureRandom, uuidv7 } from "../../src/base/ids.ts";
import { openDatabase } from "../../src/storage/database.ts";
import { type DeadLetter, deadMessage, deadRunId, insertDeadLetter } from "../../src/storage/dead-letters.ts";
import { BASE, call, DOUBLE, migrate, newKey, read } from "./client.ts";

// The routes, with threads that are doubles: what a real thread makes of a redrive is test/e2e/dead-letters.test.ts.

const database = openDatabase(env.DB);
const newId = () => uuidv7(Date.now(), secureRandom);
const app = createApp();
let key = "";
beforeAll(async () => {
  await migrate();
  key = await newKey("acme");
  await read(call("/graphs", { key, json: DOUBLE }));
});

interface Problem {
  readonly code: string;
  readonly detail: string;
}

/** A thread whose newest run failed; it goes on once for each run id, as the real one does. */
class Double {
  readonly threadId = newId();
  readonly runs: RunView[] = [];
  readonly starts: StartRun[] = [];
  refusal: ErrorRecord | undefined;

  constructor(hash: string) {
    this.runs.push(this.view(newId(), hash));
  }

  get failed(): RunView {
    return this.runs[0] as RunView;
  }

  view(runId: string, hash: string): RunView {
    const graph = { graph_id: "double", version: 1, hash };
    return { run_id: runId, thread_id: this.threadId, assistant_id: newId(), graph, metadata: { m: 1 } } as never;
  }

  async getRun({ runId }: { runId: string }): Promise<Reply<RunView>> {
    const run = this.runs.find(({ run_id }) => run_id === runId);
    return run ? { ok: true, value: run } : { ok: false, error: failure("not_found", "Run not found").record };
  }

  async listRuns(): Promise<Reply<readonly RunView[]>> {
    return { ok: true, value: [...this.runs].reverse().slice(0, 1) };
  }

  async startRun(command: StartRun): Promise<Reply<RunView>> {
    this.starts.push(command);
    await scheduler.wait(5);
    const known = this.runs.find(({ run_id }) => run_id === command.runId);
    if (known) return { ok: true, value: known };
    if (this.refusal) return { ok: false, error: this.refusal };
    this.runs.push(this.view(command.runId, command.graph.hash));
    return { ok: true, value: this.runs.at(-1) as RunView };
  }

  touch = vi.fn(() => Promise.resolve(true));
}

let double: Double;
let letter: DeadLetter;
let hash = "";
beforeEach(async () => {
  hash = (await read<{ hash: string }>(call("/graphs/double", { key }))).hash;
  [double, letter] = await failedThread();
});

const clock = { now: Date.now() };
async function failedThread(more: Partial<DeadLetter> = {}): Promise<[Double, DeadLetter]> {
  const thread = new Double(hash);
  const runId = thread.failed.run_id;
  clock.now += 1;
  const row: DeadLetter = {
    id: deadRunId("acme", thread.threadId, runId),
    kind: "run",
    threadId: thread.threadId,
    runId,
    graphId: "double",
    node: "double",
    task: "0.0.0",
    cause: { code: "model_overloaded", message: "Too much.", retryable: true },
    history: [{ attempt: 1, at: clock.now, error: { code: "model_overloaded", message: "Too much." } }],
    payload: { state: { number: 1 } },
    createdAt: clock.now,
    ...more,
  };
  await insertDeadLetter(database, "acme", row);
  return [thread, row];
}

/** The API with the double in place of all threads. */
async function ask<T>(method: string, path: string, json?: unknown, asKey = key): Promise<{ status: number; body: T }> {
  const threads = { idFromName: (name: string) => name, get: () => double };
  const request = new Request(`${BASE}${path}`, {
    method,
    headers: { "x-api-key": asKey, ...(json === undefined ? {} : { "content-type": "application/json" }) },
    ...(json === undefined ? {} : { body: JSON.stringify(json) }),
  });
  const answer = await app.fetch(request, { ...env, THREADS: threads } as never, createExecutionContext());
  return { status: answer.status, body: await answer.json<T>() };
}
interface Line {
  readonly dead_letter_id: string;
  readonly status: string;
  readonly redriven_run_id: string | null;
}
interface Redriven {
  readonly dead_letter: Line;
  readonly run: RunView | null;
}
const path = (rest = "") => `/dead-letters/${letter.id}${rest}`;
const redrive = (json?: unknown) => ask<Redriven>("POST", path("/redrive"), json);
const shown = async () => (await ask<Line>("GET", path())).body;

describe("GET /dead-letters", () => {
  const list = async (query: string) =>
    (await ask<{ dead_letters: Line[]; next_cursor: string | null }>("GET", `/dead-letters${query}`)).body;

  it("pages newest first, without gaps or doubles, and tells what is long only one by one", async () => {
    for (let count = 0; count < 4; count += 1) await failedThread();
    const all = await list("?limit=100");
    const ids = all.dead_letters.map((line) => line.dead_letter_id);
    expect(ids.length).toBeGreaterThanOrEqual(5);
    expect(all.next_cursor).toBeNull();
    const paged: string[] = [];
    let cursor: string | null = null;
    do {
      const page: Awaited<ReturnType<typeof list>> = await list(
        `?limit=2${cursor === null ? "" : `&cursor=${cursor}`}`,
      );
      paged.push(...page.dead_letters.map((line) => line.dead_letter_id));
      cursor = page.next_cursor;
    } while (cursor !== null);
    expect(paged).toEqual(ids);
    expect(all.dead_letters[0]).not.toHaveProperty("payload");
    expect((await ask("GET", `/dead-letters/${ids[0]}`)).body).toMatchObject({
      payload: { state: { number: 1 } },
      history: [{ attempt: 1, at: expect.stringMatching(/Z$/) as string, error: { code: "model_overloaded" } }],
    });
  });

  it("filters by status, graph and thread", async () => {
    const [, other] = await failedThread({ graphId: "another" });
    await ask("POST", `/dead-letters/${other.id}/discard`);
    const idsOf = async (query: string) => (await list(query)).dead_letters.map((line) => line.dead_letter_id);
    expect(await idsOf("?graph=another&limit=100")).toEqual([other.id]);
    expect(await idsOf(`?thread=${letter.threadId}`)).toEqual([letter.id]);
    expect(await idsOf("?status=discarded&graph=another")).toEqual([other.id]);
    expect(await idsOf("?status=open&graph=another")).toEqual([]);
  });

  it.each(["?status=lost", "?limit=0", "?thread=x", "?cursor=x"])("refuses %s with its place", async (query) => {
    const { status, body } = await ask<Problem>("GET", `/dead-letters${query}`);
    expect([status, body.code]).toEqual([400, "invalid_request"]);
  });
});

describe("a redrive", () => {
  it("goes on with the run of the letter, with the budget asked for", async () => {
    const { status, body } = await redrive({ budget: { tokens: 5, time: "2h" } });
    expect(status).toBe(200);
    expect(body.dead_letter).toMatchObject({ status: "redriven", redriven_run_id: body.run?.run_id });
    expect(double.starts).toEqual([
      expect.objectContaining({
        tenant: "acme",
        threadId: double.threadId,
        runId: body.run?.run_id,
        input: null,
        command: {},
        budget: { tokens: 5, timeMs: 7_200_000 },
        metadata: { m: 1 },
        ifNotExists: "reject",
        graph: expect.objectContaining({ graphId: "double", version: 1, hash }) as object,
      }),
    ]);
  });

  it("asked ten times at once, and again when it is over, is one run and one reply", async () => {
    const answers = await Promise.all(Array.from({ length: 10 }, () => redrive()));
    answers.push(await redrive());
    expect(new Set(answers.map(({ status, body }) => `${status} ${body.run?.run_id}`)).size).toBe(1);
    expect(answers[0]?.status).toBe(200);
    expect(double.runs).toHaveLength(2);
    // Also where another run has come since.
    double.runs.push(double.view(newId(), hash));
    expect((await redrive()).body.run?.run_id).toBe(answers[0]?.body.run?.run_id);
    expect(double.runs).toHaveLength(3);
  });

  it("that meets a run begun between its questions finds it", async () => {
    const first = await redrive();
    await env.DB.prepare("UPDATE dead_letters SET status = 'open', redriven_run_id = NULL WHERE id = ?")
      .bind(letter.id)
      .run();
    const second = await redrive();
    expect([second.status, second.body.run?.run_id]).toEqual([200, first.body.run?.run_id]);
    expect(await shown()).toMatchObject({ status: "redriven" });
  });

  it("cut off before its reply cannot be discarded, and is finished by the next", async () => {
    double.refusal = { code: "unavailable", message: "The object restarts.", retryable: true };
    expect((await redrive()).status).toBe(503);
    expect(await shown()).toMatchObject({ status: "open", redriven_run_id: expect.any(String) as string });
    expect((await ask<Problem>("POST", path("/discard"))).status).toBe(409);
    double.refusal = undefined;
    expect((await redrive()).status).toBe(200);
    expect(double.runs).toHaveLength(2);
  });

  it.each(["thread_busy", "nothing_to_continue"] as const)(
    "refused with %s leaves the letter as it was",
    async (code) => {
      double.refusal = new EdgewiseError({ code, message: "No.", retryable: false }).record;
      const { status, body } = await ask<Problem>("POST", path("/redrive"));
      expect([status, body.code]).toEqual([409, code]);
      expect(await shown()).toMatchObject({ status: "open", redriven_run_id: null });
      expect((await ask("POST", path("/discard"))).status).toBe(200);
    },
  );

  it("where the thread has moved on, or is gone, is nothing_to_continue, and starts nothing", async () => {
    double.runs.push(double.view(newId(), hash));
    for (const state of ["moved on", "gone"]) {
      if (state === "gone") double.runs.length = 0;
      const { status, body } = await ask<Problem>("POST", path("/redrive"));
      expect([state, status, body.code]).toEqual([state, 409, "nothing_to_continue"]);
    }
    expect(double.starts).toEqual([]);
  });

  it.each([
    [{ budget: { tokens: 0 } }, "/budget/tokens"],
    [{ budget: { cost_usd: "much" } }, "/budget/cost_usd"],
    [{ input: {} }, ""],
  ])("refuses %j with a pointer", async (json, pointer) => {
    const { status, body } = await ask<Problem & { pointer: string }>("POST", path("/redrive"), json);
    expect([status, body.code, body.pointer]).toEqual([400, "invalid_request", pointer]);
    expect(double.starts).toEqual([]);
  });
});

describe("a discard", () => {
  it("is for good, and idempotent", async () => {
    for (const _ of [1, 2]) expect((await ask<Line>("POST", path("/discard"))).body.status).toBe("discarded");
    const { status, body } = await ask<Problem>("POST", path("/redrive"));
    expect([status, body.code]).toEqual([409, "conflict"]);
    expect(double.starts).toEqual([]);
  });

  it("of what was redriven is refused", async () => {
    await redrive();
    const { status, body } = await ask<Problem>("POST", path("/discard"));
    expect([status, body.code]).toEqual([409, "conflict"]);
  });
});

it("many are redriven each for itself, in order, and said so", async () => {
  const [, gone] = await failedThread();
  await ask("POST", `/dead-letters/${gone.id}/discard`);
  const unknown = newId();
  const { status, body } = await ask<{ results: unknown[] }>("POST", "/dead-letters/redrive", {
    ids: [gone.id, letter.id, unknown, letter.id],
  });
  expect(status).toBe(200);
  const done = { dead_letter_id: letter.id, status: "redriven", run_id: double.runs[1]?.run_id, error: null };
  const refused = (id: string, code: string) => ({
    dead_letter_id: id,
    status: "refused",
    run_id: null,
    error: { code, detail: expect.any(String) as string, retryable: false },
  });
  expect(body.results).toEqual([refused(gone.id, "conflict"), done, refused(unknown, "not_found"), done]);
  expect(double.runs).toHaveLength(2);
});

describe("a message's dead letter", () => {
  const last = { attempt: 5, at: 1, error: { code: "unavailable", message: "No answer." } };
  const cause: ErrorRecord = { code: "unavailable", message: "No answer.", retryable: true };
  async function told(body: Parameters<typeof deadMessage>[2]): Promise<void> {
    letter = deadMessage("acme", { threadId: double.threadId, runId: double.failed.run_id }, body, last, cause);
    await insertDeadLetter(database, "acme", letter);
  }
  const wake = () => ({ tenant: "acme", thread: double.threadId, run: double.failed.run_id, at: 7 });

  it("is redriven by looking at its thread again, and the sweep takes the run up", async () => {
    await told(wake());
    const { status, body } = await redrive();
    expect([status, body.dead_letter.status, body.run]).toEqual([200, "redriven", null]);
    const row = await env.DB.prepare("SELECT due_at FROM live_runs WHERE run_id = ?").bind(letter.runId).first();
    expect(row).not.toBeNull();
    await redrive();
    expect(double.touch).toHaveBeenCalledTimes(1);
  });

  it("stays open while its thread is out of reach", async () => {
    await told(wake());
    double.touch.mockRejectedValue(new Error("reset"));
    const { status, body } = await ask<Problem>("POST", path("/redrive"));
    expect([status, body.code]).toEqual([503, "unavailable"]);
    expect(await shown()).toMatchObject({ status: "open" });
  });

  it("that names no run of this tenant touches nothing", async () => {
    for (const body of [{ ...wake(), tenant: "acme2" }, { note: "?" }]) {
      await told(body);
      expect((await ask<Problem>("POST", path("/redrive"))).body.code).toBe("conflict");
    }
    expect(double.touch).not.toHaveBeenCalled();
  });
});

it("another tenant's letter is not there, in the words for one that never was", async () => {
  const theirs = await newKey("acme2");
  const unknown = newId();
  for (const [method, rest] of [
    ["GET", ""],
    ["POST", "/redrive"],
    ["POST", "/discard"],
  ] as const) {
    const there = await ask("POST" === method ? "POST" : "GET", path(rest), undefined, theirs);
    const nowhere = await ask(method, `/dead-letters/${unknown}${rest}`, undefined, theirs);
    expect(there).toEqual(nowhere);
    expect(there.status).toBe(404);
  }
  expect((await ask<{ dead_letters: Line[] }>("GET", "/dead-letters", undefined, theirs)).body.dead_letters).toEqual(
    [],
  );
  expect(await shown()).toMatchObject({ status: "open" });
});
