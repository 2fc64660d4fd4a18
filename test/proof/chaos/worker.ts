import { z } from "zod";
import { Thread } from "../../../durable-objects/thread.ts";
import type { Env } from "../../../src/config.ts";
import { edgewise } from "../../../src/edgewise.ts";
import { withNodeKinds } from "../../../src/nodes/registry.ts";
import type { Wake } from "../../../src/storage/wakes.ts";
import { STARTUP } from "../../../src/sweep.ts";
import { effectKind } from "./effect-kind.ts";
import { type Armed, MARK, PASSED, ROUTES } from "./points.ts";

/**
 * The deployment that the chaos proof kills. It holds still at an armed place, so that the kill falls there. The places are
 * seen from below, at the border to the platform (statements, transactions, alarms): the product has no line for them.
 */

/** Longer than a kill takes on a busy machine. */
const HELD_MS = 1_500;
/** Letters of log format 1 (durable-objects/log/format-v1.ts), of the entries that have a point. */
const ENTRIES: Readonly<Record<string, string>> = {
  s: "run-started",
  o: "task-succeeded",
  f: "task-failed",
  r: "attempt-failed",
  t: "attempt-started",
  g: "task-resumed",
  y: "task-answered",
  i: "signal-received",
  b: "frame-started",
  c: "run-cancelled",
};

let armed: Armed | undefined;
let isPatched = false;
/** What the open transaction has written so far. The thread of execution never leaves one open. */
let open: Set<string> | undefined;

function cross(at: string, storage?: DurableObjectStorage): void {
  if (armed?.at !== at) return;
  if (armed.skip > 0) {
    armed = { ...armed, skip: armed.skip - 1 };
    return;
  }
  const { hold } = armed;
  armed = undefined;
  if (hold === "durable" && storage !== undefined) void storage.sync().then(() => holdStill(at));
  else if (hold === "race") console.log(`${MARK} ${at}`);
  else holdStill(at);
}

/** Nothing else of the whole process runs meanwhile. */
function holdStill(at: string): void {
  console.log(`${MARK} ${at}`);
  const until = performance.now() + HELD_MS;
  while (performance.now() < until);
  console.log(`${PASSED} ${at}`);
}

/** What a statement says about where the thread is. */
function note(query: string, values: readonly unknown[]): void {
  if (query.startsWith("INSERT INTO commits")) {
    const entry = ENTRIES[/^\["(\w)"/.exec(String(values.at(-1)))?.[1] ?? ""];
    if (entry !== undefined) open?.add(entry);
  } else if (query.startsWith("INSERT INTO chunks")) open?.add("chunks");
  else if (query.startsWith("INSERT INTO outbox")) open?.add("outbox");
  else if (query.startsWith("INSERT INTO snapshots")) open?.add("snapshot");
  else if (query.startsWith("UPDATE runs SET event_floor")) open?.add("recovery");
  else if (query.startsWith("DELETE FROM outbox")) cross("marking outbox");
  else if (/^\s*(?:CREATE|ALTER) TABLE/.test(query)) cross("making a table");
}

type SqlExec = (this: SqlStorage, query: string, ...values: unknown[]) => unknown;
type Transaction = (this: DurableObjectStorage, work: () => unknown) => unknown;

/** As it is found, to be called on whichever object. */
function methodOf<Method>(prototype: object, name: string): Method {
  return Reflect.get(prototype, name) as Method;
}

/** The prototypes are shared by all objects: once is enough. */
function patch(storage: DurableObjectStorage): void {
  if (isPatched) return;
  isPatched = true;
  const sql = Object.getPrototypeOf(storage.sql) as SqlStorage;
  const exec = methodOf<SqlExec>(sql, "exec");
  sql.exec = function (this: SqlStorage, query: string, ...values: unknown[]) {
    const cursor = exec.call(this, query, ...values);
    note(query, values);
    return cursor;
  } as SqlStorage["exec"];
  const shared = Object.getPrototypeOf(storage) as DurableObjectStorage;
  const setAlarm = methodOf<DurableObjectStorage["setAlarm"]>(shared, "setAlarm");
  const transactionSync = methodOf<Transaction>(shared, "transactionSync");
  shared.setAlarm = function (this: DurableObjectStorage, ...given) {
    open?.add("alarm");
    return setAlarm.apply(this, given);
  };
  shared.transactionSync = function <T>(this: DurableObjectStorage, work: () => T): T {
    if (open !== undefined) return transactionSync.call(this, work) as T;
    const seen = new Set<string>();
    open = seen;
    try {
      const result = transactionSync.call(this, () => {
        const value = work();
        // A model's outcome, as against one of a node that says nothing.
        if (seen.has("chunks") && seen.has("task-succeeded")) seen.add("answer");
        for (const what of seen) cross(`writing ${what}`);
        return value;
      }) as T;
      for (const what of seen) cross(`wrote ${what}`, this);
      return result;
    } finally {
      open = undefined;
    }
  };
}

const Arming = z.object({ at: z.string(), hold: z.enum(["here", "durable", "race"]), skip: z.number() });
const deployment = edgewise({ nodes: [effectKind] });
const { Scheduler } = deployment;
const kinds = withNodeKinds(effectKind);

/** F5: alarms that throw in spite of everything. */
const alarms = { throw: false, thrown: 0, retries: 0 };

class ChaosThread extends Thread {
  constructor(context: DurableObjectState, env: Env) {
    patch(context.storage);
    super(context, env, kinds);
  }

  override async alarm(info?: AlarmInvocationInfo): Promise<void> {
    if (alarms.throw) {
      alarms.thrown += 1;
      alarms.retries = info?.retryCount ?? 0;
      throw new Error("an alarm was told to throw");
    }
    await super.alarm();
  }
}

async function control(request: Request, env: Env, context: ExecutionContext): Promise<Response | undefined> {
  const { pathname } = new URL(request.url);
  switch (pathname) {
    case ROUTES.arm:
      armed = Arming.parse(await request.json());
      if (armed.at === CONSUMED) await sendWakes(env);
      return Response.json(armed);
    case ROUTES.sweep: {
      const { cron } = z.object({ cron: z.string().default(STARTUP) }).parse(await request.json());
      const controller = { cron, scheduledTime: Date.now(), noRetry: () => {} };
      await deployment.worker.scheduled(controller as ScheduledController, env, context);
      return Response.json({});
    }
    case ROUTES.alarms:
      Object.assign(alarms, z.object({ throw: z.boolean().optional() }).parse(await request.json()));
      return Response.json(alarms);
    case ROUTES.parts:
      return Response.json({ [CONSUMED]: env.WAKE !== undefined });
    default:
      return undefined;
  }
}

const CONSUMED = "consumed";

/** To the threads that are at work: messages come once in a while only, and here one is wanted. */
async function sendWakes(env: Env): Promise<void> {
  const { results } = await env.DB.prepare(
    "SELECT tenant, thread_id AS thread, run_id AS run FROM live_runs ORDER BY due_at DESC LIMIT 5",
  ).all<Omit<Wake, "at">>();
  for (const run of results) await env.WAKE?.send({ ...run, at: Date.now() }, { contentType: "json" });
}

const worker: typeof deployment.worker = {
  ...deployment.worker,
  async fetch(request, env, context) {
    return (await control(request, env, context)) ?? deployment.worker.fetch(request, env, context);
  },
  /** What the messages asked for is done, and none of them is acknowledged to the queue. */
  async queue(batch, env, context) {
    await deployment.worker.queue(batch, env, context);
    cross(CONSUMED);
  },
};

export { ChaosThread as Thread, Scheduler };
export default worker;
