import { describe, expect, it } from "vitest";
import { failure } from "../base/errors.ts";
import { apiWith, CHECKPOINT_ID, THREAD_ID } from "./testing/thread-double.ts";

// What the routes that go on with runs hand to the Thread object, and what they make of its replies.

const RUN_ID = "0190a5a0-0000-7000-8000-00000000beef";
const INTERRUPT = "0123456789abcdef0123456789abcdef";
const OTHER_CHECKPOINT = "1ef4a9b8-0000-6000-8000-000000000002";
const thread = `/threads/${THREAD_ID}`;
const run = { run_id: RUN_ID, thread_id: THREAD_ID, status: "running", kwargs: {}, error: null };
const ok = <T>(value: T) => ({ ok: true, value }) as const;
const refused = (...error: Parameters<typeof failure>) => ({ ok: false, error: failure(...error).record }) as const;
const checkpoint = { thread_id: THREAD_ID, checkpoint_id: CHECKPOINT_ID, checkpoint_ns: "", checkpoint_map: null };

describe("a run on a thread", () => {
  const start = async (body: object, headers = {}) => {
    const api = apiWith({ startRun: ok(run) });
    const answer = await api.ask(`${thread}/runs`, { assistant_id: "brief", ...body }, headers);
    return { ...answer, command: api.calls[0]?.command };
  };

  it("goes on by a command, whatever its input says, with a budget (R8, G12)", async () => {
    const { status, command } = await start({
      input: { topic: "bees" },
      command: { resume: true, update: { a: 1 }, goto: "b", by: "ada" },
      budget: { tokens: 10, time: "1m" },
      strict_resume: true,
    });
    expect(status).toBe(200);
    expect(command).toMatchObject({
      input: null,
      command: { resume: { value: true }, update: [["a", 1]], goto: [{ node: "b" }], by: "ada" },
      budget: { tokens: 10, timeMs: 60_000 },
    });
  });

  it("goes on by a command that says nothing, and by `input: null`", async () => {
    expect((await start({ command: {} })).command).toMatchObject({ input: null, command: {} });
    const { command } = await start({ input: null });
    expect(command).toMatchObject({ input: null });
    expect(command).not.toHaveProperty("command");
  });

  it.each([
    [{ checkpoint_id: CHECKPOINT_ID }],
    [{ checkpoint: { checkpoint_id: CHECKPOINT_ID, checkpoint_ns: "", checkpoint_map: {} } }],
    [{ config: { configurable: { checkpoint_id: CHECKPOINT_ID.toUpperCase() } } }],
    [{ checkpoint_id: CHECKPOINT_ID, checkpoint: { checkpoint_id: CHECKPOINT_ID } }],
  ])("begins at the checkpoint that %j names", async (body) => {
    expect((await start(body)).command).toMatchObject({ checkpointId: CHECKPOINT_ID });
  });

  it.each([[{ checkpoint: { checkpoint_ns: "" } }], [{ checkpoint: null, checkpoint_id: null }]])(
    "begins at the newest where %j names none",
    async (body) => expect((await start(body)).command).not.toHaveProperty("checkpointId"),
  );

  it("keeps what names a checkpoint out of the graph's configuration", async () => {
    const configurable = { checkpoint_id: CHECKPOINT_ID, checkpoint_ns: "", checkpoint_map: {}, tone: "dry" };
    const { command } = await start({ config: { configurable } });
    expect(command?.["config"]).toEqual({ configurable: { tone: "dry" } });
  });

  it.each([
    [{ checkpoint_id: "x" }, 400, "/checkpoint_id"],
    [{ checkpoint: { checkpoint_id: 7 } }, 400, "/checkpoint/checkpoint_id"],
    [{ config: { configurable: { checkpoint_id: "x" } } }, 400, "/config/configurable/checkpoint_id"],
    [
      { checkpoint_id: CHECKPOINT_ID, checkpoint: { checkpoint_id: OTHER_CHECKPOINT } },
      400,
      "/checkpoint/checkpoint_id",
    ],
    [{ checkpoint: { checkpoint_ns: "agent:1" } }, 422, "/checkpoint/checkpoint_ns"],
    [{ command: { goto: 7 } }, 400, "/command/goto"],
    [{ command: { update: "x" } }, 400, "/command/update"],
    [{ command: "go" }, 400, "/command"],
    [{ budget: { tokens: "many" } }, 400, "/budget/tokens"],
    [{ budget: { token: 1 } }, 400, "/budget"],
  ])("with %j is refused with its place", async (body, status, pointer) => {
    const answer = await start(body);
    expect([answer.status, answer.body]).toEqual([status, expect.objectContaining({ pointer })]);
    expect(answer.command).toBeUndefined();
  });

  it("without a thread cannot go on", async () => {
    const api = apiWith({});
    const { status, body } = await api.ask("/runs/wait", { assistant_id: "brief", command: { resume: 1 } });
    expect([status, body]).toEqual([422, expect.objectContaining({ code: "unsupported", pointer: "/command" })]);
  });

  it("is another request under its Idempotency-Key with another command, checkpoint or budget (G2)", async () => {
    const hashes = await Promise.all(
      [
        {},
        { command: {} },
        { command: { resume: 1 } },
        { checkpoint_id: CHECKPOINT_ID },
        { budget: { tokens: 1 } },
      ].map(async (body) => (await start(body, { "idempotency-key": "k" })).command?.["requestHash"]),
    );
    expect(new Set(hashes).size).toBe(5);
    const again = await start({ command: { resume: 1 } }, { "idempotency-key": "k" });
    expect(again.command?.["requestHash"]).toBe(hashes[2]);
  });
});

