import fc from "fast-check";
import { beforeAll, describe, expect, it } from "vitest";
import { APPROVAL, PUBLISHED, YES } from "../approval.ts";
import { NO_CHECKPOINT, NO_INTERRUPT, threadsOf } from "./approval.ts";
import { call, migrate, newKey, read } from "./client.ts";

// Runs that go on, over HTTP: what is asked for and cannot be.

let key = "";
const { post, refused, start, newThread, asked, over, everything } = threadsOf(() => key);
beforeAll(async () => {
  await migrate();
  key = await newKey("mistakes");
  for (const id of ["approval", "another"]) await read(call("/graphs", { key, json: { ...APPROVAL, id } }));
});

/** Each with the path behind the thread's, a body, and what is answered; `$id` stands for the open question's id. */
const MISTAKES: readonly (readonly [what: string, path: string, body: object, answer: object])[] = [
  ["an answer to nothing", `/interrupts/${NO_INTERRUPT}`, { value: 1 }, { status: 409, code: "wait_over" }],
  ["an answer that does not fit", "/interrupts/$id", { value: {} }, { status: 422, code: "invalid_answer" }],
  [
    "an answer's field that does not fit",
    "/interrupts/$id",
    { value: { approved: "yes" } },
    { status: 422, code: "invalid_answer", pointer: "/value/approved" },
  ],
  ["an answer without a value", "/interrupts/$id", {}, { status: 400, pointer: "/value" }],
  [
    "a resume that does not fit",
    "/runs",
    { command: { resume: "yes" } },
    { status: 422, code: "invalid_answer", pointer: "/command/resume" },
  ],
  [
    "a resume by id that does not fit",
    "/runs",
    { command: { resume: { $id: { approved: 1 } } } },
    { status: 422, code: "invalid_answer", pointer: "/command/resume/$id/approved" },
  ],
  [
    "a resume of unknown ids",
    "/runs",
    { command: { resume: { [NO_INTERRUPT]: 1 } } },
    { status: 409, code: "wait_over", details: { open: [{ id: "$id" }] } },
  ],
  [
    "a goto to an unknown node",
    "/runs",
    { command: { goto: "nowhere" } },
    { status: 400, code: "invalid_request", pointer: "/command/goto" },
  ],
  [
    "a goto to an unknown node in a list",
    "/runs",
    { command: { goto: ["publish", { node: "nowhere", input: 1 }] } },
    { status: 400, code: "invalid_request", pointer: "/command/goto/1/node" },
  ],
  [
    "a command's update of an unknown channel",
    "/runs",
    { command: { update: { nowhere: 1 } } },
    { status: 422, code: "unknown_channel", pointer: "/command/update/nowhere" },
  ],
  [
    "a command's update with a bad value",
    "/runs",
    { command: { update: [["draft", 7]] } },
    { status: 422, code: "invalid_write", pointer: "/command/update/0/1" },
  ],
  [
    "an update of an unknown channel",
    "/state",
    { values: { nowhere: 1 } },
    { status: 422, code: "unknown_channel", pointer: "/values/nowhere" },
  ],
  [
    "an update with a bad value",
    "/state",
    { values: { draft: 7 } },
    { status: 422, code: "invalid_write", pointer: "/values/draft" },
  ],
  [
    "an update as an unknown node",
    "/state",
    { values: null, as_node: "nowhere" },
    { status: 400, pointer: "/as_node" },
  ],
  [
    "an update of an unknown checkpoint",
    "/state",
    { values: null, checkpoint: { checkpoint_id: NO_CHECKPOINT } },
    { status: 404, code: "not_found", pointer: "/checkpoint/checkpoint_id" },
  ],
  [
    "a fork from an unknown checkpoint",
    "/runs",
    { checkpoint_id: NO_CHECKPOINT },
    { status: 404, code: "not_found", pointer: "/checkpoint_id" },
  ],
  [
    "another graph to go on with",
    "/runs",
    { assistant_id: "another", input: null },
    { status: 400, pointer: "/assistant_id" },
  ],
  [
    "a budget of a wrong type",
    "/runs",
    { command: {}, budget: { tokens: "x" } },
    { status: 400, pointer: "/budget/tokens" },
  ],
  ["a budget with an answer", "/interrupts/$id", { value: YES, budget: 5 }, { status: 400, pointer: "/budget" }],
  [
    "a version that is not there",
    "/migrate",
    { version: 99 },
    { status: 404, code: "unknown_graph", pointer: "/version" },
  ],
  ["a pause of another's run", `/runs/${NO_CHECKPOINT}/pause`, {}, { status: 404, code: "not_found" }],
];

