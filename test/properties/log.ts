import fc from "fast-check";
import { isDeepStrictEqual } from "node:util";
import type { Json, JsonObject } from "../../src/base/json.ts";
import type { LogEntry } from "../../durable-objects/log/entry.ts";
import { decode, encode } from "../../durable-objects/log/format-v1.ts";
import { pack, unpack } from "../../durable-objects/log/packing.ts";
import type { RunRow } from "../../durable-objects/log/rows.ts";
import { Snapshots } from "../../durable-objects/log/snapshots.ts";
import { ThreadStore } from "../../durable-objects/log/store.ts";
import { Disk, storageOn } from "../sim/disk.ts";
import { Fault, type Found } from "./property.ts";
import { anyValue, RUN_ID } from "./values.ts";

const TASK = "0.0.0";
const ERROR = { code: "node_failed", message: "no", retryable: false } as const;

/** Every form of entry that brings a value of somebody's into the log. */
function entriesWith(value: Json): LogEntry[] {
  const outcome = {
    writes: [
      { channel: "a", value },
      { channel: "__proto__", value: [value] },
    ],
    takes: [0, 1],
    sends: [{ to: 1, payload: value }],
  };
  const ask = { id: "00ff", kind: "gate", value, key: "k" } as const;
  return [
    { type: "run-started", outcome },
    { type: "task-succeeded", task: TASK, attempt: 1, outcome },
    { type: "task-failed", task: TASK, attempt: 2, error: { ...ERROR, details: value }, outcome },
    { type: "attempt-failed", task: TASK, attempt: 1, error: { ...ERROR, details: value }, retryAt: 5 },
    { type: "task-waiting", task: TASK, until: null, ask },
    { type: "task-resumed", task: TASK, answer: { ask: "00ff", by: null, value } },
    { type: "signal-received", signal: { id: "s", name: "n", key: null, payload: value } },
    { type: "step-recorded", task: TASK, key: "k", value },
    { type: "state-updated", outcome, as: null },
    { type: "run-migrated", outcome },
    { type: "frames-announced", task: TASK, items: [value, value], concurrency: 1, tolerant: false },
    { type: "frames-extended", task: TASK, item: value },
    { type: "frame-started", task: TASK, frame: 0, outcome },
    { type: "frame-updated", task: TASK, frame: 0, outcome },
  ];
}

/** 8: whatever a value says, it is read back as it was: by the format, by the packing, and by a database. */
export function readsBack(cases: number, seed?: number): Found {
  return onDisk((store) => {
    let seq = 0;
    check(
      fc.property(anyValue, (value) => {
        expectSame(JSON.parse(unpack(pack(JSON.stringify(value), RUN_ID), RUN_ID)), value, "packed");
        const entries = entriesWith(value);
        // All of them are encoded, some are stored: a database costs more than all the rest.
        const stored = seq % entries.length;
        for (const [index, entry] of entries.entries()) {
          expectSame(decode(encode(entry, store.blobs), store.blobs), entry, entry.type);
          if (index !== stored) continue;
          seq += 1;
          store.appendCommit({ seq, run: 1, at: 1, event: seq, lastEvent: seq, step: null, shows: 0, entry });
          expectSame([...store.commits(seq, seq)][0]?.entry, entry, `${entry.type}, stored`);
        }
        store.appendChunk(1, { first: seq, each: 1, task: TASK, node: 0, kind: "emit", messageId: "m", data: [value] });
        expectSame(store.chunks(1, seq - 1).items[0]?.data, [value], "a chunk");
      }),
      cases,
      seed,
    );
    return { cases };
  });
}

type Change = readonly [channel: string, how: "set" | "grow" | "cut", value: Json, weight: number];

/** 13: a thread's values are what its snapshots say, however they were written: whole, as differences, by another life. */
export function snapshotsTell(cases: number, seed?: number): Found {
  const change = fc.tuple(
    fc.constantFrom("a", "b", "constructor", "list"),
    fc.constantFrom("set", "grow", "grow", "cut"),
    anyValue,
    fc.integer({ min: 0, max: 60_000 }),
  ) as fc.Arbitrary<Change>;
  let saved = 0;
  check(
    fc.property(fc.array(change, { minLength: 1, maxLength: 12 }), (changes) => {
      onDisk((store, sql) => {
        let snapshots = new Snapshots(store);
        snapshots.restore();
        let values = new Map<string, Json>();
        for (const [index, each] of changes.entries()) {
          values = changed(values, each);
          snapshots.committed(each[3]);
          snapshots.saveIfDue(index + 1, values);
          const told = new ThreadStore(sql).snapshot(index + 1);
          if (told?.seq === index + 1) {
            saved += 1;
            expectSame(told.values, Object.fromEntries(values), `snapshot ${index + 1}`);
            expectSame(
              store.snapshot(index + 1)?.values,
              Object.fromEntries(values),
              `snapshot ${index + 1}, as written`,
            );
          }
          // Another life of the object reads them before it writes any.
          if (index % 3 === 2) snapshots = new Snapshots(store);
          if (index % 3 === 2) snapshots.restore();
        }
      });
    }),
    cases,
    seed,
  );
  return { cases: saved };
}

function changed(values: ReadonlyMap<string, Json>, [channel, how, value]: Change): Map<string, Json> {
  const before = values.get(channel);
  const list: readonly Json[] = Array.isArray(before) ? (before as readonly Json[]) : [];
  const after = how === "set" ? value : how === "grow" ? [...list, value] : list.slice(0, -1);
  return new Map([...values, [channel, after]]);
}

function onDisk<Result>(work: (store: ThreadStore, sql: SqlStorage) => Result): Result {
  const disk = new Disk();
  try {
    const { sql } = storageOn(disk, () => true);
    const store = new ThreadStore(sql);
    store.createThread({ tenant: "t", threadId: "x", createdAt: 1, updatedAt: 1, metadata: {}, deleted: false });
    store.insertRun(RUN, "t");
    return work(store, sql);
  } finally {
    disk.close();
  }
}

const NOTHING: JsonObject = {};
/** A run to store commits of. */
export const RUN: RunRow = {
  n: 1,
  runId: RUN_ID,
  status: "running",
  assistantId: "g",
  graphId: "g",
  graphVersion: 1,
  graphHash: "h",
  metadata: NOTHING,
  kwargs: NOTHING,
  createdAt: 1,
  updatedAt: 1,
  firstSeq: 1,
  lastSeq: null,
  eventFloor: 0,
  usage: null,
  error: null,
  lineage: RUN_ID,
  from: null,
  hidden: false,
};

export function check(
  property: fc.IPropertyWithHooks<unknown[]> | fc.IProperty<never[]>,
  cases: number,
  seed?: number,
): void {
  fc.assert(property as fc.IProperty<unknown[]>, { numRuns: cases, ...(seed === undefined ? {} : { seed }) });
}

function expectSame(is: unknown, wanted: unknown, what: string): void {
  if (!isDeepStrictEqual(is, wanted)) throw new Fault(`${what}: ${JSON.stringify(is)?.slice(0, 500)}`);
}
