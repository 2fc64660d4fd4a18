import { beforeAll, describe, expect, it } from "vitest";
import { APPROVAL, PUBLISHED, YES } from "../approval.ts";
import { type State, threadsOf } from "./approval.ts";
import { call, migrate, newKey, read } from "./client.ts";

// Runs that go on, over HTTP: questions and answers, updates, forks, pauses, migrations.

let key = "";
const { get, post, refused, start, openOf, stateOf, newThread, asked, over, everything } = threadsOf(() => key);
beforeAll(async () => {
  await migrate();
  key = await newKey("going-on");
  await read(call("/graphs", { key, json: APPROVAL }));
});

describe("a question (R8, G9)", () => {
  it("shows in the list, the thread, its state, and what waiting for the run gives", async () => {
    const thread = await newThread();
    const waited = await start(thread, { input: { topic: "bees" } });
    const [open] = await openOf(thread);
    const shown = { id: open?.id, value: { question: "Publish?", draft: "About bees" } };
    expect(open).toMatchObject({ ...shown, kind: "gate", node: "ask", until: null, from: null, answers: [] });
    expect(open?.id).toMatch(/^[0-9a-f]{32}$/);
    const state = await stateOf(thread);
    expect(state).toMatchObject({ next: ["ask"], interrupts: [shown], tasks: [{ name: "ask", interrupts: [shown] }] });
    expect(await get(thread)).toMatchObject({
      status: "interrupted",
      interrupts: { [state.tasks[0]?.id ?? ""]: [shown] },
    });
    expect(waited).toMatchObject({ draft: "About bees", __interrupt__: [shown] });
  });

  it("is answered by its id: the run that goes on is another, and ends with the result", async () => {
    const { thread, open } = await asked();
    const { status, run } = await post<{ status: string; run: { run_id: string } }>(`${thread}/interrupts/${open.id}`, {
      value: YES,
      by: "ada",
    });
    expect(status).toBe("accepted");
    expect(run.run_id).not.toBe(open.run_id);
    expect(await over(thread, run.run_id)).toEqual(PUBLISHED);
    expect(await openOf(thread)).toEqual([]);
    expect(await get(thread)).toMatchObject({ status: "idle", interrupts: {} });
  });

  it.each([
    ["a value", () => YES],
    ["its id", (id: string) => ({ [id]: YES })],
  ])("is answered by a run's command with %s", async (_, resume) => {
    const { thread, open } = await asked();
    expect(await start(thread, { command: { resume: resume(open.id) } })).toEqual(PUBLISHED);
  });

  it("answered again with the same words is the same reply; with others 409, and nothing changes", async () => {
    const { thread, open } = await asked();
    const path = `${thread}/interrupts/${open.id}`;
    const first = await post<{ run: { run_id: string } }>(path, { value: YES });
    await over(thread, first.run.run_id);
    expect((await post<typeof first>(path, { value: YES })).run.run_id).toBe(first.run.run_id);
    expect(await refused(path, { value: { approved: false } })).toMatchObject({ status: 409, code: "wait_over" });
    expect((await stateOf(thread)).values).toMatchObject(PUBLISHED);
    expect(await get(`${thread}/runs`)).toHaveLength(2);
  });

  it("is one of several: each is answered by its id, at once or one after the other", async () => {
    const gate = (write: string) => ({ kind: "gate", ask: `Is ${write} right?`, write });
    await post("/graphs", {
      edgewise: 1,
      id: "two",
      channels: { a: {}, b: {} },
      nodes: { askA: gate("a"), askB: gate("b") },
      edges: [
        { from: "start", to: "askA" },
        { from: "start", to: "askB" },
      ],
    });
    const begin = async () => {
      const thread = await newThread();
      await post(`${thread}/runs/wait`, { assistant_id: "two", input: {} });
      const open = await openOf(thread);
      expect(open.map(({ node }) => node)).toEqual(["askA", "askB"]);
      return { thread, ids: open.map(({ id }) => id) as [string, string] };
    };
    const one = await begin();
    const both = { [one.ids[0]]: 1, [one.ids[1]]: 2 };
    const body = { assistant_id: "two", command: { resume: both } };
    expect(await post(`${one.thread}/runs/wait`, body)).toEqual({ a: 1, b: 2 });
    const other = await begin();
    const unclear = await refused(`${other.thread}/runs`, { assistant_id: "two", command: { resume: 1 } });
    expect(unclear).toMatchObject({ status: 400, pointer: "/command/resume", details: { open: [{}, {}] } });
    const { run } = await post<{ run: { run_id: string } }>(`${other.thread}/interrupts/${other.ids[1]}`, { value: 2 });
    expect(await over(other.thread, run.run_id)).toMatchObject({ b: 2, __interrupt__: [{ id: other.ids[0] }] });
    expect(await post(`${other.thread}/runs/wait`, { assistant_id: "two", command: { resume: 1 } })).toEqual({
      a: 1,
      b: 2,
    });
  });

  it("answered by many at once in the same words makes one run", async () => {
    const { thread, open } = await asked();
    const answers = Array.from({ length: 8 }, () =>
      post<{ run: { run_id: string } }>(`${thread}/interrupts/${open.id}`, { value: YES }),
    );
    expect(new Set((await Promise.all(answers)).map(({ run }) => run.run_id)).size).toBe(1);
    expect(await get(`${thread}/runs`)).toHaveLength(2);
  });
});

