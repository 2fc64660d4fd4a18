import { beforeAll, describe, expect, it } from "vitest";
import { call, DOUBLE, migrate, newKey, read } from "./client.ts";

/** Streams by HTTP, as both lines of LangGraph's client ask for them. */
let key = "";
const GRAPH = {
  ...DOUBLE,
  id: "nested",
  nodes: {
    ...DOUBLE.nodes,
    inside: {
      kind: "subgraph",
      graph: {
        channels: { number: {}, doubled: {} },
        nodes: { again: { kind: "transform", set: { doubled: "state.doubled * 2" } } },
        edges: [{ from: "start", to: "again" }],
      },
    },
  },
  edges: [
    { from: "start", to: "double" },
    { from: "double", to: "inside" },
  ],
};

beforeAll(async () => {
  await migrate();
  key = await newKey("streams");
  for (const graph of [DOUBLE, GRAPH]) await read(call("/graphs", { key, json: graph }));
});

interface Stream {
  readonly path: string;
  readonly location: string | null;
  readonly events: readonly string[];
  readonly text: string;
}

async function stream(body: object): Promise<Stream> {
  const json = { assistant_id: "double", input: { number: 1 }, on_completion: "keep", ...body };
  const answer = await call("/runs/stream", { key, json });
  const text = await answer.text();
  if (!answer.ok) throw new Error(text);
  const path = answer.headers.get("content-location") ?? "";
  return { path, location: answer.headers.get("location"), events: eventsOf(text), text };
}

function eventsOf(text: string): string[] {
  return [...text.matchAll(/^event: (.*)$/gm)].map(([, event]) => event ?? "");
}

function idsOf(text: string): number[] {
  return [...text.matchAll(/^id: (\d+)$/gm)].map(([, id]) => Number(id));
}

describe("a run's stream", () => {
  it.each([
    ["values by default", {}, ["metadata", "values"]],
    ["one mode", { stream_mode: "updates" }, ["metadata", "updates"]],
    ["several", { stream_mode: ["updates", "tasks"] }, ["metadata", "updates", "tasks"]],
    [
      "accepts what it needs no more",
      { stream_mode: "updates", stream_resumable: true, feedback_keys: ["a"] },
      ["metadata", "updates"],
    ],
  ])("has %s", async (_, body, names) => {
    const { events } = await stream(body);
    expect(new Set(events)).toEqual(new Set(names));
    expect(events[0]).toBe("metadata");
  });

  it("shows what is inside where that is asked for, and by a namespace only that", async () => {
    const { events, path, location } = await stream({
      assistant_id: "nested",
      stream_mode: ["updates"],
      stream_subgraphs: true,
    });
    expect(location).toMatch(/^\/threads\/[^/]+\/runs\/[^/]+\/stream$/);
    const inner = events.find((event) => event.startsWith("updates|inside:"));
    expect(events).toEqual(["metadata", "updates", inner, "updates"]);
    const joined = await call(`${path}/stream`, { key });
    expect(eventsOf(await joined.text())).toEqual(events);
    const filtered = await call(`${path}/stream?namespace=inside`, { key });
    expect(eventsOf(await filtered.text())).toEqual(["metadata", inner]);
  });

  it("joined with -1 is the same, ids included; with an id, what follows; modes as either client writes them", async () => {
    const { path, text } = await stream({ stream_mode: ["values", "updates", "tasks", "debug"] });
    const whole = await call(`${path}/stream`, { key, headers: { "last-event-id": "-1" } });
    expect(await whole.text()).toBe(text);
    const ids = idsOf(text);
    const middle = ids[3] ?? 0;
    const rest = await call(`${path}/stream`, { key, headers: { "last-event-id": String(middle) } });
    expect(idsOf(await rest.text())).toEqual(ids.slice(4));
    for (const query of ['stream_mode=["updates","tasks"]', "stream_mode=updates&stream_mode=tasks"]) {
      const subset = await call(`${path}/stream?${query}`, { key });
      expect(new Set(eventsOf(await subset.text()))).toEqual(new Set(["metadata", "updates", "tasks"]));
    }
  });

  it("refuses an unknown mode before anything begins", async () => {
    const answer = await call("/runs/stream", {
      key,
      json: { assistant_id: "double", stream_mode: ["values", "telepathy"] },
    });
    expect(answer.status).toBe(400);
    expect(await answer.json()).toMatchObject({ code: "invalid_request", pointer: "/stream_mode" });
  });

  it.each([["garbage"], [""], ["-2"], ["1.5"], ["99999999"], ["999999999999999"], ["1e3"], ["9".repeat(40)]])(
    "refuses `Last-Event-ID: %s`: 400, and nothing changes",
    async (id) => {
      const { path, text } = await stream({});
      const answer = await call(`${path}/stream`, { key, headers: { "last-event-id": id } });
      expect(answer.status).toBe(400);
      expect(await answer.json()).toMatchObject({ code: "invalid_request", pointer: "/last-event-id" });
      expect(await (await call(`${path}/stream`, { key })).text()).toBe(text);
    },
  );
});

describe("a thread's stream", () => {
  it("opens before any run, says where to come back, and shows each run", async () => {
    const { thread_id } = await read<{ thread_id: string }>(call("/threads", { key, json: {} }));
    const answer = await call(`/threads/${thread_id}/stream?stream_mode=run_modes&stream_mode=lifecycle`, { key });
    expect(answer.status).toBe(200);
    expect(answer.headers.get("content-type")).toBe("text/event-stream");
    expect(answer.headers.get("location")).toBe(`/threads/${thread_id}/stream`);
    const reader = answer.body?.getReader();
    const run = { assistant_id: "double", input: { number: 1 }, stream_mode: ["updates"] };
    await read(call(`/threads/${thread_id}/runs/wait`, { key, json: run }));
    let text = "";
    while (!text.includes("event: run_done")) text += new TextDecoder().decode((await reader?.read())?.value);
    await reader?.cancel();
    expect(eventsOf(text)).toEqual(["metadata", "updates", "run_done"]);
    const [first, second] = idsOf(text);
    const rest = await call(`/threads/${thread_id}/stream`, { key, headers: { "last-event-id": String(first) } });
    const again = rest.body?.getReader();
    expect(idsOf(new TextDecoder().decode((await again?.read())?.value))[0]).toBe(second);
    await again?.cancel();
  });

  it("refuses unknown modes and ids, and another tenant", async () => {
    const { thread_id } = await read<{ thread_id: string }>(call("/threads", { key, json: {} }));
    const path = `/threads/${thread_id}/stream`;
    const mode = await call(`${path}?stream_mode=["values"]`, { key });
    expect([mode.status, await mode.json()]).toMatchObject([400, { code: "invalid_request", pointer: "/stream_mode" }]);
    for (const id of ["garbage", "-2", "5"]) {
      const answer = await call(path, { key, headers: { "last-event-id": id } });
      expect([answer.status, await answer.json()]).toMatchObject([400, { pointer: "/last-event-id" }]);
    }
    expect((await call(path, { key: await newKey("others") })).status).toBe(404);
  });
});
