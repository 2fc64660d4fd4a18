import type { Json, JsonObject } from "../../src/base/json.ts";
import { call, until } from "../e2e/api.ts";
import type { TestServer } from "../e2e/server.ts";
import * as framed from "./framed-graphs.ts";
import * as graphs from "./graphs.ts";

/** What is done to one thread on a real server before its log is kept. */
export interface Scene {
  readonly name: string;
  readonly graph: JsonObject;
  /** Without it: one run to its end. */
  play?(stage: Stage): Promise<void>;
}

interface Question {
  readonly id: string;
  readonly value: Json;
}

/** A thread of its own, over HTTP. */
export class Stage {
  readonly server: TestServer;
  readonly id: string;
  readonly threadId: string;

  constructor(server: TestServer, id: string, threadId: string) {
    this.server = server;
    this.id = id;
    this.threadId = threadId;
  }

  ask<Answer>(method: string, path: string, body?: Json): Promise<Answer> {
    return call<Answer>(this.server, method, `/threads/${this.threadId}${path}`, body);
  }

  publish(graph: JsonObject): Promise<unknown> {
    return call(this.server, "POST", "/graphs", { edgewise: 1, id: this.id, ...graph });
  }

  /** To its end, or to where it rests. */
  wait(more: JsonObject = { input: {} }): Promise<JsonObject> {
    return this.ask("POST", "/runs/wait", { assistant_id: this.id, if_not_exists: "create", ...more });
  }

  async start(more: JsonObject = { input: {} }): Promise<string> {
    const body = { assistant_id: this.id, if_not_exists: "create", ...more };
    return (await this.ask<{ run_id: string }>("POST", "/runs", body)).run_id;
  }

  join(run: string): Promise<Json> {
    return this.ask("GET", `/runs/${run}/join`);
  }

  async status(): Promise<string> {
    return (await this.ask<{ status: string }>("GET", "")).status;
  }

  questions(): Promise<readonly Question[]> {
    return this.ask("GET", "/interrupts");
  }

  /** Answers the question that shows this, and waits for what it leads to. */
  async answer(shown: string, value: Json, by?: string): Promise<void> {
    const question = (await this.questions()).find((each) => JSON.stringify(each.value).includes(shown));
    const body = by === undefined ? { value } : { value, by };
    const reply = await this.ask<{ run: { run_id: string } }>("POST", `/interrupts/${question?.id ?? "none"}`, body);
    await this.join(reply.run.run_id);
  }

  async checkpoints(): Promise<readonly { readonly id: string; readonly next: readonly string[] }[]> {
    const history = await this.ask<{ next: string[]; checkpoint: { checkpoint_id: string } }[]>(
      "GET",
      "/history?limit=100",
    );
    return history.map(({ next, checkpoint }) => ({ id: checkpoint.checkpoint_id, next }));
  }

  async kill(): Promise<void> {
    await this.server.kill9();
    await this.server.start();
  }

  reaches(path: string, done: (body: string) => boolean): Promise<void> {
    return until(async () => done(JSON.stringify(await this.ask("GET", path))), `${this.id} ${path}`);
  }
}

async function waits(stage: Stage): Promise<void> {
  const run = await stage.start();
  // One is there before its wait may be, one comes twice.
  for (const key of ["k", null]) {
    const body = { name: "go", payload: { for: key }, ...(key === null ? {} : { key }) };
    await stage.ask("POST", `/runs/${run}/signals`, body);
  }
  await stage.join(run);
}

async function gates(stage: Stage): Promise<void> {
  await stage.wait();
  await stage.answer("And you", "yes", "ann");
  await stage.answer("May this", { yes: true });
  await stage.answer("And you", { also: "yes" }, "bea");
}

/** Somebody writes into the frame in which it is asked. */
async function inside(stage: Stage): Promise<void> {
  await stage.wait();
  const { tasks } = await stage.ask<{ tasks: { checkpoint: JsonObject }[] }>("GET", "/state");
  const namespace = tasks[0]?.checkpoint["checkpoint_ns"] ?? "";
  await stage.ask("POST", "/state", { values: { city: "Rome" }, checkpoint: { checkpoint_ns: namespace } });
  await stage.answer("go on", "yes");
}

async function forks(stage: Stage): Promise<void> {
  await stage.wait();
  await stage.answer("And you", "no", "cem");
  await stage.answer("May this", { yes: true });
  const asked = (await stage.checkpoints()).at(-1)?.id ?? "";
  await stage.ask("POST", "/state", { values: { text: "We are closed." }, checkpoint_id: asked });
  await stage.wait({ input: null });
  await stage.answer("We are closed", { yes: false });
  await stage.answer("And you", "no", "ann");
}