describe("an update from outside (R7)", () => {
  it("is seen by what goes on", async () => {
    const { thread } = await asked();
    const { checkpoint } = await post<{ checkpoint: { checkpoint_id: string } }>(`${thread}/state`, {
      values: { draft: "About wasps" },
    });
    const state = await stateOf(thread);
    expect(state.checkpoint.checkpoint_id).toBe(checkpoint.checkpoint_id);
    expect(state).toMatchObject({ values: { draft: "About wasps" }, next: ["ask"], metadata: { source: "update" } });
    const answered = await start(thread, { command: { resume: YES } });
    expect(answered).toMatchObject({ result: "Published: About wasps" });
  });

  it("as a node that waits is its outcome: its edges are taken by the run that goes on", async () => {
    const { thread } = await asked();
    await post(`${thread}/state`, { values: [["decision", { approved: false }]], as_node: "ask" });
    expect(await stateOf(thread)).toMatchObject({ next: ["drop"], interrupts: [] });
    expect(await start(thread, { input: null })).toMatchObject({ result: "Dropped." });
  });

  it("makes the state of a thread that has never run, on the graph of its metadata", async () => {
    const thread = await newThread();
    expect(await refused(`${thread}/state`, { values: { topic: "bees" } })).toMatchObject({ status: 400 });
    await read(call(thread, { key, method: "PATCH", json: { metadata: { graph_id: "approval" } } }));
    await post(`${thread}/state`, { values: { draft: "By hand" }, as_node: "write" });
    expect(await stateOf(thread)).toMatchObject({ values: { draft: "By hand" }, next: ["ask"] });
    await start(thread, { input: null });
    expect(await openOf(thread)).toMatchObject([{ value: { draft: "By hand" } }]);
  });
});

describe("a command", () => {
  it("writes, and runs nodes besides", async () => {
    const { thread } = await asked();
    await start(thread, { command: { resume: YES } });
    const jumped = await start(thread, { command: { update: { draft: "By hand" }, goto: "publish" } });
    expect(jumped).toMatchObject({ result: "Published: By hand" });
  });

  it("that goes where what waits leads to waits with it (R2, R8)", async () => {
    const { thread, open } = await asked();
    const jumped = await start(thread, { command: { goto: "publish" } });
    expect(jumped).toMatchObject({ __interrupt__: [{ id: open.id }] });
    expect(jumped).not.toHaveProperty("result");
    expect(await start(thread, { command: { resume: YES } })).toEqual(PUBLISHED);
  });

  it("runs a node once for each input that it sends (R1)", async () => {
    await post("/graphs", {
      edgewise: 1,
      id: "sent",
      channels: { all: { reducer: "append" }, first: {} },
      nodes: {
        first: { kind: "transform", set: { first: "true" } },
        each: { kind: "transform", set: { all: "payload" } },
      },
      edges: [
        { from: "start", to: "first" },
        { from: "first", to: "each", when: "false" },
      ],
    });
    const thread = await newThread();
    await post(`${thread}/runs/wait`, { assistant_id: "sent", input: {} });
    const goto = [
      { node: "each", input: 1 },
      { lg_name: "Send", node: "each", args: 2 },
    ];
    expect(await post(`${thread}/runs/wait`, { assistant_id: "sent", command: { goto } })).toMatchObject({
      all: [1, 2],
    });
  });
});

