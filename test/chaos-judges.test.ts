import { describe, expect, it } from "vitest";
import type { Life } from "./proof/chaos/lives.ts";
import { judgeLedger } from "./proof/chaos/ledger-judge.ts";
import type { Program } from "./proof/chaos/programs/program.ts";
import type { Call } from "./proof/chaos/provider.ts";
import type { Acknowledged } from "./proof/chaos/record.ts";
import { recoveriesOf } from "./proof/chaos/recovery.ts";

// What the chaos proof judges by must be able to find fault.

const call = (key: string, at: number, more: Partial<Call> = {}): Call => ({
  key,
  at,
  what: "m/pay",
  isEffect: true,
  end: "answered",
  endedAt: at + 10,
  ...more,
});

function run(program: Partial<Program>, more: Partial<Acknowledged> = {}): Acknowledged {
  const whole: Program = {
    id: "p",
    family: "unsafe",
    document: {},
    runs: 1,
    input: () => ({}),
    expected: () => ({}),
    ...program,
  };
  return { threadId: "t", runId: "r", program: whole, mark: "m", n: 0, at: 0, ...more };
}

describe("the provider's ledger", () => {
  const unsafe = run({ isUnsafe: true });

  it("[G5] finds an unsafe effect that was repeated, kill or not", () => {
    expect(judgeLedger([call("r:0", 0), call("r:0", 900)], [unsafe], [500]).unsafeTwice).toEqual(["r:0"]);
    expect(judgeLedger([call("r:0", 0)], [unsafe], [500]).unsafeTwice).toEqual([]);
  });

  it("[G5] finds a call that was repeated without a kill or a failure", () => {
    const twice = (kills: number[], end: Call["end"] = "answered") =>
      judgeLedger([call("r:0", 1_000, { end }), call("r:0", 3_000)], [run({})], kills).unexplained.length;
    expect([twice([]), twice([2_000]), twice([], "fault"), twice([5_000])]).toEqual([1, 0, 0, 1]);
  });

  it("[G5] finds a task that called under two keys", () => {
    const calls = [call("r:0", 0, { what: "x1/pay" }), call("r:0:2", 900, { what: "x1/pay" })];
    expect(judgeLedger(calls, [run({})], [500]).severalKeys).toEqual(["x1/pay"]);
  });

  it("[G10] finds a call after a cancel, and one that stayed open", () => {
    const cancelled = run({}, { cancelledAt: 1_000 });
    expect(judgeLedger([call("r:0", 1_400)], [cancelled], []).afterCancel).toHaveLength(1);
    expect(judgeLedger([call("r:0", 900, { endedAt: 2_100 })], [cancelled], []).afterCancel).toHaveLength(1);
    expect(judgeLedger([call("r:0", 900, { endedAt: 1_900 })], [cancelled], []).afterCancel).toEqual([]);
  });

  it("[F16] finds a wait that ended early", () => {
    const calls = (after: number) => [call("r:0", 0, { what: "m/0" }), call("r:1", after, { what: "done: m/0/250" })];
    expect(judgeLedger(calls(249), [run({})], []).earlyWaits).toHaveLength(1);
    expect(judgeLedger(calls(250), [run({})], [])).toMatchObject({ earlyWaits: [], waits: 1 });
  });

  it("finds what was to be done and was not", () => {
    const wanted = run({ effects: (mark) => [`${mark}/pay`, `${mark}/undo`] });
    expect(judgeLedger([call("r:0", 0)], [wanted], []).undone).toEqual(["m/undo"]);
  });
});

describe("recovery", () => {
  const life = (spawnedAt: number, killedAt: number): Life => ({ spawnedAt, readyAt: spawnedAt + 200, killedAt });
  const runOf = (...times: number[]) => ({ runId: "r", commits: times.map((at) => ({ at, moves: true })) });
  const lives = [life(0, 1_000), life(1_050, Number.POSITIVE_INFINITY)];

  it("is from a process's start to the first commit of a run that was cut off", () => {
    expect(recoveriesOf(lives, [runOf(500, 1_500), runOf(900, 1_400)])).toMatchObject({ times: [350], hits: 1 });
  });

  it("counts no run that was over, and none that began later", () => {
    expect(recoveriesOf(lives, [runOf(100, 900), runOf(1_300, 1_400)])).toMatchObject({ times: [], hits: 0 });
  });

  it("says nothing of a life that was too short", () => {
    const short = [life(0, 1_000), life(1_050, 1_300), life(1_350, Number.POSITIVE_INFINITY)];
    expect(recoveriesOf(short, [runOf(500, 1_700)])).toMatchObject({ times: [350], hits: 2, cutShort: 1 });
  });
});