describe("what cannot be is refused with a code and a place, and leaves the thread as it was:", () => {
  it.each(MISTAKES)("%s", async (_, path, body, answer) => {
    const { thread, open } = await asked();
    const named = <T>(value: T) => JSON.parse(JSON.stringify(value).replaceAll("$id", open.id)) as T;
    const before = await everything(thread);
    const problem = await refused(`${thread}${named(path)}`, named({ assistant_id: "approval", ...body }));
    expect(problem).toMatchObject(named(answer));
    expect(await everything(thread)).toEqual(before);
    expect(await start(thread, { command: { resume: YES } })).toEqual(PUBLISHED);
  });

  it("`input: null` and an answer where there is nothing to go on with", async () => {
    const { thread } = await asked();
    await start(thread, { command: { resume: YES } });
    const nothing = await refused(`${thread}/runs`, { assistant_id: "approval", input: null });
    expect(nothing).toMatchObject({ status: 409, code: "nothing_to_continue" });
    const again = await refused(`${thread}/runs`, { assistant_id: "approval", command: { resume: YES } });
    expect(again).toMatchObject({ status: 409, code: "wait_over", details: { open: [] } });
  });

  it("an update while a run is live", async () => {
    const wait = { kind: "wait", signal: "go" };
    await post("/graphs", {
      edgewise: 1,
      id: "live",
      channels: { a: {} },
      nodes: { wait },
      edges: [{ from: "start", to: "wait" }],
    });
    const thread = await newThread();
    const run = await post<{ run_id: string }>(`${thread}/runs`, { assistant_id: "live", input: {} });
    for (const path of ["/state", "/migrate"]) {
      const body = path === "/state" ? { values: { a: 1 } } : { version: 1 };
      expect(await refused(`${thread}${path}`, body)).toMatchObject({ status: 409, code: "thread_busy" });
    }
    await post(`${thread}/runs/${run.run_id}/signals`, { name: "go" });
    await over(thread, run.run_id);
  });

  it("whatever a body says, no answer is a fault of ours, and each refusal has a code", {
    timeout: 60_000,
  }, async () => {
    const { thread, open } = await asked();
    const value = fc.oneof(
      fc.jsonValue({ maxDepth: 2 }),
      fc.constantFrom(
        "ask",
        "write",
        "__end__",
        "draft",
        open.id,
        NO_CHECKPOINT,
        { [open.id]: YES },
        ["draft", "x"],
        YES,
      ),
    );
    const some = (...names: string[]) =>
      fc.record(Object.fromEntries(names.map((name) => [name, value])), { requiredKeys: [] });
    const command = fc.oneof(value, some("resume", "update", "goto", "by"));
    const budget = fc.oneof(value, some("tokens", "cost_usd", "time"));
    const started = fc.record({ command, budget, input: value, checkpoint: value }, { requiredKeys: [] });
    const requests = fc.oneof(
      fc.tuple(fc.constant("/runs/wait"), started),
      fc.tuple(fc.constant("/state"), some("values", "as_node", "checkpoint", "checkpoint_id", "metadata")),
      fc.tuple(fc.constant("/state/checkpoint"), some("checkpoint")),
      fc.tuple(fc.constant("/migrate"), some("version", "graph")),
      fc.tuple(fc.constant(`/interrupts/${open.id}`), some("value", "by", "budget")),
    );
    const send = async ([path, body]: [string, object]) => {
      const answer = await call(`${thread}${path}`, { key, json: { assistant_id: "approval", ...body } });
      const told = await answer.json<{ code?: string } | null>();
      expect(answer.status, JSON.stringify([path, body, told])).toBeLessThan(500);
      if (!answer.ok) expect(told?.code).toMatch(/^[a-z_]+$/);
    };
    await fc.assert(fc.asyncProperty(requests, send), { numRuns: 250 });
    expect(await call(thread, { key })).toMatchObject({ status: 200 });
  });
});