describe("time travel", () => {
  it("forks from a checkpoint with an edited state, and leaves what there was as it was", async () => {
    const { thread, open } = await asked();
    const before = await stateOf(thread);
    const { run } = await post<{ run: { run_id: string } }>(`${thread}/interrupts/${open.id}`, { value: YES });
    await over(thread, run.run_id);
    const ended = await stateOf(thread);
    await post(`${thread}/state`, {
      values: { draft: "About ants" },
      checkpoint_id: before.checkpoint.checkpoint_id,
    });
    expect(await stateOf(thread)).toMatchObject({ values: { draft: "About ants" }, next: ["ask"] });
    // The node that asked is run again on the edited state, and so asks another question.
    await start(thread, { input: null });
    const [again] = await openOf(thread);
    expect(again).toMatchObject({ value: { draft: "About ants" } });
    expect(again?.id).not.toBe(open.id);
    const forked = await start(thread, { command: { resume: YES } });
    expect(forked).toMatchObject({ result: "Published: About ants" });
    const original = await post<State>(`${thread}/state/checkpoint`, { checkpoint: ended.checkpoint });
    expect(original.values).toEqual(ended.values);
    const history = await get<State[]>(`${thread}/history`);
    expect(history.map(({ checkpoint }) => checkpoint.checkpoint_id)).toContain(ended.checkpoint.checkpoint_id);
  });

  it("goes on from an older checkpoint as a run of its own", async () => {
    const { thread, open } = await asked();
    const before = await stateOf(thread);
    const { run } = await post<{ run: { run_id: string } }>(`${thread}/interrupts/${open.id}`, { value: YES });
    await over(thread, run.run_id);
    // The node that asked is run again there.
    await start(thread, { input: null, checkpoint: before.checkpoint });
    expect(await stateOf(thread)).toMatchObject({ values: before.values, next: ["ask"] });
    const forked = await start(thread, { command: { resume: { approved: false } } });
    expect(forked).toMatchObject({ decision: { approved: false }, result: "Dropped." });
  });

  it("answers at an older checkpoint what was asked there, in the place of the first answer", async () => {
    const { thread, open } = await asked();
    const before = await stateOf(thread);
    const { run } = await post<{ run: { run_id: string } }>(`${thread}/interrupts/${open.id}`, { value: YES });
    await over(thread, run.run_id);
    const [{ interrupts } = { interrupts: [] }] = (await get<State[]>(`${thread}/history`)).filter(
      ({ checkpoint }) => checkpoint.checkpoint_id === before.checkpoint.checkpoint_id,
    );
    expect(interrupts).toEqual([{ id: open.id, value: open.value }]);
    for (const resume of [{ approved: false }, { [open.id]: { approved: false } }]) {
      const forked = await start(thread, { command: { resume }, checkpoint: before.checkpoint });
      expect(forked).toMatchObject({ decision: { approved: false }, result: "Dropped." });
      expect(await stateOf(thread)).toMatchObject({ values: forked, next: [], interrupts: [] });
    }
    const unfit = { assistant_id: "approval", command: { resume: 1 }, checkpoint: before.checkpoint };
    expect(await refused(`${thread}/runs`, unfit)).toMatchObject({ status: 422, code: "invalid_answer" });
  });

  it("tells what changed between two checkpoints", async () => {
    const { thread, open } = await asked();
    const from = (await stateOf(thread)).checkpoint.checkpoint_id;
    const { run } = await post<{ run: { run_id: string } }>(`${thread}/interrupts/${open.id}`, { value: YES });
    await over(thread, run.run_id);
    const to = (await stateOf(thread)).checkpoint.checkpoint_id;
    expect(await get(`${thread}/diff?from=${from}&to=${to}`)).toMatchObject({
      channels: { added: ["decision", "result"], removed: [], changed: [] },
      changes: [
        { op: "add", path: "/decision", value: YES },
        { op: "add", path: "/result", value: PUBLISHED.result },
      ],
      complete: true,
      next: { before: ["ask"], after: [] },
      tasks: { removed: [{ name: "ask" }], added: [], changed: [] },
    });
  });
});