describe("open questions", () => {
  const path = `${thread}/interrupts/${INTERRUPT}`;

  it("are listed as the object has them", async () => {
    const open = [{ id: INTERRUPT, value: "Publish?" }];
    expect(await apiWith({ interruptsOf: ok(open) }).ask(`${thread}/interrupts`)).toMatchObject({ body: open });
  });

  it("are answered with any value, null too, and who says so (G9)", async () => {
    const api = apiWith({ answerInterrupt: ok({ status: "accepted", run }) });
    const answer = await api.ask(path, { value: null, by: "ada", budget: { cost_usd: 1 } });
    expect(answer).toMatchObject({ status: 200, body: { status: "accepted", run } });
    expect(api.calls[0]?.command).toMatchObject({
      threadId: THREAD_ID,
      interruptId: INTERRUPT,
      value: null,
      by: "ada",
      budget: { costUsd: 1 },
    });
  });

  it("name the run that goes on by the Idempotency-Key (G2)", async () => {
    const api = apiWith({ answerInterrupt: ok({ status: "accepted", run }) });
    for (const key of ["a", "a", "b"]) await api.ask(path, { value: 1 }, { "idempotency-key": key });
    const [first, again, other] = api.calls.map(({ command }) => command["runId"]);
    expect(again).toBe(first);
    expect(other).not.toBe(first);
  });

  it("that are over say what is open", async () => {
    const error = refused("wait_over", "Nothing waits for that.", { details: { open: [] } });
    const { status, body } = await apiWith({ answerInterrupt: error }).ask(path, { value: 1 });
    expect([status, body]).toEqual([409, expect.objectContaining({ code: "wait_over", details: { open: [] } })]);
  });

  it.each([
    [{}, "/value"],
    [{ value: 1, by: 7 }, "/by"],
    [{ value: 1, budget: { tokens: "x" } }, "/budget/tokens"],
  ])("refuse %j with its place", async (json, pointer) => {
    expect(await apiWith({}).ask(path, json)).toMatchObject({ status: 400, body: { pointer } });
  });

  it("have ids of 32 hexadecimal digits", async () => {
    const answer = await apiWith({}).ask(`${thread}/interrupts/nonsense`, { value: 1 });
    expect(answer).toMatchObject({ status: 400, body: { pointer: "/interrupt_id" } });
  });
});

