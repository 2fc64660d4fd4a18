import { abortAllDurableObjects } from "cloudflare:test";
import { beforeAll, describe, expect, it, vi } from "vitest";
import { call, migrate, newKey, read } from "./client.ts";

/** A run that a model keeps waiting for longer than any test. */
const SLOW = {
  edgewise: 1,
  id: "slow",
  channels: { answer: {} },
  nodes: {
    talk: {
      kind: "model",
      model: "builtin/scripted",
      prompt: "Say something.",
      options: { script: { turns: [{ reply: "Late.", firstDelayMs: 600_000 }] } },
      write: "answer",
    },
  },
  edges: [{ from: "start", to: "talk" }],
};
const run = { assistant_id: "slow" };

let key = "";
beforeAll(async () => {
  await migrate();
  key = await newKey("acme");
  await read(call("/graphs", { key, json: SLOW }));
});

const pathOf = (answer: Response) => {
  const id = answer.headers.get("content-location")?.slice("/runs/".length) ?? "";
  return { thread: `/threads/${id}`, run: `/threads/${id}/runs/${id}` };
};
const statusOf = async (path: string) => (await read<{ status: string }>(call(path, { key }))).status;
const cancel = (path: string) => call(`${path}/cancel?wait=1`, { key, method: "POST" });

describe("a live run", () => {
  it("keeps its thread from another run, and ends with it", async () => {
    const at = pathOf(await call("/runs", { key, json: run }));
    for (const way of ["", "/wait", "/stream"]) {
      const refused = await call(`${at.thread}/runs${way}`, { key, json: run });
      expect([refused.status, (await refused.json<{ code: string }>()).code]).toEqual([422, "thread_busy"]);
    }
    expect(await read(call(at.thread, { key }))).toMatchObject({ status: "busy" });
    expect((await call(at.thread, { key, method: "DELETE" })).status).toBe(204);
    expect((await call(at.run, { key })).status).toBe(404);
  });

  it("tells who waits that it was cancelled", async () => {
    const waiting = await call("/runs/wait", { key, json: run });
    await cancel(pathOf(waiting).run);
    expect(await waiting.json()).toMatchObject({ __error__: { error: "run_cancelled" } });
  });

  it("shows who waits a sign of life that nobody on the way keeps back", async () => {
    const waiting = await call("/runs/wait", { key, json: run });
    expect(waiting.headers.get("content-encoding")).toBe("identity");
    expect(waiting.headers.get("cache-control")).toContain("no-transform");
    const reader = waiting.body?.getReader();
    expect(new TextDecoder().decode((await reader?.read())?.value)).toBe("\n");
    await reader?.cancel();
    await cancel(pathOf(waiting).run);
  });
});

describe("a client that goes away", () => {
  it("takes its run with it only if it said so", async () => {
    const kept = await call("/runs/wait", { key, json: run });
    await kept.body?.cancel();
    const dropped = await call("/runs/wait", { key, json: { ...run, on_disconnect: "cancel" } });
    await dropped.body?.cancel();
    await vi.waitFor(async () => expect(await statusOf(pathOf(dropped).run)).toBe("interrupted"), 5_000);
    expect(await statusOf(pathOf(kept).run)).toBe("running");
    const joined = await call(`${pathOf(kept).run}/join?cancel_on_disconnect=1`, { key });
    await joined.body?.cancel();
    await vi.waitFor(async () => expect(await statusOf(pathOf(kept).run)).toBe("interrupted"), 5_000);
  });
});

describe("a thread's object that is reset", () => {
  it("keeps the run, and whoever waits for it waits on", async () => {
    const waiting = await call("/runs/wait", { key, json: run });
    const at = pathOf(waiting);
    await abortAllDurableObjects();
    expect(await statusOf(at.run)).toMatch(/^(?:pending|running)$/);
    await cancel(at.run);
    expect(await waiting.json()).toMatchObject({ __error__: { error: "run_cancelled" } });
    expect(await read<unknown[]>(call(`${at.thread}/runs`, { key }))).toHaveLength(1);
  });
});