describe("a pause", () => {
  it("lets nothing new start; a run with `input: null` goes on with it", async () => {
    const slow = { kind: "wait", for: "150ms" };
    const nodes = { a: slow, b: { kind: "transform", set: { n: "state.n + 1" } } };
    const edges = [
      { from: "start", to: "a" },
      { from: "a", to: "b" },
    ];
    const paused = { edgewise: 1, id: "paused", channels: { n: { default: 0 } }, nodes, edges };
    await post("/graphs", paused);
    const thread = await newThread();
    const run = await post<{ run_id: string }>(`${thread}/runs`, { assistant_id: "paused", input: {} });
    const path = `${thread}/runs/${run.run_id}/pause`;
    expect((await call(path, { key, method: "POST" })).status).toBe(202);
    expect((await call(`${path}?wait=1`, { key, method: "POST" })).status).toBe(204);
    expect(await get(`${thread}/runs/${run.run_id}`)).toMatchObject({ status: "interrupted" });
    expect(await post(`${thread}/runs/wait`, { assistant_id: "paused", input: null })).toMatchObject({ n: 1 });
  });
});

describe("a migration (G11)", () => {
  it("moves a run that waits to another version, which then asks and ends it", async () => {
    const id = "moved";
    await post("/graphs", { ...APPROVAL, id });
    const thread = await newThread();
    await post(`${thread}/runs/wait`, { assistant_id: id, input: { topic: "bees" } });
    const publish = { kind: "transform", set: { result: "'Printed: ' + state.draft" } };
    const { version } = await post<{ version: number }>("/graphs", {
      ...APPROVAL,
      id,
      nodes: { ...APPROVAL.nodes, publish },
    });
    await post(`${thread}/migrate`, { version });
    expect(await openOf(thread)).toHaveLength(1);
    const ended = await post(`${thread}/runs/wait`, { assistant_id: id, command: { resume: YES } });
    expect(ended).toMatchObject({ result: "Printed: About bees" });
  });

  it("that does not fit is refused with a place, and the run waits as before", async () => {
    const id = "unmoved";
    await post("/graphs", { ...APPROVAL, id });
    const thread = await newThread();
    await post(`${thread}/runs/wait`, { assistant_id: id, input: { topic: "bees" } });
    const { ask, ...nodes } = APPROVAL.nodes;
    const edges = [
      { from: "start", to: "write" },
      { from: "write", to: "review" },
      { from: "review", to: "publish", when: "state.decision.approved" },
      { from: "review", to: "drop", else: true },
    ];
    await post("/graphs", { ...APPROVAL, id, nodes: { ...nodes, review: ask }, edges });
    const before = await everything(thread);
    expect(await refused(`${thread}/migrate`, { graph: id })).toMatchObject({
      status: 409,
      code: "migration_refused",
      pointer: expect.stringMatching(/^\//),
    });
    expect(await everything(thread)).toEqual(before);
    const ended = await post(`${thread}/runs/wait`, { assistant_id: id, command: { resume: YES } });
    expect(ended).toMatchObject({ result: PUBLISHED.result });
  });
});