describe("pausing and cancelling", () => {
  it.each(["pause", "cancel"])("%s answers 202 with the run, and 204 when it was waited for", async (verb) => {
    const api = apiWith({ pauseRun: ok(run), cancelRun: ok(run), joinRun: ok({ run, values: {}, interrupts: [] }) });
    expect(await api.ask(`${thread}/runs/${RUN_ID}/${verb}`, {})).toMatchObject({ status: 202, body: run });
    expect(await api.ask(`${thread}/runs/${RUN_ID}/${verb}?wait=1`, {})).toMatchObject({ status: 204, body: null });
  });
});

describe("an update of the state (R7)", () => {
  const ran = { getThread: ok({ metadata: { graph_id: "brief" } }), getState: ok({ checkpoint }) };
  const update = async (body: object, replies: Parameters<typeof apiWith>[0] = ran) => {
    const api = apiWith({ updateState: ok({ checkpoint }), ...replies });
    const answer = await api.ask(`${thread}/state`, body);
    return { ...answer, command: api.calls.find(({ method }) => method === "updateState")?.command };
  };
  const written = [
    ["a", 1],
    ["b", 2],
  ];

  it.each([[{ a: 1, b: 2 }], [[{ a: 1 }, { b: 2 }]], [written]])("writes %j", async (values) => {
    const answer = await update({ values });
    expect(answer).toMatchObject({ status: 200, body: { checkpoint } });
    expect(answer.command?.["values"]).toEqual(written);
    expect(answer.command).not.toHaveProperty("graph");
  });

  it("may write nothing, as a node, from a checkpoint", async () => {
    const { command } = await update({
      values: null,
      as_node: "__start__",
      checkpoint: { checkpoint_id: CHECKPOINT_ID },
    });
    expect(command).toMatchObject({ values: [], asNode: "start", checkpointId: CHECKPOINT_ID });
  });

  it.each([[{ values: 7 }], [{ values: ["a"] }], [{ values: [["a", 1], { b: 2 }] }]])(
    "of %j is refused",
    async (body) => expect(await update(body)).toMatchObject({ status: 400, body: { pointer: "/values" } }),
  );

  it("of a thread that has never run is on the graph of its metadata, and 400 without one", async () => {
    const fresh = { ...ran, getState: ok({ checkpoint: null }) };
    expect((await update({ values: {} }, fresh)).command).toMatchObject({
      graph: { graphId: "brief", version: 1, hash: "hash-1" },
      assistantId: "of-brief",
    });
    const none = await update({ values: {} }, { ...fresh, getThread: ok({ metadata: {} }) });
    expect(none).toMatchObject({ status: 400, body: { detail: expect.stringContaining("has no graph ID") } });
  });

  it("is 409 while a run is live, where starting a run is 422", async () => {
    const busy = refused("thread_busy", "Another run is live.");
    expect((await update({ values: {} }, { ...ran, updateState: busy })).status).toBe(409);
    expect((await apiWith({ startRun: busy }).ask(`${thread}/runs`, { assistant_id: "brief" })).status).toBe(422);
  });
});

