import { Thread } from "../durable-objects/thread.ts";
import { createApp } from "./api/app.ts";
import { type Env, readConfig } from "./config.ts";
import { type AnyNodeKind, nodeKinds, withNodeKinds } from "./nodes/registry.ts";
import { consume } from "./queues.ts";
import { sweep } from "./sweep.ts";

/** What a Worker exports: `worker` as its default, and the class under the name `Thread`. */
export interface Deployment {
  readonly worker: Required<Pick<ExportedHandler<Env>, "fetch" | "queue" | "scheduled">>;
  readonly Thread: typeof Thread;
}

/**
 * A whole Edgewise with nodes of one's own.
 * @example
 * const { worker, Thread } = edgewise({ nodes: [shout] });
 * export { Thread };
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
  return {
    worker: {
      fetch: (request, env, context) => app.fetch(request, env, context),
      queue: (batch, env) => consume(batch, readConfig(env), Date.now()),
      scheduled: (controller, env) => sweep(readConfig(env), controller.cron, controller.scheduledTime),
    },
    Thread: OwnThread,
  };
}
