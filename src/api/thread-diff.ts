import { createRoute, z } from "@hono/zod-openapi";
import type { Address, ThreadState } from "../../durable-objects/thread-api.ts";
import { EdgewiseError } from "../base/errors.ts";
import { canonicalJson, isJsonObject, type Json, type JsonObject } from "../base/json.ts";
import type { ApiContext } from "./context.ts";
import { type PatchOperation, patchOf } from "./json-patch.ts";
import { answers, jsonAnswer, newRouter, sendJson, Uuid } from "./routing.ts";
import { StateTask } from "./views.ts";

/** What changed on a thread between two checkpoints. */
export const MOST_CHANGES = 1_000;
/** Of all values that a diff shows, as JSON. */
export const MOST_CHARACTERS = 1_000_000;

const value = z.unknown().openapi({ description: "Any JSON value." });
const names = z.array(z.string());
const StateChange = z
  .object({
    op: z.enum(["add", "remove", "replace"]),
    path: z.string().openapi({ description: "JSON Pointer into the state's values.", example: "/plan/steps/2" }),
    before: value.optional(),
    value: value.optional(),
  })
  .openapi("StateChange", { description: "An operation of a JSON Patch, with what was there before." });
const StateDiff = z
  .object({
    thread_id: Uuid,
    from: Uuid,
    to: Uuid,
    channels: z.object({ added: names, removed: names, changed: names }),
    changes: z.array(StateChange).openapi({
      description: `What makes the values at \`to\` of those at \`from\`, in this order; ${MOST_CHANGES} at most.`,
    }),
    complete: z.boolean().openapi({
      description: "False: there are more changes, or some stand without their values, as they are large.",
    }),
    next: z.object({ before: names, after: names }),
    tasks: z
      .object({ added: z.array(StateTask), removed: z.array(StateTask), changed: z.array(StateTask) })
      .openapi({ description: "In flight at one of them only, or otherwise at each (then as at `to`)." }),
  })
  .openapi("StateDiff");

const compareStates = createRoute({
  method: "get",
  path: "/threads/{thread_id}/diff",
  tags: ["Threads"],
  summary: "Compare two checkpoints of a thread",
  request: { params: z.object({ thread_id: Uuid }), query: z.object({ from: Uuid, to: Uuid }) },
  responses: answers({ 200: jsonAnswer("What changed, channel by channel.", StateDiff) }),
});

export const threadDiff = newRouter().openapi(compareStates, async (c) => {
  const address = { tenant: c.var.tenant, threadId: c.req.valid("param").thread_id };
  const { from, to } = c.req.valid("query");
  // Asked first: a thread that is not there is no fault of the query's.
  await c.var.threads.surely(address, (thread) => thread.getThread(address));
  const [before, after] = await Promise.all([stateAt(c, address, "from", from), stateAt(c, address, "to", to)]);
  return sendJson(c, { thread_id: address.threadId, from, to, ...diffStates(before, after) });
});

async function stateAt(c: ApiContext, address: Address, name: string, checkpointId: string): Promise<ThreadState> {
  const query = { ...address, checkpointId };
  try {
    return await c.var.threads.surely(query, (thread) => thread.getState(query));
  } catch (error) {
    if (!(error instanceof EdgewiseError) || error.code !== "not_found") throw error;
    throw new EdgewiseError({ ...error.record, pointer: `/${name}` });
  }
}

/** Pure; exported for its test. */
export function diffStates(before: ThreadState, after: ThreadState) {
  const { changes, complete } = bounded(patchOf(before.values, after.values));
  return {
    channels: channelsOf(before.values, after.values),
    changes,
    complete,
    next: { before: before.next, after: after.next },
    tasks: tasksOf(before.tasks, after.tasks),
  };
}

function bounded(operations: Iterable<PatchOperation>) {
  const changes: object[] = [];
  let complete = true;
  let characters = 0;
  for (const operation of operations) {
    if (changes.length === MOST_CHANGES) return { changes, complete: false };
    const size = JSON.stringify(operation).length;
    const fits = characters + size <= MOST_CHARACTERS;
    if (fits) characters += size;
    else complete = false;
    changes.push(fits ? operation : { op: operation.op, path: operation.path });
  }
  return { changes, complete };
}

function channelsOf(before: JsonObject, after: JsonObject) {
  const [was, is] = [Object.keys(before), Object.keys(after)];
  return {
    added: is.filter((name) => !Object.hasOwn(before, name)),
    removed: was.filter((name) => !Object.hasOwn(after, name)),
    // A patch that has a first operation is not empty.
    changed: was.filter(
      (name) => Object.hasOwn(after, name) && !patchOf(before[name] ?? null, after[name] ?? null).next().done,
    ),
  };
}

function tasksOf(before: readonly Json[], after: readonly Json[]) {
  const [was, is] = [byId(before), byId(after)];
  return {
    added: [...is].flatMap(([id, task]) => (was.has(id) ? [] : [task])),
    removed: [...was].flatMap(([id, task]) => (is.has(id) ? [] : [task])),
    changed: [...is].flatMap(([id, task]) => {
      const earlier = was.get(id);
      return earlier === undefined || canonicalJson(earlier) === canonicalJson(task) ? [] : [task];
    }),
  };
}

function byId(tasks: readonly Json[]): ReadonlyMap<Json, JsonObject> {
  return new Map(tasks.filter(isJsonObject).map((task) => [task["id"] ?? null, task]));
}