describe("a migration (G11)", () => {
  const migrate = async (body: object, metadata: object = { graph_id: "brief" }) => {
    const replies = { migrate: ok({ checkpoint }), getThread: ok({ metadata }) };
    const api = apiWith(replies, ["brief", "brief@4"]);
    const answer = await api.ask(`${thread}/migrate`, body);
    return { ...answer, command: api.calls.find(({ method }) => method === "migrate")?.command };
  };

  it.each([
    [{ version: 4 }, 4],
    [{ graph: "brief@4" }, 4],
    [{ graph: "brief" }, 1],
  ])("by %j goes to a whole version", async (body, version) => {
    const answer = await migrate(body);
    expect(answer).toMatchObject({ status: 200, body: { checkpoint } });
    expect(answer.command?.["graph"]).toEqual({ graphId: "brief", version, hash: `hash-${version}`, document: "{}" });
  });

  it.each([[{}], [{ version: 4, graph: "brief@4" }], [{ version: "4" }], [{ version: 0 }]])(
    "by %j is refused",
    async (body) => expect(await migrate(body)).toMatchObject({ status: 400, body: { code: "invalid_request" } }),
  );

  it("of a thread that has no graph is refused", async () => {
    expect(await migrate({ version: 4 }, {})).toMatchObject({ status: 409, body: { code: "nothing_to_continue" } });
  });
});

it.each([
  ["state", { values: {} }, "updateState"],
  ["migrate", { version: 4 }, "migrate"],
])("POST %s is asked for once: a lost answer is the caller's to look after", async (path, body, method) => {
  const dropped = Object.assign(new Error("dropped"), { retryable: true });
  const ran = { getThread: ok({ metadata: { graph_id: "brief" } }), getState: ok({ checkpoint }) };
  const api = apiWith({ ...ran, [method]: dropped }, ["brief", "brief@4"]);
  expect(await api.ask(`${thread}/${path}`, body)).toMatchObject({ status: 503, body: { code: "unavailable" } });
  expect(api.calls.filter((each) => each.method === method)).toHaveLength(1);
});

describe("a state at a checkpoint", () => {
  it("is read by a body, and the newest by an empty one", async () => {
    const api = apiWith({ getStateJson: ok(JSON.stringify({ checkpoint })) });
    const named = { checkpoint: { checkpoint_id: CHECKPOINT_ID, checkpoint_ns: "" } };
    for (const body of [named, {}]) {
      expect(await api.ask(`${thread}/state/checkpoint`, body)).toMatchObject({ status: 200, body: { checkpoint } });
    }
    expect(api.calls.map(({ command }) => command["checkpointId"])).toEqual([CHECKPOINT_ID, undefined]);
  });

  it("and the history inside of a node are asked for by the frame's name [R10]", async () => {
    const api = apiWith({ getStateJson: ok("{}"), getHistoryJson: ok("[]") });
    const inner = {
      checkpoint: { checkpoint_ns: "agent:1", checkpoint_id: CHECKPOINT_ID, checkpoint_map: { "": "x" } },
    };
    await api.ask(`${thread}/state/checkpoint`, { ...inner, subgraphs: true });
    await api.ask(`${thread}/history`, { ...inner, limit: 3 });
    await api.ask(`${thread}/state?subgraphs=true`);
    await api.ask(`${thread}/state?subgraphs=false`);
    expect(api.calls.map(({ command: { tenant: _t, threadId: _id, ...command } }) => command)).toEqual([
      { checkpointId: CHECKPOINT_ID, subgraphs: true, namespace: "agent:1" },
      { limit: 3, namespace: "agent:1" },
      { subgraphs: true },
      {},
    ]);
    const noFrame = {
      code: "not_found",
      message: "none",
      retryable: false,
      pointer: "/checkpoint/checkpoint_ns",
    } as const;
    const answer = await apiWith({ getStateJson: { ok: false, error: noFrame } }).ask(
      `${thread}/state/checkpoint`,
      inner,
    );
    expect(answer).toMatchObject({ status: 404, body: { pointer: "/checkpoint/checkpoint_ns" } });
  });

  it("inside of a node cannot be gone on from", async () => {
    const body = { assistant_id: "brief", input: null, checkpoint: { checkpoint_ns: "agent:1" } };
    const answer = await apiWith({}).ask(`${thread}/runs`, body);
    expect(answer).toMatchObject({ status: 422, body: { pointer: "/checkpoint/checkpoint_ns" } });
  });
});
