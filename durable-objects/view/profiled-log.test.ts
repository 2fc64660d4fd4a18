import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { JsonObject } from "../../src/base/json.ts";
import type { FrameStep, Step, Task } from "../../src/engine/types.ts";
import { compileGraph } from "../../src/graph/compile.ts";
import type { Plan } from "../../src/graph/plan.ts";
import { nodeKinds } from "../../src/nodes/registry.ts";
import type { Commit, LogEntry } from "../log/entry.ts";
import type { RunRow } from "../log/rows.ts";
import { Playback } from "../run/playback.ts";
import { profileView } from "./profile.ts";
import { ProfiledLog } from "./profiled-log.ts";

const RUN: RunRow = {
  n: 1,
  runId: "run",
  status: "success",
  assistantId: "a",
  graphId: "test",
  graphVersion: 3,
  graphHash: "h",
  metadata: {},
  kwargs: {},
  createdAt: 0,
  updatedAt: 0,
  firstSeq: 1,
  lastSeq: null,
  eventFloor: 0,
  usage: null,
  error: null,
  lineage: "r",
  from: null,
  hidden: false,
};

function planOf(edges: readonly (readonly [string, string])[], more: JsonObject = {}): Plan {
  const names = [...new Set(edges.flat())].filter((name) => name !== "start" && name !== "end");
  const document = {
    edgewise: 1,
    id: "test",
    nodes: Object.fromEntries(names.map((name) => [name, { kind: "transform" }])),
    edges: edges.map(([from, to]) => ({ from, to })),
    ...more,
  };
  const compiled = compileGraph({ document }, nodeKinds);
  if (!compiled.ok) throw new Error(JSON.stringify(compiled.problems));
  return compiled.plan;
}

const NOTHING = { writes: [], sends: [] };
const started = (...takes: number[]): LogEntry => ({ type: "run-started", outcome: { ...NOTHING, takes } });
const done = (task: string, takes: number[] = [], attempt = 1): LogEntry => ({
  type: "task-succeeded",
  task,
  attempt,
  outcome: { ...NOTHING, takes },
});

type Line = readonly [at: number, entry: LogEntry];

function commitsOf(lines: readonly Line[]): Commit[] {
  return lines.map(([at, entry], index) => ({
    seq: index + 1,
    run: 1,
    at,
    event: 0,
    lastEvent: 0,
    step: 0,
    shows: 1,
    entry,
  }));
}

function logOf(plan: Plan, lines: readonly Line[]): ProfiledLog {
  const log = new ProfiledLog(new Playback(plan, RUN, new Map()));
  for (const commit of commitsOf(lines)) log.add(commit);
  return log;
}

const pathOf = (log: ProfiledLog) => log.criticalPath().map(({ node, from, to }) => [node, from, to]);

/** Two branches of one and two tasks, and what joins them. */
const DIAMOND = planOf([
  ["start", "short"],
  ["start", "long"],
  ["long", "longer"],
  ["short", "join"],
  ["longer", "join"],
]);
const DIAMOND_LOG: readonly Line[] = [
  [1000, started(0, 1)],
  [1010, done("0.0.0", [3])],
  [1100, done("0.1.0", [2])],
  [1400, done("1.2.0", [3])],
  [1450, done("2.3.0")],
];

describe("the critical path", () => {
  it("goes through the branch that the join waited for, not the one that was there before", () => {
    expect(pathOf(logOf(DIAMOND, DIAMOND_LOG))).toEqual([
      ["long", 1000, 1100],
      ["longer", 1100, 1400],
      ["join", 1400, 1450],
    ]);
  });

  it("names the node that most of it went to, with all its tasks", () => {
    const loop = planOf([
      ["start", "draft"],
      ["draft", "check"],
      ["check", "draft"],
    ]);
    const log = logOf(loop, [
      [0, started(0)],
      [40, done("0.0.0", [1])],
      [100, done("1.1.0", [0])],
      [150, done("2.0.0", [1])],
      [190, done("3.1.0")],
    ]);
    const { bottleneck } = profileView("thread", RUN, log);
    expect(bottleneck).toEqual({ node: "check", ms: 100, share: 0.526 });
  });

  it("holds what was waited for from outside as nobody's", () => {
    const log = logOf(DIAMOND, [...DIAMOND_LOG.slice(0, 2), [5000, { type: "run-cancelled", reason: "by request" }]]);
    expect(pathOf(log)).toEqual([
      ["short", 1000, 1010],
      [null, 1010, 5000],
    ]);
  });

  it("has pieces without gap or overlap that together are as long as the run, whatever the times", () => {
    const times = fc.array(fc.nat(1000), { minLength: 5, maxLength: 5 }).map((all) => all.sort((a, b) => a - b));
    fc.assert(
      fc.property(times, (at) => {
        const log = logOf(
          DIAMOND,
          DIAMOND_LOG.map(([, entry], index) => [at[index] ?? 0, entry]),
        );
        const path = log.criticalPath();
        expect(path[0]?.from).toBe(at[0]);
        expect(path.at(-1)?.to).toBe(at[4]);
        for (const [index, piece] of path.entries()) if (index > 0) expect(piece.from).toBe(path[index - 1]?.to);
      }),
    );
  });
});

