import { runInDurableObject } from "cloudflare:test";
import { unwrap } from "../../src/base/errors.ts";
import type { JsonObject } from "../../src/base/json.ts";
import type { StartRun } from "../thread-api.ts";
import { startOf, type TestThread } from "./open-thread.ts";

/** Small graphs for what may go wrong, and the log that came of them. */

export const graphOf = (
  nodes: JsonObject,
  edges: readonly (readonly [string, string])[],
  channels: JsonObject,
): JsonObject => ({
  channels,
  nodes,
  edges: edges.map(([from, to]) => ({ from, to })),
});

/** One node of a kind; its channel is `out`. */
export const alone = (kind: string, more: JsonObject = {}): JsonObject =>
  graphOf({ own: { kind, ...more } }, [["start", "own"]], { out: {} });

export async function start(thread: TestThread, graph: JsonObject): Promise<StartRun> {
  const command = startOf(thread, graph);
  unwrap(await thread.api.startRun(command));
  return command;
}

/** The letters of the commits, in order (log/format-v1.ts). */
export async function letters({ stub }: TestThread): Promise<string> {
  return runInDurableObject(stub, (_, { storage }) =>
    storage.sql
      .exec<{ body: string }>("SELECT body FROM commits ORDER BY seq")
      .toArray()
      .map(({ body }) => body.charAt(2))
      .join(""),
  );
}
