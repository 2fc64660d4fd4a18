import { describe, expect, it } from "vitest";
import type { ThreadState } from "../../durable-objects/thread-api.ts";
import { failure } from "../base/errors.ts";
import type { Json, JsonObject } from "../base/json.ts";
import { diffStates, MOST_CHANGES, MOST_CHARACTERS } from "./thread-diff.ts";
import { apiWith, CHECKPOINT_ID, THREAD_ID } from "./testing/thread-double.ts";

const stateOf = (values: JsonObject, tasks: readonly Json[] = [], next: readonly string[] = []) =>
  ({ values, tasks, next }) as unknown as ThreadState;
const task = (id: string, error: string | null = null) => ({ id, name: "a", error });

describe("a diff of two states", () => {
  it("says which channels came, went and changed, where, and what is in flight", () => {
    const before = stateOf({ a: 1, b: [1], c: {} }, [task("1"), task("2")], ["a"]);
    const after = stateOf({ b: [1, 2], c: {}, d: null }, [task("2", "No."), task("3")], []);
    expect(diffStates(before, after)).toEqual({
      channels: { added: ["d"], removed: ["a"], changed: ["b"] },
      changes: [
        { op: "remove", path: "/a", before: 1 },
        { op: "add", path: "/b/1", value: 2 },
        { op: "add", path: "/d", value: null },
      ],
      complete: true,
      next: { before: ["a"], after: [] },
      tasks: { added: [task("3")], removed: [task("1")], changed: [task("2", "No.")] },
    });
  });

  it("is bounded in number and size, and says so", () => {
    const many = diffStates(stateOf({}), stateOf({ list: {} }));
    expect(many.complete).toBe(true);
    const long = Object.fromEntries(Array.from({ length: MOST_CHANGES + 1 }, (_, at) => [`c${at}`, at]));
    const cut = diffStates(stateOf({}), stateOf(long));
    expect([cut.changes.length, cut.complete]).toEqual([MOST_CHANGES, false]);
    const large = diffStates(stateOf({}), stateOf({ large: "x".repeat(MOST_CHARACTERS), small: 1 }));
    expect(large).toMatchObject({ complete: false, channels: { added: ["large", "small"] } });
    expect(large.changes).toEqual([
      { op: "add", path: "/large" },
      { op: "add", path: "/small", value: 1 },
    ]);
  });

  it("from a checkpoint that is not there names which", async () => {
    const missing = { ok: false, error: failure("not_found", "Checkpoint not found").record } as const;
    const path = `/threads/${THREAD_ID}/diff?from=${CHECKPOINT_ID}&to=${CHECKPOINT_ID}`;
    const api = apiWith({ getThread: { ok: true, value: {} }, getState: missing });
    expect(await api.ask(path)).toMatchObject({ status: 404, body: { pointer: "/from" } });
    const nothing = await apiWith({ getThread: missing }).ask(path);
    expect(nothing.status).toBe(404);
    expect(nothing.body).not.toHaveProperty("pointer");
  });

  it("needs two checkpoints", async () => {
    expect(await apiWith({}).ask(`/threads/${THREAD_ID}/diff?from=${CHECKPOINT_ID}`)).toMatchObject({
      status: 400,
      body: { pointer: "/to" },
    });
  });
});
