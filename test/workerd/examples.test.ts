import { beforeAll, describe, expect, it, vi } from "vitest";
import approval from "../../examples/approval/graph.yaml?raw";
import digest from "../../examples/digest/graph.yaml?raw";
import ticket from "../../examples/ticket/graph.yaml?raw";
import { call, migrate, newKey, read } from "./client.ts";

let key = "";
beforeAll(async () => {
  await migrate();
  key = await newKey("examples");
  await read(call("/graphs", { key, body: digest, headers: { "content-type": "application/yaml" } }));
});

const NOTES = [
  { title: "Lunch", text: "The canteen has a new cook. She comes from Lyon." },
  { title: "Nightly job", text: "The nightly export failed twice. Ada restarted it. It must be watched today." },
  { title: "Releases", text: "We agreed to release on Tuesdays. The calendar is up to date." },
];

it("examples/digest reads each note, sorts it without a model that knows JSON, and puts problems first", async () => {
  const given = { assistant_id: "digest", input: { notes: NOTES } };
  const result = await read<{ digest: string; read: unknown[]; unread: unknown[] }>(
    call("/runs/wait", { key, json: given }),
  );
  expect(result).toMatchObject({
    read: [
      { title: "Lunch", topic: "news", urgent: false, gist: expect.stringContaining("cook") },
      { title: "Nightly job", topic: "problem", urgent: true, gist: expect.stringContaining("failed") },
      { title: "Releases", topic: "decision", urgent: false, gist: expect.stringContaining("Tuesdays") },
    ],
    unread: [],
  });
  expect(result.digest.indexOf("failed")).toBeGreaterThan(0);
  expect(result.digest.indexOf("failed")).toBeLessThan(result.digest.indexOf("Tuesdays"));
});

it("examples/digest refuses what is no list of notes before anything runs", async () => {
  const answer = await call("/runs/wait", {
    key,
    json: { assistant_id: "digest", input: { notes: [{ title: "x" }] } },
  });
  expect([answer.status, await answer.json()]).toMatchObject([400, { pointer: "/input/notes/0" }]);
});

async function started(graph: string, input: unknown): Promise<{ thread_id: string; run_id: string }> {
  return read(call("/runs", { key, json: { assistant_id: graph, input } }));
}

describe("examples/approval [R8, G9]", () => {
  beforeAll(async () => {
    await read(call("/graphs", { key, body: approval, headers: { "content-type": "application/yaml" } }));
  });

  interface Open {
    readonly id: string;
    readonly value: unknown;
    readonly from: readonly string[];
    readonly answers: readonly unknown[];
  }

  async function asked(amount: number): Promise<{ thread: string; open: Open }> {
    const { thread_id } = await started("approval", { expense: "A chair", amount });
    const thread = `/threads/${thread_id}`;
    const open = await vi.waitFor(async () => {
      const [first] = await read<Open[]>(call(`${thread}/interrupts`, { key }));
      if (first === undefined) throw new Error("nothing is asked yet");
      return first;
    });
    return { thread, open };
  }

  function answer(thread: string, { id }: Open, by: string, value: unknown): Promise<Response> {
    return call(`${thread}/interrupts/${id}`, { key, json: { value, by } });
  }

  async function verdictOf(thread: string): Promise<unknown> {
    return vi.waitFor(async () => {
      const { values, next } = await read<{ values: unknown; next: unknown[] }>(call(`${thread}/state`, { key }));
      expect(next).toEqual([]);
      return values;
    });
  }

  it("asks with the expense, names who may answer, and goes by the answer", async () => {
    const { thread, open } = await asked(120);
    expect(open).toMatchObject({ value: { expense: "A chair", amount: 120 }, from: ["finance", "board"] });
    expect((await answer(thread, open, "finance", { yes: "maybe" })).status).toBe(422);
    expect((await answer(thread, open, "somebody", { yes: true })).status).toBe(422);
    expect((await answer(thread, open, "finance", { yes: true })).status).toBe(200);
    expect(await verdictOf(thread)).toMatchObject({ verdict: "approved: A chair", by: ["finance"] });
    expect((await answer(thread, open, "board", { yes: true })).status).toBe(409);
  });

  it("wants two above 500, each of another person, and stays open until the second", async () => {
    const { thread, open } = await asked(900);
    await read(answer(thread, open, "board", { yes: true }));
    const [still] = await vi.waitFor(async () => {
      const list = await read<Open[]>(call(`${thread}/interrupts`, { key }));
      expect(list).toMatchObject([{ id: open.id, answers: [{ by: "board", value: { yes: true } }] }]);
      return list;
    });
    expect((await answer(thread, still ?? open, "board", { yes: false })).status).toBe(409);
    await read(answer(thread, open, "finance", { yes: true }));
    expect(await verdictOf(thread)).toMatchObject({ verdict: "approved: A chair", by: ["board", "finance"] });
  });

  it("one no is enough", async () => {
    const { thread, open } = await asked(900);
    await read(answer(thread, open, "board", { yes: false, why: "We have chairs." }));
    expect(await verdictOf(thread)).toMatchObject({ verdict: "refused: We have chairs.", by: ["board"] });
  });
});

describe("examples/ticket", () => {
  beforeAll(async () => {
    await read(call("/graphs", { key, body: ticket, headers: { "content-type": "application/yaml" } }));
  });

  async function opened(): Promise<string> {
    const { thread_id, run_id } = await started("ticket", { subject: "It does not print" });
    return `/threads/${thread_id}/runs/${run_id}`;
  }

  function happens(run: string, payload: unknown, headers = {}): Promise<{ signal_id: string; status: string }> {
    return read(call(`${run}/signals`, { key, json: { name: "ticket", payload }, headers }));
  }

  const waiting = (run: string) =>
    vi.waitFor(async () =>
      expect(await read(call(`${run}/waits`, { key }))).toMatchObject([{ node: "listen", signal: { name: "ticket" } }]),
    );

  it("goes from state to state as its events say, and passes over those that its state does not know", async () => {
    const run = await opened();
    await waiting(run);
    expect((await happens(run, { type: "ask", text: "Is it on?" })).status).toBe("delivered");
    for (const payload of [
      { type: "solve" }, // nobody solves what waits for an answer
      { type: "reply", text: "It is now." },
      { type: "solve", text: "On and off." },
      { type: "reply", text: "Again!" },
      { type: "close" },
    ])
      await happens(run, payload);
    expect(await read(call(`${run}/join`, { key }))).toEqual({
      status: "closed",
      history: [
        "opened: It does not print",
        "asked: Is it on?",
        "answered: It is now.",
        "solved: On and off.",
        "reopened: Again!",
        "closed",
      ],
    });
    expect((await call(`${run}/signals`, { key, json: { name: "ticket", payload: {} } })).status).toBe(409);
  });

  it("an event may come before its wait; the same key with other words is refused", async () => {
    const run = await opened();
    const once = { "idempotency-key": "asked" };
    const sent = await happens(run, { type: "ask" }, once);
    expect((await happens(run, { type: "ask" }, once)).signal_id).toBe(sent.signal_id);
    const other = await call(`${run}/signals`, {
      key,
      json: { name: "ticket", payload: { type: "close" } },
      headers: once,
    });
    expect([other.status, await other.json()]).toMatchObject([422, { code: "idempotency_mismatch" }]);
    await happens(run, { type: "close" });
    expect(await read(call(`${run}/join`, { key }))).toMatchObject({ status: "closed" });
  });
});
