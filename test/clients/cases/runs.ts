import assert from "node:assert/strict";
import { type Case, collect, dataOf, includes, refused, sleep, until } from "../case.ts";

const DONE = { log: ["one", "two", "three"], n: 3 };
const missing = "00000000-0000-7000-8000-00000000dead";

/** Runs: start, wait, join, list, read, delete, and the fields of their body. */
export const RUNS: readonly Case[] = [
  {
    name: "a run is started in the background, told of its id, joined and read",
    about: [
      "runs.create",
      "runs.create:onRunCreated",
      "runs.get",
      "runs.join",
      "runs.list",
      "a run's body:input",
      "a stream that is cut:Content-Location",
    ],
    async run(desk) {
      const { runs } = desk.client;
      const id = await desk.thread();
      const told: unknown[] = [];
      const run = await runs.create(id, "c-steps", {
        input: {},
        metadata: { a: 1 },
        onRunCreated: (each) => told.push(each),
      });
      assert.deepEqual(told, [{ run_id: run.run_id, thread_id: id }]);
      includes(run, { thread_id: id, metadata: { a: 1 }, multitask_strategy: "reject" });
      assert.ok(["pending", "running"].includes(run.status), run.status);
      for (const key of ["assistant_id", "created_at", "updated_at", "kwargs"]) assert.ok(key in run, key);
      assert.deepEqual(await runs.join(id, run.run_id), DONE);
      includes(await runs.get(id, run.run_id), { status: "success", kwargs: { input: {} } });
      assert.deepEqual(
        (await runs.list(id)).map(({ run_id }) => run_id),
        [run.run_id],
      );
      await refused(runs.get(id, missing), 404);
      await refused(runs.join(id, missing), 404);
      await refused(runs.create(id, "no-such-graph", { input: {} }), 404, /No assistant found for .{1,2}no-such-graph/);
      await refused(runs.create(missing, "c-steps", { input: {} }), 404);
    },
  },
  {
    name: "a run is waited for with and without a thread; its failure is thrown, or given where that was asked",
    about: ["runs.wait", "runs.wait:raiseError", "runs.wait:onRunCreated"],
    async run(desk) {
      const { runs } = desk.client;
      const told: { run_id: string; thread_id?: string }[] = [];
      const id = await desk.thread();
      assert.deepEqual(await runs.wait(id, "c-steps", { input: {}, onRunCreated: (each) => told.push(each) }), DONE);
      assert.equal(told[0]?.thread_id, id);
      assert.deepEqual(await runs.wait(null, "c-steps", { input: {} }), DONE);
      await assert.rejects(runs.wait(null, "c-fail", { input: {} }), /: /);
      const failed = await runs.wait(null, "c-fail", { input: {}, raiseError: false });
      includes(
        Object.keys((failed as { __error__: object }).__error__)
          .sort()
          .slice(0, 0),
        [],
      );
      assert.ok("__error__" in failed);
    },
  },
  {
    name: "runs are listed newest first, paged, by status, cut to fields",
    about: ["runs.list", "runs.list:limit", "runs.list:offset", "runs.list:status"],
    async run(desk) {
      const { runs } = desk.client;
      const id = await desk.thread();
      const made: string[] = [];
      for (const graph of ["c-steps", "c-fail", "c-steps"]) {
        const run = await runs.create(id, graph, { input: {} });
        await runs.join(id, run.run_id);
        made.unshift(run.run_id);
      }
      const listed = async (query: object) => (await runs.list(id, query)).map(({ run_id }) => run_id);
      assert.deepEqual(await listed({}), made);
      assert.deepEqual(await listed({ limit: 1, offset: 1 }), [made[1]]);
      assert.deepEqual(await listed({ status: "error" }), [made[1]]);
      assert.deepEqual(await listed({ status: "pending" }), []);
    },
  },
  {
    name: "a list of runs is cut to the fields that were asked for",
    about: ["runs.list:select"],
    async run(desk) {
      const id = await desk.thread();
      await desk.client.runs.wait(id, "c-steps", { input: {} });
      const [run] = await desk.client.runs.list(id, { select: ["run_id", "status"] });
      assert.deepEqual(Object.keys(run ?? {}).sort(), ["run_id", "status"]);
    },
  },
  {
    name: "a batch starts one run for each of its items",
    about: ["runs.createBatch"],
    async run({ client }) {
      const started = await client.runs.createBatch([
        { assistantId: "c-steps", input: {} },
        { assistantId: "c-tell", input: { name: "Ada" } },
      ] as never);
      assert.equal(started.length, 2);
      for (const run of started) assert.match(run.run_id, /^[0-9a-f-]{36}$/);
      await refused(client.runs.createBatch([{ assistantId: "no-such-graph" }] as never), 404);
    },
  },
  {
    name: "a run that is over is deleted; the thread stays",
    about: ["runs.delete"],
    async run(desk) {
      const { runs, threads } = desk.client;
      const id = await desk.thread();
      const run = await runs.create(id, "c-steps", { input: {} });
      await runs.join(id, run.run_id);
      await runs.delete(id, run.run_id);
      await refused(runs.get(id, run.run_id), 404);
      includes(await threads.get(id), { thread_id: id });
      await refused(runs.delete(id, missing), 404);
    },
  },
  {
    name: "a run's config and context reach the graph, the client's x-* headers too, a key does not",
    about: ["a run's body:config", "a run's body:context", "the server:x-* headers"],
    async run(desk) {
      const client = desk.open({ defaultHeaders: { "x-configurable-header": "given" } });
      const values = await client.runs.wait(null, "c-given", {
        input: {},
        config: { configurable: { tone: "dry" }, tags: ["t"] },
        context: { user: "Ada" },
      });
      assert.deepEqual(values, { seen: { tone: "dry", user: "Ada", header: "given" } });
    },
  },
  {
    name: "recursion_limit bounds the steps of a run",
    about: ["a run's body:config"],
    async run(desk) {
      const id = await desk.thread();
      const run = await desk.client.runs.create(id, "c-loop", { input: {}, config: { recursion_limit: 5 } });
      await desk.client.runs.join(id, run.run_id);
      includes(await desk.client.runs.get(id, run.run_id), { status: "error" });
    },
  },
  {
    name: "a question is answered by value",
    about: ["a run's body:command.resume"],
    async run(desk) {
      const { runs, threads } = desk.client;
      const id = await desk.thread();
      const paused = await runs.wait(id, "c-ask", { input: { topic: "tea" } });
      includes(paused, { __interrupt__: [{ value: { question: "Go on?", topic: "tea" } }] });
      includes(await threads.get(id), { status: "interrupted" });
      includes((await runs.list(id))[0], { status: "success" });
      const values = await runs.wait(id, "c-ask", { command: { resume: { yes: true } } });
      includes(values, { answer: { yes: true }, log: ["before", "after"] });
      includes(await threads.get(id), { status: "idle", interrupts: {} });
    },
  },
  {
    name: "several questions are answered by their ids, together or one by one",
    about: ["a run's body:command.resume"],
    async run(desk) {
      const { runs, threads } = desk.client;
      const id = await desk.thread();
      await runs.wait(id, "c-two", { input: {} });
      const open = (await threads.getState(id)).tasks.flatMap(({ interrupts }) => interrupts);
      const [left, right] = ["left?", "right?"].map(
        (question) => open.find(({ value }) => value === question)?.id ?? "",
      );
      await runs.wait(id, "c-two", { command: { resume: { [left ?? ""]: "L" } } });
      includes(await threads.getState(id), { values: { left: "L" }, next: ["right"] });
      assert.deepEqual(await runs.wait(id, "c-two", { command: { resume: { [right ?? ""]: "R" } } }), {
        left: "L",
        right: "R",
      });
      const both = await desk.thread();
      await runs.wait(both, "c-two", { input: {} });
      const ids = (await threads.getState(both)).tasks.map((task) => [task.interrupts[0]?.id, task.name]);
      const values = await runs.wait(both, "c-two", { command: { resume: Object.fromEntries(ids) as object } });
      assert.deepEqual(values, { left: "left", right: "right" });
    },
  },
  {
    name: "an answer to a question nobody asked is refused where that is wanted",
    about: ["a run's body:strictResume"],
    async run(desk) {
      const id = await desk.thread();
      await desk.client.runs.wait(id, "c-ask", { input: {} });
      const resume = { "0123456789abcdef0123456789abcdef": "x" };
      const failed = desk.client.runs.wait(id, "c-ask", { command: { resume }, strictResume: true });
      await assert.rejects(failed);
      includes(await desk.client.threads.getState(id), { next: ["ask"] });
    },
  },
  {
    name: "a command updates the state, and goes to nodes with and without an input of their own",
    about: ["a run's body:command.update", "a run's body:command.goto"],
    async run(desk) {
      const { runs } = desk.client;
      const id = await desk.thread();
      await runs.wait(id, "c-steps", { input: {} });
      const updated = await runs.wait(id, "c-steps", { command: { update: { log: "mine" }, goto: "three" } });
      includes(updated, { log: [...DONE.log, "mine", "three"], n: 4 });
      const pairs = await runs.wait(id, "c-steps", { command: { update: [["n", 10]], goto: ["two"] } });
      includes(pairs, { n: 16, log: [...DONE.log, "mine", "three", "two", "three"] });
      const sent = await runs.wait(id, "c-steps", { command: { goto: { node: "three", input: { log: ["x"] } } } });
      includes(sent, { n: 17 });
      await assert.rejects(runs.wait(id, "c-steps", { command: { goto: "nobody" } }));
    },
  },
  {
    name: "a run pauses before or after nodes, and goes on with input null",
    about: ["a run's body:interruptBefore", "a run's body:interruptAfter", "a run's body:input"],
    async run(desk) {
      const { runs, threads } = desk.client;
      const id = await desk.thread();
      await runs.wait(id, "c-steps", { input: {}, interruptBefore: ["two"] });
      includes(await threads.getState(id), { values: { log: ["one"] }, next: ["two"] });
      includes(await threads.get(id), { status: "interrupted" });
      await runs.wait(id, "c-steps", { input: null, interruptAfter: ["two"] });
      includes(await threads.getState(id), { values: { log: ["one", "two"] }, next: ["three"] });
      assert.deepEqual(await runs.wait(id, "c-steps", { input: null }), DONE);
      const all = await desk.thread();
      for (const next of ["one", "two", "three"]) {
        await runs.wait(all, "c-steps", { input: next === "one" ? {} : null, interruptBefore: "*" });
        assert.deepEqual((await threads.getState(all)).next, [next]);
      }
    },
  },
  {
    name: "a run from an older checkpoint is a fork",
    about: ["a run's body:checkpointId", "a run's body:checkpoint"],
    async run(desk) {
      const { runs, threads } = desk.client;
      const id = await desk.thread();
      await runs.wait(id, "c-tell", { input: { name: "Ada" } });
      await runs.wait(id, "c-tell", { input: { name: "Bo" } });
      const history = await threads.getHistory(id, { limit: 100 });
      const first =
        history.find((entry) => (entry.values as { greeting?: string }).greeting === "Hi Ada") ?? assert.fail();
      const { thread_id: _thread, ...checkpoint } = first.checkpoint;
      includes(await runs.wait(id, "c-tell", { input: { name: "Cy" }, checkpoint } as never), { greeting: "Hi Cy" });
      includes(await threads.getState(id), { values: { name: "Cy" } });
      const at = first.checkpoint.checkpoint_id ?? "";
      await runs.wait(id, "c-tell", { input: { name: "Di" }, checkpointId: at });
      const children = (await threads.getHistory(id, { limit: 100 })).filter(
        ({ parent_checkpoint: parent }) => parent?.checkpoint_id === at,
      );
      assert.equal(children.length, 3);
      await refused(
        runs.wait(id, "c-tell", { input: null, checkpointId: "1ef00000-0000-6000-8000-000000000000" }),
        404,
      );
    },
  },
  {
    name: "a thread that is missing is made where that was asked",
    about: ["a run's body:ifNotExists"],
    async run({ client }) {
      const id = crypto.randomUUID();
      await refused(client.runs.wait(id, "c-steps", { input: {}, ifNotExists: "reject" }), 404);
      assert.deepEqual(await client.runs.wait(id, "c-steps", { input: {}, ifNotExists: "create" }), DONE);
      includes(await client.threads.get(id), { metadata: { graph_id: "c-steps" } });
    },
  },
  {
    name: "a run without a thread leaves none, or keeps it where that was asked; who lost the connection finds it still",
    about: ["a run's body:onCompletion"],
    async run({ client, version }) {
      const make = (onCompletion: string | undefined) =>
        client.runs.create(null, "c-steps", { input: {}, onCompletion } as never);
      const isThere = (id: string) =>
        client.threads.get(id).then(
          ({ status }) => status,
          (error: { status?: number }) => error.status,
        );
      // Here 2.0.0 does not send the field, though its types have it.
      for (const word of version === "1.15.0" ? ["keep", "continue"] : []) {
        const { thread_id: kept } = await make(word);
        await until(async () => (await isThere(kept)) === "idle", "the run's end");
        includes(await client.threads.getState(kept), { values: DONE });
      }
      for (const word of [undefined, "delete", "complete"]) {
        const { thread_id: gone, run_id: runId } = await make(word);
        await until(async () => (await isThere(gone)) === 404, `the thread's end (${word})`);
        assert.deepEqual(await client.runs.join(gone, runId), DONE);
      }
    },
  },
  {
    name: "a run waits until its time, and blocks an update until then",
    about: ["a run's body:afterSeconds"],
    async run(desk) {
      const { runs, threads } = desk.client;
      const id = await desk.thread();
      const startedAt = Date.now();
      const run = await runs.create(id, "c-steps", { input: {}, afterSeconds: 1 });
      await sleep(200);
      includes(await runs.get(id, run.run_id), { status: "pending" });
      includes(await threads.get(id), { status: "busy" });
      await refused(threads.updateState(id, { values: { n: 1 } }), 409);
      assert.deepEqual(await runs.join(id, run.run_id), DONE);
      assert.ok(Date.now() - startedAt >= 990);
      const cancelled = await runs.create(id, "c-steps", { input: {}, afterSeconds: 600 });
      await runs.cancel(id, cancelled.run_id, true);
      includes(await runs.get(id, cancelled.run_id), { status: "interrupted" });
      await refused(runs.create(id, "c-steps", { input: {}, afterSeconds: -1 }), 400);
    },
  },
  {
    name: "what has no effect here is taken all the same",
    about: ["durability", "checkpointDuring", "streamResumable", "feedbackKeys"].map(
      (field) => `a run's body:${field}`,
    ),
    async run(desk) {
      for (const more of [{ durability: "exit" }, { durability: "async" }, { checkpointDuring: false }] as const) {
        assert.deepEqual(await desk.client.runs.wait(null, "c-steps", { input: {}, ...more }), DONE);
      }
      const parts = await collect(
        desk.client.runs.stream(await desk.thread(), "c-steps", {
          input: {},
          feedbackKeys: ["k"],
          streamResumable: true,
        }),
      );
      assert.deepEqual(dataOf(parts, "values").at(-1), DONE);
      assert.deepEqual(dataOf(parts, "feedback"), []);
    },
  },
  {
    name: "a tracer of LangSmith is taken, and nothing is sent there",
    about: ["a run's body:_langsmithTracer"],
    async run({ client }) {
      const _langsmithTracer = { projectName: "p", exampleId: "e" } as never;
      assert.deepEqual(await client.runs.wait(null, "c-steps", { input: {}, _langsmithTracer }), DONE);
    },
  },
  {
    name: "wrong types are refused, unknown fields are not, and nothing has changed",
    about: ["runs.list"],
    async run(desk) {
      const id = await desk.thread();
      const path = `/threads/${id}/runs`;
      const good = { assistant_id: "c-steps", input: {} };
      for (const wrong of [
        { assistant_id: 7 },
        { assistant_id: null },
        { after_seconds: "soon" },
        { multitask_strategy: "perhaps" },
        { stream_mode: "sideways" },
        { config: [] },
        { metadata: "x" },
        { command: 7 },
        { checkpoint_id: "no-uuid" },
        { on_disconnect: 1 },
        { if_not_exists: "maybe" },
        { interrupt_before: { a: 1 } },
        { webhook: 3 },
      ]) {
        const { status } = await desk.ask("POST", path, { ...good, ...wrong });
        assert.ok(status === 400 || status === 404 || status === 422, `${JSON.stringify(wrong)}: ${status}`);
      }
      assert.equal((await desk.ask("POST", path, "{nonsense")).status, 400);
      assert.deepEqual(await desk.client.runs.list(id), []);
      const answer = await desk.ask("POST", `${path}/wait`, { ...good, something_new: { a: 1 } });
      assert.deepEqual([answer.status, answer.json], [200, DONE]);
    },
  },
];
