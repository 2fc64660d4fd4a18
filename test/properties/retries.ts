import fc from "fast-check";
import { canonicalJson, type Json } from "../../src/base/json.ts";
import { createTopology } from "../../src/graph/topology.ts";
import type { Channel, ReducerName } from "../../src/graph/channels.ts";
import { createEngine } from "../../src/engine/engine.ts";
import { openFold } from "../../src/engine/reducers.ts";
import { type LogEntry, toEngineEvent } from "../../durable-objects/log/entry.ts";
import { check } from "./log.ts";
import { Fault, type Found } from "./property.ts";

const WRITES: Record<ReducerName, fc.Arbitrary<Json>> = {
  last: fc.integer(),
  append: fc.integer(),
  union: fc.array(fc.integer({ min: 0, max: 3 }), { maxLength: 3 }),
  merge: fc.dictionary(fc.constantFrom("a", "b", "__proto__"), fc.integer()),
  sum: fc.integer({ min: -9, max: 9 }),
  min: fc.integer(),
  max: fc.integer(),
  messages: fc.record({
    type: fc.constantFrom("human", "remove"),
    id: fc.constantFrom("m1", "m2", "m3"),
    content: fc.string(),
  }),
};
const NAMES = Object.keys(WRITES) as ReducerName[];
const CHANNELS: readonly Channel[] = NAMES.map((reducer) => ({ name: reducer, reducer, conflict: "last" }));
const ERROR = { code: "node_failed", message: "as planned", retryable: true } as const;

/** A task's writes, how often it failed before, and how often it was cut off. */
const deed = fc.record({
  writes: fc.array(
    fc.constantFrom(...NAMES).chain((channel) => WRITES[channel].map((value) => ({ channel, value }))),
    {
      maxLength: 6,
    },
  ),
  failures: fc.nat({ max: 4 }),
  losses: fc.nat({ max: 3 }),
});

/** 9: a task that was tried k times, and cut off, counts once: as if each reducer had been given its writes by hand. */
export function retriedOnce(cases: number, seed?: number): Found {
  check(
    fc.property(fc.array(deed, { minLength: 1, maxLength: 5 }), fc.infiniteStream(fc.nat()), (deeds, order) => {
      const nodes = deeds.length;
      const structure = {
        nodes,
        edges: deeds.map(() => []),
        starts: deeds.map((_, node) => node),
        each: new Set<number>(),
        channels: CHANNELS,
      };
      const limits = { steps: 10, concurrency: 100 };
      const engine = createEngine(structure, createTopology(structure), limits, new Map());
      const start: LogEntry = { type: "run-started", outcome: { writes: [], takes: structure.starts, sends: [] } };
      const entries = [start, ...interleaved(deeds.map(entriesOf), order)];
      for (const entry of entries) {
        const event = toEngineEvent(entry);
        if (event) engine.apply(event);
      }
      for (const channel of CHANNELS) {
        const writes = deeds.flatMap((each) => each.writes.filter((write) => write.channel === channel.name));
        const wanted = openFold(channel, undefined)
          .with(writes.map(({ value }) => value))
          .value();
        const is = engine.state.read(channel.name);
        if (canonicalJson(is ?? null) !== canonicalJson(wanted ?? null))
          throw new Fault(`${channel.name}: ${JSON.stringify(is)}, once it is ${JSON.stringify(wanted)}`);
      }
    }),
    cases,
    seed,
  );
  return { cases };
}

interface Deed {
  readonly writes: readonly { readonly channel: string; readonly value: Json }[];
  readonly failures: number;
  readonly losses: number;
}

/** What the log says of a task at level 0. */
function entriesOf({ writes, failures, losses }: Deed, node: number): LogEntry[] {
  const task = `0.${node}.0`;
  const failed = Array.from(
    { length: failures },
    (_, at): LogEntry => ({ type: "attempt-failed", task, attempt: at + 1, error: ERROR, retryAt: at }),
  );
  const lost = Array.from({ length: losses }, (): LogEntry => ({ type: "attempt-lost", task }));
  const outcome = { writes, takes: [], sends: [] };
  return [...failed, ...lost, { type: "task-succeeded", task, attempt: failures + 1, outcome }];
}

/** Each list in its order, the lists in any. */
function interleaved<T>(lists: readonly (readonly T[])[], order: Iterator<number>): T[] {
  const rest = lists.map((list) => [...list]);
  const result: T[] = [];
  for (
    let open = rest.filter((list) => list.length > 0);
    open.length > 0;
    open = rest.filter((list) => list.length > 0)
  ) {
    const next = open[(order.next().value ?? 0) % open.length]?.shift();
    if (next !== undefined) result.push(next);
  }
  return result;
}
