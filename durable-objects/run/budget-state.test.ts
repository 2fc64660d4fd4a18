import fc from "fast-check";
import { describe, expect, it, vi } from "vitest";
import type { Json, JsonObject } from "../../src/base/json.ts";
import { openFold } from "../../src/engine/reducers.ts";
import type { Write } from "../../src/engine/types.ts";
import type { Channel, ReducerName } from "../../src/graph/channels.ts";
import type { Plan } from "../../src/graph/plan.ts";
import type { LogEntry } from "../log/entry.ts";
import { StateSize } from "./budget-state.ts";

const channel = (name: string, reducer: ReducerName): Channel => ({ name, reducer, conflict: "last" });
const CHANNELS = [
  channel("text", "last"),
  channel("list", "append"),
  channel("set", "union"),
  channel("map", "merge"),
  channel("count", "sum"),
];
const plan = { channels: CHANNELS } as unknown as Plan;

function committed(writes: readonly Write[], task = "0.0.0"): LogEntry {
  return { type: "task-succeeded", task, attempt: 1, outcome: { writes, takes: [], sends: [] } };
}

/** A run without timing: each write folds onto the state at once. */
function after(state: JsonObject, writes: readonly Write[]): JsonObject {
  let values = state;
  for (const { channel: name, value } of writes) {
    const found = CHANNELS.find((each) => each.name === name);
    const folded = found && openFold(found, values[name]).with([value]).value();
    values = { ...values, [name]: folded ?? null };
  }
  return values;
}

const size = (value: Json): number => JSON.stringify(value).length;
const text = (length: number): Write => ({ channel: "text", value: "x".repeat(length) });

describe("limits.state", () => {
  it("refuses the writes that would make the state too large, naming node, size and limit", () => {
    const sizes = new StateSize(100);
    expect(sizes.check(plan, "draft", [text(50)], () => ({}))).toBeUndefined();
    expect(sizes.check(plan, "draft", [text(90)], () => ({}))).toMatchObject({
      code: "state_too_large",
      retryable: false,
      node: "draft",
      message: expect.stringMatching(/"draft".*101.*100.*limits\.state/),
      details: { limit: 100, size: 101 },
    });
  });

  it("counts what replaces a value instead of it, not beside it", () => {
    const sizes = new StateSize(100);
    expect(sizes.check(plan, "n", [text(80)], () => ({ text: "y".repeat(80) }))).toBeUndefined();
  });

  it("lets a state that is too large become smaller", () => {
    const sizes = new StateSize(100);
    const state = { text: "y".repeat(500) };
    expect(sizes.check(plan, "n", [text(300)], () => state)).toBeUndefined();
    expect(sizes.check(plan, "n", [text(600)], () => state)).toMatchObject({ code: "state_too_large" });
  });

  it("measures only when what was written since the last measure may be too much", () => {
    const values = vi.fn(() => ({}));
    const sizes = new StateSize(10_000);
    for (let n = 0; n < 100; n += 1) {
      const writes = [text(10)];
      expect(sizes.check(plan, "n", writes, values)).toBeUndefined();
      sizes.apply(committed(writes));
    }
    expect(values).toHaveBeenCalledTimes(1);
    for (let n = 0; n < 100; n += 1) sizes.apply(committed([text(100)], "0.0.0[1]/0.0.0"));
    sizes.check(plan, "n", [text(10)], values);
    expect(values, "what is written in frames is not in the state").toHaveBeenCalledTimes(1);
    for (let n = 0; n < 100; n += 1) sizes.apply(committed([text(100)]));
    sizes.check(plan, "n", [text(10)], values);
    expect(values).toHaveBeenCalledTimes(2);
  });

  it("costs nothing without a limit", () => {
    const values = vi.fn(() => ({}));
    expect(new StateSize(undefined).check(plan, "n", [text(1e6)], values)).toBeUndefined();
    expect(values).not.toHaveBeenCalled();
  });

  const write = fc.oneof(
    fc.string({ maxLength: 30 }).map((value): Write => ({ channel: "text", value })),
    fc.string({ maxLength: 30 }).map((value): Write => ({ channel: "list", value })),
    fc.array(fc.nat(9), { maxLength: 4 }).map((value): Write => ({ channel: "set", value })),
    fc
      .dictionary(fc.string({ maxLength: 3 }), fc.nat(), { maxKeys: 3 })
      .map((value): Write => ({ channel: "map", value })),
    fc.double({ noNaN: true, noDefaultInfinity: true }).map((value): Write => ({ channel: "count", value })),
  );

  it("decides as measuring after every commit would, whatever is written, and wherever a restart begins to measure anew", () => {
    fc.assert(
      fc.property(
        fc.array(fc.record({ writes: fc.array(write, { maxLength: 3 }), restarts: fc.boolean() }), { maxLength: 30 }),
        fc.integer({ min: 20, max: 400 }),
        (commits, limit) => {
          let state: JsonObject = {};
          let sizes = new StateSize(limit);
          for (const { writes, restarts } of commits) {
            if (restarts) sizes = new StateSize(limit);
            const next = after(state, writes);
            const refused = sizes.check(plan, "n", writes, () => state);
            expect(refused !== undefined).toBe(size(next) > limit && size(next) >= size(state) && writes.length > 0);
            if (refused !== undefined) continue;
            sizes.apply(committed(writes));
            state = next;
          }
        },
      ),
      { numRuns: 500 },
    );
  });
});
