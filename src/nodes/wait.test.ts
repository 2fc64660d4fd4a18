import { describe, expect, it } from "vitest";
import type { Json } from "../base/json.ts";
import { problemsOf, runOne } from "./testing/one-node.ts";

const now = Date.UTC(2027, 0, 31, 9);
const DAY = 86_400_000;

describe("wait for", () => {
  it.each<[Json, number]>([
    ["250ms", 250],
    ["1.5h", 5_400_000],
    ["366d", 366 * DAY],
    [1000, 1000],
  ])("%j ends that much later", async (length, delayMs) => {
    expect(await runOne({ kind: "wait", for: length }, {}, { now })).toEqual({ waitUntil: now + delayMs });
  });

  it("nothing goes on at once", async () => {
    expect(await runOne({ kind: "wait", for: 0 }, {}, { now })).toEqual({ writes: [] });
  });

  it.each<[string, Json, number]>([
    ["{{ state.x }}", 250, 250],
    ["{{ state.x }}ms", 40, 40],
    ["{{ state.x }}", "1.5h", 5_400_000],
    ["{{ state.x }}", "90", 90],
    ["{{ duration('90s') }}", 0, 90_000],
  ])("%s over %j ends that much later", async (length, x, delayMs) => {
    expect(await runOne({ kind: "wait", for: length }, { x }, { now })).toEqual({ waitUntil: now + delayMs });
  });

  it.each<[Json]>([[null], ["soon"], [[]], ["-1s"]])("%j from a hole is no time", async (x) => {
    const failed = runOne({ kind: "wait", for: "{{ state.x }}" }, { x }, { now });
    await expect(failed).rejects.toMatchObject({ code: "expression_failed", retryable: false });
  });

  it.each<[Json]>([[0], [-5]])("%j from a hole goes on at once", async (x) => {
    expect(await runOne({ kind: "wait", for: "{{ state.x }}" }, { x }, { now })).toEqual({ writes: [] });
  });

  it("a computed time beyond a year fails", async () => {
    const failed = runOne({ kind: "wait", for: "{{ state.x }}d" }, { x: 367 }, { now });
    await expect(failed).rejects.toMatchObject({ code: "expression_failed" });
  });

  it.each<[Json]>([["soon"], ["-1s"], ["367d"], ["9000h"], [366 * DAY + 1], [-1], [0.5], [[]], [""]])(
    "%j is refused",
    (length) => {
      expect(problemsOf({ kind: "wait", for: length }).map(([, path]) => path)).toEqual(["/nodes/n/for"]);
    },
  );
});

describe("wait until", () => {
  it.each<[Json, number]>([
    ["2027-01-31T09:00:01Z", now + 1000],
    ["2027-01-31T10:00:01.5+01:00", now + 1500],
    ["2027-02-28t23:59:59z", Date.UTC(2027, 1, 28, 23, 59, 59)],
    [now + 0.5, now + 1],
    [now + 366 * DAY, now + 366 * DAY],
  ])("%j ends then", async (x, waitUntil) => {
    expect(await runOne({ kind: "wait", until: "state.x" }, { x }, { now })).toEqual({ waitUntil });
  });

  it.each<Json>(["2027-01-31T09:00:00Z", "1999-12-31T23:59:59Z", 0, -5])(
    "%j, which is over, goes on at once",
    async (x) => {
      expect(await runOne({ kind: "wait", until: "state.x" }, { x }, { now })).toEqual({ writes: [] });
    },
  );

  it.each<[Json]>([
    ["2027-02-30T00:00:00Z"],
    ["2027-13-01T00:00:00Z"],
    ["2027-01-31"],
    ["tomorrow"],
    [""],
    [null],
    [true],
    [[]],
    [{}],
  ])("%j is no time", async (x) => {
    await expect(runOne({ kind: "wait", until: "state.x" }, { x }, { now })).rejects.toMatchObject({
      code: "expression_failed",
      retryable: false,
      message: expect.stringContaining("it must be a time"),
    });
  });

  it.each<Json>([now + 366 * DAY + 1, 1e300, "9999-12-31T23:59:59Z"])("%j is too far ahead", async (x) => {
    await expect(runOne({ kind: "wait", until: "state.x" }, { x }, { now })).rejects.toMatchObject({
      code: "expression_failed",
      message: expect.stringContaining("at most 366 days"),
    });
  });
});

it("goes on when it has waited, whatever the time says by then", async () => {
  const resumed = { at: now };
  expect(await runOne({ kind: "wait", for: "1h" }, {}, { now, resumed })).toEqual({ writes: [] });
  expect(await runOne({ kind: "wait", until: "state.x" }, { x: "never" }, { now, resumed })).toEqual({ writes: [] });
});

it.each([
  [{}, ""],
  [{ for: "1s", until: "0" }, "/until"],
  [{ for: "1s", key: "k" }, ""],
  [{ until: "0", write: "out" }, ""],
  [{ signal: "not a name" }, "/signal"],
])("%j is refused", (config, field) => {
  expect(problemsOf({ kind: "wait", ...config })).toEqual([["invalid_value", `/nodes/n${field}`]]);
});

it("a signal's payload is the answer; its deadline is a failure, an early one none", async () => {
  const node = { kind: "wait", signal: "go", key: "{{ state.x }}", write: "out", for: "1h" };
  const waiting = { waitUntil: now + 3_600_000, signal: { name: "go", key: "o-1" } };
  expect(await runOne(node, { x: "o-1" }, { now })).toEqual(waiting);
  const writes = [{ channel: "out", value: { yes: true } }];
  expect(await runOne(node, { x: "o-1" }, { now, resumed: { at: 1, payload: { yes: true } } })).toEqual({ writes });
  const late = async () => runOne(node, { x: "o-1" }, { now, resumed: { at: 1 } });
  await expect(late()).rejects.toMatchObject({ code: "wait_expired" });
});
