import { describe, expect, it } from "vitest";
import { createTopology } from "../graph/topology.ts";
import { createEngine } from "./engine.ts";
import { examineNested } from "./testing/nested-play.ts";
import { CHANNELS } from "./testing/script.ts";
import type { EngineEvent, Interior, Outcome, Step } from "./types.ts";

const FAILURE = { code: "node_failed", message: "as planned", retryable: false } as const;
const none: Outcome = { writes: [], takes: [], sends: [] };
const first: Outcome = { writes: [], takes: [0], sends: [] };

const one = { nodes: 1, edges: [[]], starts: [0], each: new Set<number>(), channels: CHANNELS };
const interiorOf = (carries: boolean, node?: Interior): Interior => ({
  structure: one,
  topology: createTopology(one),
  steps: 10,
  many: true,
  shares: [],
  carries,
  ...(node === undefined ? {} : { interiors: new Map([[0, node]]) }),
});

const SAGA = interiorOf(true);
const saga = { type: "frames-announced", frames: 1, concurrency: 1, tolerant: true } as const;

/** A saga whose first frame has failed, and whose second then fails. */
function held(task: string): EngineEvent[] {
  return [
    { ...saga, task },
    { type: "frame-started", task, frame: 0, outcome: first },
    { type: "task-failed", task: `${task}[0]/0.0.0`, error: FAILURE },
    { type: "frames-extended", task, holds: true },
    { type: "frame-started", task, frame: 1, outcome: first },
    { type: "task-failed", task: `${task}[1]/0.0.0`, error: FAILURE },
  ];
}

/** Of a graph with one node, a composite that runs the interior. */
function play(interior: Interior, events: readonly EngineEvent[]) {
  const interiors = new Map([[0, interior]]);
  const engine = createEngine(one, createTopology(one), { steps: 10, concurrency: 5, interiors }, new Map());
  let step: Step = engine.apply({ type: "started", outcome: first });
  for (const event of events) step = engine.apply(event);
  return { engine, step };
}

describe("frames that hold", () => {
  it("[R10h] a frame that failed before is over, one that fails after holds its composite until it is resumed", () => {
    const { engine, step } = play(SAGA, held("0.0.0"));
    expect(step.rest).toEqual({ kind: "paused", waiting: [], failed: ["0.0.0[1]/0.0.0"] });
    expect(engine.isBorne("0.0.0[1]/0.0.0")).toBe(false);
    engine.apply({ type: "task-resumed", task: "0.0.0[1]/0.0.0" });
    const { frames } = engine.apply({ type: "task-succeeded", task: "0.0.0[1]/0.0.0", outcome: none });
    expect(frames?.left.map(({ frame, failed }) => [frame, failed])).toEqual([[1, []]]);
    expect(frames?.due.map(({ id }) => id)).toEqual(["0.0.0"]);
  });

  it("[R10h] a frame around that bears failures is held too, and is over with what held it", () => {
    const inner = "0.0.0[0]/0.0.0";
    const around: EngineEvent[] = [
      { ...saga, task: "0.0.0" },
      { type: "frame-started", task: "0.0.0", frame: 0, outcome: first },
      ...held(inner),
    ];
    const { engine, step } = play(interiorOf(false, SAGA), around);
    expect(step.frames).toMatchObject({ left: [], due: [] });
    expect(step.rest).toEqual({ kind: "paused", waiting: [], failed: [`${inner}[1]/0.0.0`] });
    engine.apply({ type: "task-resumed", task: `${inner}[1]/0.0.0` });
    engine.apply({ type: "task-succeeded", task: `${inner}[1]/0.0.0`, outcome: none });
    const { frames } = engine.apply({ type: "task-failed", task: inner, error: FAILURE });
    expect(frames?.left.map(({ composite, failed }) => [composite.id, failed])).toEqual([["0.0.0", [inner]]]);
  });

  it("[R6] a channel that the first frame left in conflict is absent in the next", () => {
    const two = { ...one, nodes: 2, edges: [[], []], starts: [0, 1] };
    const interior: Interior = { ...SAGA, structure: two, topology: createTopology(two) };
    const write = (value: number): Outcome => ({ ...none, writes: [{ channel: "x", value }] });
    const { engine, step } = play(interior, [
      { ...saga, task: "0.0.0" },
      { type: "frame-started", task: "0.0.0", frame: 0, outcome: { ...none, takes: [0, 1] } },
      { type: "task-succeeded", task: "0.0.0[0]/0.0.0", outcome: write(1) },
      { type: "task-succeeded", task: "0.0.0[0]/0.1.0", outcome: write(2) },
      { type: "frames-extended", task: "0.0.0", holds: true },
      { type: "frame-started", task: "0.0.0", frame: 1, outcome: first },
    ]);
    expect(step.start.map(({ view }) => view.read("x"))).toEqual([undefined]);
    expect(engine.task("0.0.0[1]/0.0.0")).toBeDefined();
  });

  it("[R10h] random graphs hold: frames fail after their composites do, and are tried again", () => {
    let failed = 0;
    for (let seed = 0; seed < 60; seed += 1) {
      const { fault, result } = examineNested(seed);
      expect(fault).toBeUndefined();
      failed += result.split("\n").filter((line) => /\[[1-9]\]\/[^/]*: .* fail;/.test(line)).length;
    }
    expect(failed).toBeGreaterThan(5);
  });
});
