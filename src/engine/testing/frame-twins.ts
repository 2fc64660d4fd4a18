import type { Json } from "../../base/json.ts";
import { ReferenceEngine } from "../reference.ts";
import type { Engine, EngineEvent, Step, TaskId } from "../types.ts";
import { digestOf } from "./behaviour.ts";
import type { Scenario } from "./graphs.ts";
import { type Nested, placeOf } from "./nested.ts";
import { describeTask } from "./play.ts";

/** Events of the composite's own frame that the reference has no word for. */
const NOT_INSIDE: ReadonlySet<string> = new Set(["frames-announced", "frames-extended", "frame-failed"]);

interface Twin {
  readonly scenario: Scenario;
  readonly reference: ReferenceEngine;
}

/** Beside each frame runs the reference, as a run of the frame's graph by itself: a frame is nothing else (R10). */
export class FrameTwins {
  readonly #nested: Nested;
  readonly #twins = new Map<string, Twin>();
  /** What the last frame of a loop left. */
  readonly #carried = new Map<TaskId, Engine["state"]>();

  constructor(nested: Nested) {
    this.#nested = nested;
  }

  compare(event: EngineEvent, step: Step, engine: Engine): void {
    // Opened again, a composite begins anew.
    if (event.type === "frames-announced") this.#carried.delete(event.task);
    if (event.type === "frame-started") return this.#begin(event, step, engine);
    if (!("task" in event) || NOT_INSIDE.has(event.type)) return;
    const prefix = event.task.slice(0, event.task.lastIndexOf("/") + 1);
    const twin = this.#twins.get(prefix);
    if (twin !== undefined)
      check(prefix, twin, twin.reference.apply({ ...event, task: event.task.slice(prefix.length) }), step);
    this.#checkLeft(step);
  }

  #begin(event: Extract<EngineEvent, { readonly type: "frame-started" }>, step: Step, engine: Engine): void {
    const composite = engine.task(event.task);
    const inner = composite && placeOf(this.#nested, event.task).nested.composites.get(composite.node);
    if (composite === undefined || inner === undefined) throw new Error(`${event.task} is no composite.`);
    const carried = this.#carried.get(event.task);
    const channels = carried === undefined ? inner.shares : inner.scenario.structure.channels.map(({ name }) => name);
    const base = new Map<string, Json>();
    for (const channel of channels) {
      const value = (carried ?? composite.view).read(channel);
      if (value !== undefined) base.set(channel, value);
    }
    const { scenario } = inner;
    const reference = new ReferenceEngine(scenario.structure, { steps: scenario.steps, concurrency: 100_000 }, base);
    const prefix = prefixOf(event.task, inner.many ? event.frame : undefined);
    const twin = { scenario, reference };
    this.#twins.set(prefix, twin);
    check(prefix, twin, reference.apply({ type: "started", outcome: event.outcome }), step);
    this.#checkLeft(step);
  }

  #checkLeft(step: Step): void {
    for (const { composite, frame, state } of step.frames?.left ?? []) {
      const prefixes = [prefixOf(composite.id, frame), prefixOf(composite.id, undefined)];
      const twin = prefixes.map((prefix) => this.#twins.get(prefix)).find((found) => found !== undefined);
      if (twin === undefined) throw new Error(`Frame ${frame} of ${composite.id} has no twin.`);
      const [is, wanted] = [digestOf(twin.scenario, state), digestOf(twin.scenario, twin.reference.state)];
      if (placeOf(this.#nested, composite.id).nested.composites.get(composite.node)?.carries === true)
        this.#carried.set(composite.id, twin.reference.state);
      if (is !== wanted) throw new Error(`Frame ${frame} of ${composite.id} ends with\n${is}\n--- but ---\n${wanted}`);
    }
  }
}

function check(prefix: string, { scenario }: Twin, wanted: Step, step: Step): void {
  const one = step.ready
    .map((task) => describeTask(scenario, { ...task, id: task.id.slice(prefix.length) }))
    .join("\n");
  const other = wanted.ready.map((task) => describeTask(scenario, task)).join("\n");
  if (one !== other) throw new Error(`in ${prefix}:\n${one}\n--- but ---\n${other}`);
}

function prefixOf(composite: TaskId, frame: number | undefined): string {
  return frame === undefined ? `${composite}/` : `${composite}[${frame}]/`;
}
