import { Scheduler } from "../durable-objects/scheduler.ts";
import { Thread } from "../durable-objects/thread.ts";
import { createApp } from "./api/app.ts";
import { cronStarter } from "./api/cron-start.ts";
import { type Env, readConfig } from "./config.ts";
import { type AnyNodeKind, nodeKinds, withNodeKinds } from "./nodes/registry.ts";
import { consume } from "./queues.ts";
import { sweep } from "./sweep.ts";

/** What a Worker exports: `worker` as its default, and the classes under the names `Thread` and `Scheduler`. */
export interface Deployment {
  readonly worker: Required<Pick<ExportedHandler<Env>, "fetch" | "queue" | "scheduled">>;
  readonly Thread: typeof Thread;
  readonly Scheduler: new (context: DurableObjectState, env: Env) => Scheduler;
}

/**
 * A whole Edgewise with nodes of one's own.
 * @example
 * const { worker, Thread, Scheduler } = edgewise({ nodes: [shout] });
 * export { Thread, Scheduler };
 * export default worker;
 * @throws TypeError when two kinds have one name.
 */
export function edgewise({ nodes }: { readonly nodes: readonly AnyNodeKind[] }): Deployment {
  const kinds = nodes.length === 0 ? nodeKinds : withNodeKinds(...nodes);
  const app = createApp(kinds);
  class OwnThread extends Thread {
    constructor(context: DurableObjectState, env: Env) {
      super(context, env, kinds);
    }
  }
  class OwnScheduler extends Scheduler {
    constructor(context: DurableObjectState, env: Env) {
      super(context, env, cronStarter(readConfig(env)));
    }
  }
  return {
    worker: {
      fetch: (request, env, context) => app.fetch(request, env, context),
      queue: (batch, env) => consume(batch, readConfig(env), Date.now()),
      scheduled: (controller, env) => sweep(readConfig(env), controller.cron, controller.scheduledTime),
    },
    Thread: OwnThread,
    Scheduler: OwnScheduler,
  };
}