async function mended(stage: Stage): Promise<void> {
  await stage.wait();
  await stage.ask("POST", "/state", { values: { parts: 3 } });
  await stage.wait({ input: null });
  await stage.ask("POST", "/state", { values: { beside: "again" }, as_node: "beside" });
  await stage.wait({ input: null });
}

async function cancelled(stage: Stage): Promise<void> {
  const run = await stage.start();
  await stage.reaches("/state", (state) => state.includes('"first":"one"'));
  await stage.ask("POST", `/runs/${run}/cancel?wait=0`, {});
  await stage.reaches("", (thread) => !thread.includes('"status":"busy"'));
  await stage.wait({ input: null });
}

async function paused(stage: Stage): Promise<void> {
  const run = await stage.start();
  await stage.reaches("/state", (state) => state.includes('"first":"one"'));
  await stage.ask("POST", `/runs/${run}/pause`, {});
  await stage.reaches("", (thread) => !thread.includes('"status":"busy"'));
  await stage.wait({ input: null });
}

async function killed(stage: Stage): Promise<void> {
  const run = await stage.start();
  await stage.reaches("/state", (state) => state.includes('"first":"one"'));
  await stage.kill();
  await stage.join(run);
}

async function unknown(stage: Stage): Promise<void> {
  await killed(stage);
  await stage.answer("outcome_unknown", { decision: "done", writes: { second: "by hand" } });
}

async function moved(stage: Stage): Promise<void> {
  await stage.wait({ input: { topic: "bees" } });
  await stage.publish(graphs.MOVED_TO);
  await stage.ask("POST", "/migrate", { version: 2 });
  await stage.answer("Go?", { yes: true });
}

async function conversation(stage: Stage): Promise<void> {
  for (let turn = 0; turn < 3; turn += 1) await stage.wait({ input: { log: [`${turn} `.repeat(8_200)] } });
  await stage.ask("POST", "/state", { values: { seed: "from outside" } });
  await stage.wait();
}

async function capped(stage: Stage): Promise<void> {
  await stage.wait({ input: {}, budget: { tokens: 60 } });
  await stage.wait({ input: null, budget: { tokens: 1_000_000 } });
}

const twice = async (stage: Stage, input: JsonObject): Promise<void> => {
  await stage.wait();
  await stage.wait({ input });
};

/** The slow node may not be repeated unasked. */
const UNSAFE: JsonObject = {
  ...graphs.SLOW,
  nodes: {
    ...(graphs.SLOW["nodes"] as JsonObject),
    b: { ...((graphs.SLOW["nodes"] as JsonObject)["b"] as JsonObject), effect: "unsafe" },
  },
};

export const SCENES: readonly Scene[] = [
  { name: "diamond", graph: graphs.DIAMOND },
  { name: "reducers", graph: graphs.REDUCERS },
  { name: "conflict", graph: graphs.CONFLICT },
  { name: "cycle", graph: graphs.CYCLE },
  { name: "sends", graph: graphs.SENDS, play: (stage) => twice(stage, { list: [1] }) },
  { name: "switch", graph: graphs.SWITCH },
  { name: "machine", graph: graphs.MACHINE, play: (stage) => twice(stage, {}) },
  { name: "map", graph: framed.MAP, play: (stage) => twice(stage, { list: [2, 4] }) },
  { name: "loop", graph: framed.LOOP },
  { name: "race", graph: framed.RACE },
  { name: "saga", graph: framed.SAGA },
  { name: "retries", graph: graphs.RETRIES },
  { name: "mended", graph: graphs.MENDED, play: mended },
  { name: "waits", graph: graphs.WAITS, play: waits },
  { name: "gates", graph: graphs.GATES, play: gates },
  { name: "fork", graph: graphs.GATES, play: forks },
  { name: "cancelled", graph: graphs.SLOW, play: cancelled },
  { name: "paused", graph: graphs.SLOW, play: paused },
  { name: "killed", graph: graphs.SLOW, play: killed },
  { name: "unknown", graph: UNSAFE, play: unknown },
  { name: "store", graph: graphs.STORE },
  { name: "endless", graph: graphs.ENDLESS },
  { name: "conversation", graph: graphs.LARGE, play: conversation },
  { name: "one-slot", graph: graphs.ONE_SLOT },
  { name: "migrated", graph: graphs.MOVED_FROM, play: moved },
  { name: "budget", graph: graphs.CAPPED, play: capped },
  { name: "inside", graph: framed.INSIDE, play: inside },
];