describe("a task's times", () => {
  it("of one that waited are its own and on the path, but it is not counted as performed meanwhile", () => {
    const chain = planOf([
      ["start", "wait"],
      ["wait", "after"],
    ]);
    const log = logOf(chain, [
      [0, started(0)],
      [10, { type: "task-waiting", task: "0.0.0", until: 900 }],
      [910, { type: "task-resumed", task: "0.0.0" }],
      [920, done("0.0.0", [1])],
      [1000, done("1.1.0")],
    ]);
    expect(log.tasks()[0]).toMatchObject({ node: "wait", startedAt: 0, endedAt: 920 });
    expect(pathOf(log)).toEqual([
      ["wait", 0, 920],
      ["after", 920, 1000],
    ]);
    expect(log.concurrency()).toEqual({ max: 1, mean: 0.1 });
  });

  it("say since when it could have run, when it had a slot, and how many attempts it took", () => {
    const narrow = planOf(
      [
        ["start", "first"],
        ["start", "second"],
      ],
      { limits: { concurrency: 1 } },
    );
    const error = { code: "model_overloaded", message: "busy", retryable: true } as const;
    const log = logOf(narrow, [
      [0, started(0, 1)],
      [20, { type: "attempt-failed", task: "0.0.0", attempt: 1, error, retryAt: 30 }],
      [50, done("0.0.0", [], 2)],
      [80, done("0.1.0")],
    ]);
    const [first, second] = log.tasks();
    expect(first).toMatchObject({ node: "first", readyAt: 0, startedAt: 0, endedAt: 50, attempts: 2 });
    expect(second).toMatchObject({ node: "second", readyAt: 0, startedAt: 50, endedAt: 80, attempts: 1 });
    expect(log.concurrency()).toEqual({ max: 1, mean: 1 });
  });

  it("of a run that goes on are those it has", () => {
    const profile = profileView("thread", RUN, logOf(DIAMOND, DIAMOND_LOG.slice(0, 3)));
    expect(profile.duration_ms).toBe(100);
    expect(profile.tasks.map(({ node, status, ended_at }) => [node, status, ended_at === null])).toEqual([
      ["short", "succeeded", false],
      ["long", "succeeded", false],
      ["longer", "open", true],
    ]);
  });
});

it("concurrency counts what is performed: at most two here, and on average their time over the run's", () => {
  // 10 ms of short, 400 of long and longer, 50 of join, in 450
  expect(logOf(DIAMOND, DIAMOND_LOG).concurrency()).toEqual({ max: 2, mean: 1.02 });
});

describe("a composite", () => {
  const inner = planOf([
    ["start", "read"],
    ["read", "sum"],
  ]);
  const outer = planOf([
    ["start", "each"],
    ["each", "after"],
  ]);
  const plan: Plan = {
    ...outer,
    nodes: outer.nodes.map((node) => (node.id === "each" ? { ...node, inside: inner } : node)),
  };
  const EMPTY: Step = { ready: [], start: [], failed: [], rest: { kind: "running" } };
  const task = (id: string): Task => ({ id, node: 0, level: 0, ordinal: 0, view: { read: () => undefined } });
  const makes = (...ids: string[]): Partial<Step> => ({ ready: ids.map(task), start: ids.map(task) });
  const frames = (of: Partial<FrameStep>): Partial<Step> => ({ frames: { begin: [], left: [], due: [], ...of } });
  const framed = (type: string, more: object) => ({ type, task: "0.0.0", ...more }) as unknown as LogEntry;

  it("hands the path to the tasks in the frame that ended last, and they are named by both", () => {
    const each = task("0.0.0");
    const script: readonly (readonly [number, LogEntry, Partial<Step>])[] = [
      [0, started(0), makes("0.0.0")],
      [1, framed("frames-announced", {}), frames({ begin: [0, 1].map((frame) => ({ composite: each, frame })) })],
      [2, framed("frame-started", { frame: 0 }), makes("0.0.0[0]/0.0.0")],
      [3, framed("frame-started", { frame: 1 }), makes("0.0.0[1]/0.0.0")],
      [20, done("0.0.0[0]/0.0.0"), {}],
      [60, done("0.0.0[1]/0.0.0", [1]), makes("0.0.0[1]/1.1.0")],
      [90, done("0.0.0[1]/1.1.0"), frames({ due: [each] })],
      [91, done("0.0.0", [1]), makes("1.1.0")],
      [99, done("1.1.0"), { rest: { kind: "done" } }],
    ];
    let place = 0;
    const log = new ProfiledLog({ plan, apply: () => ({ ...EMPTY, ...script[place++]?.[2] }) });
    for (const commit of commitsOf(script.map(([at, entry]) => [at, entry]))) log.add(commit);
    expect(pathOf(log)).toEqual([
      ["each", 0, 3],
      ["each/read", 3, 60],
      ["each/sum", 60, 90],
      ["each", 90, 91],
      ["after", 91, 99],
    ]);
    expect(log.concurrency().max).toBe(2);
  });
});
