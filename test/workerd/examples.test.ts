import { beforeAll, describe, expect, it, vi } from "vitest";
import approval from "../../examples/approval/graph.yaml?raw";
import digest from "../../examples/digest/graph.yaml?raw";
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

describe("examples/approval", () => {
  beforeAll(async () => {
    await read(call("/graphs", { key, body: approval, headers: { "content-type": "application/yaml" } }));
  });

  async function asked(amount: number): Promise<string> {
    const given = { assistant_id: "approval", input: { expense: "A chair", amount } };
    const { thread_id, run_id } = await read<{ thread_id: string; run_id: string }>(
      call("/runs", { key, json: given }),
    );
    return `/threads/${thread_id}/runs/${run_id}`;
  }

  function answer(
    run: string,
    who: string,
    yes: boolean,
    headers = {},
  ): Promise<{ signal_id: string; status: string }> {
    const json = { name: "answer", key: who, payload: { yes, by: who } };
    return read(call(`${run}/signals`, { key, json, headers }));
  }

  it("waits for an answer, names what it waits for, and goes by it", async () => {
    const run = await asked(120);
    await vi.waitFor(async () =>
      expect(await read(call(`${run}/waits`, { key }))).toMatchObject([{ node: "ask", signal: { key: "finance" } }]),
    );
    const once = { "idempotency-key": "chair" };
    const first = await answer(run, "finance", true, once);
    expect(first.status).toBe("delivered");
    expect(await read(call(`${run}/join`, { key }))).toEqual({ verdict: "approved: A chair", by: ["finance"] });
    expect((await call(`${run}/signals`, { key, json: { name: "answer" } })).status).toBe(409);
  });

  it("asks the board above 500; its answer may come first, and the same key with other words is refused", async () => {
    const run = await asked(900);
    const once = { "idempotency-key": "board says" };
    const sent = await answer(run, "board", false, once);
    expect(sent.status).toBe("kept");
    expect((await answer(run, "board", false, once)).signal_id).toBe(sent.signal_id);
    const other = await call(`${run}/signals`, { key, json: { name: "answer", key: "board" }, headers: once });
    expect([other.status, await other.json()]).toMatchObject([422, { code: "idempotency_mismatch" }]);
    await answer(run, "finance", true);
    expect(await read(call(`${run}/join`, { key }))).toEqual({ verdict: "refused", by: ["finance", "board"] });
  });
});
