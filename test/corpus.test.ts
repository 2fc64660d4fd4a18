import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { afterEach, describe, expect, it } from "vitest";
import type { LogEntry } from "../durable-objects/log/entry.ts";
import type { RunRow } from "../durable-objects/log/rows.ts";
import { Follower } from "../durable-objects/view/follower.ts";
import type { ThreadCore } from "../durable-objects/core.ts";
import { Framer } from "../durable-objects/view/frames.ts";
import type { Frame } from "../durable-objects/view/sheet.ts";
import { loadPlan } from "../durable-objects/run/plans.ts";
import { nodeKinds } from "../src/nodes/registry.ts";
import { type KeptLog, keptLogs, storeOf } from "./corpus/kept-log.ts";
import { record } from "./corpus/record.ts";
import { Replay } from "./corpus/replay.ts";
import { SCENES } from "./corpus/scenes.ts";
import type { Disk } from "./sim/disk.ts";

const LOGS = keptLogs();
const NAMED = LOGS.map((log) => [log.scene, log] as const);
/** What a node written in TypeScript leaves alone; the golden rows have it. */
const ELSEWHERE: readonly LogEntry["type"][] = ["step-recorded"];

const open: Disk[] = [];
afterEach(() => {
  for (const disk of open.splice(0)) disk.close();
});
function opened(log: KeptLog): { replay: Replay; disk: Disk } {
  const { store, disk } = storeOf(log);
  open.push(disk);
  return { replay: new Replay(store), disk };
}

describe("[property 11, G11, F20] the log that an earlier engine wrote", () => {
  it.each(NAMED)("%s leads to the commands, restarts and values that it led to then", (_, log) => {
    expect(opened(log).replay.all()).toEqual(log.expected);
  });

  it("is there of every scene, and of every kind of entry", () => {
    expect(LOGS.map(({ scene }) => scene).sort()).toEqual(SCENES.map(({ name }) => name).sort());
    const source = readFileSync("durable-objects/log/entry.ts", "utf8");
    const union = source.slice(source.indexOf("export type LogEntry"), source.indexOf("/** What an attempt without"));
    const kinds = [...union.matchAll(/type: "([a-z-]+)"/g)].map(([, kind]) => kind);
    const found = new Set(LOGS.flatMap((log) => opened(log).replay.runs().flatMap(entriesOf(log))));
    expect(kinds.length).toBeGreaterThan(15);
    expect(kinds.filter((kind) => !found.has(kind ?? "") && !ELSEWHERE.some((one) => one === kind))).toEqual([]);
  });

  it("is never recorded anew", async () => {
    await expect(record(SCENES.slice(0, 2), () => undefined)).rejects.toThrow(/^Recorded already, .*diamond, reducers/);
  });
});

describe("[property 12, G5] a fork from any commit, with the results recorded behind it", () => {
  it.each(NAMED)("%s commands what the original did, and asks nobody for anything", (_, log) => {
    for (const row of opened(log).replay.runs()) {
      const { replay } = opened(log);
      const commits = replay.commitsOf(row);
      const original = replay.commands(row);
      const values = Object.fromEntries(replay.past.end(row));
      for (const [index, { seq }] of commits.slice(0, -1).entries()) {
        const { replay: forked } = opened(log);
        const fork = forkAt(forked, row, seq);
        expect(forked.commands(fork)).toEqual(original.slice(index + 1));
        expect(Object.fromEntries(forked.past.end(fork))).toEqual(values);
      }
    }
  });
});

/** A run that goes on from a commit of another, and commits what that one did. */
function forkAt(replay: Replay, row: RunRow, seq: number): RunRow {
  const { store } = replay;
  const last = store.lastCommit()?.seq ?? 0;
  const behind = replay.commitsOf(row).filter((commit) => commit.seq > seq);
  const n = (store.lastRun()?.n ?? 0) + 1;
  const runId = `00000000-0000-7000-8000-${String(seq).padStart(12, "0")}`;
  const fork: RunRow = { ...row, n, runId, firstSeq: last + 1, lastSeq: null, from: { seq, anew: false } };
  store.insertRun(fork, "default");
  for (const [index, commit] of behind.entries()) store.appendCommit({ ...commit, seq: last + 1 + index, run: n });
  const over = { ...fork, lastSeq: last + behind.length };
  store.endRun(over);
  return over;
}

describe("[property 13] what snapshots leave out", () => {
  it.each(NAMED)("%s is the same without them", (_, log) => {
    const { replay } = opened(log);
    const { disk, replay: without } = opened({ ...log, rows: { ...log.rows, snapshots: [], snapshot_parts: [] } });
    expect(disk.exec("SELECT * FROM snapshots", [])).toEqual([]);
    expect(without.all()).toEqual(replay.all());
  });

  it("is told by one of the logs", () => {
    expect(LOGS.some(({ rows }) => (rows["snapshots"]?.length ?? 0) > 1)).toBe(true);
  });
});

describe("[property 4, G7, F18] a follower of a recorded run that comes back", () => {
  it.each(NAMED)("%s: at any id gets exactly the rest", (_, log) => {
    const { replay } = opened(log);
    for (const row of replay.runs()) {
      const whole = follow(replay, row, -1);
      const ids = whole.map(({ id }) => id);
      expect(ids).toEqual([...new Set(ids)].sort((one, other) => one - other));
      for (let at = 0; at < whole.length; at += Math.ceil(whole.length / 40))
        expect(follow(replay, row, ids[at] ?? -1)).toEqual(whole.slice(at + 1));
    }
  });
});

/** SHA-256 of all frames of all runs that were written before there were steps, by scene; rows may be added, never edited. */
const FORMER = JSON.parse(readFileSync(`${import.meta.dirname}/former-frames.json`, "utf8")) as Readonly<
  Record<string, string>
>;

describe("[G7] a run that was written before there were steps", () => {
  it.each(NAMED)("%s: has the frames that it had then, ids and all", (scene, log) => {
    const { replay } = opened(log);
    const former = replay.runs().filter((row) => replay.commitsOf(row)[0]?.shows === null);
    const text = JSON.stringify(former.map((row) => follow(replay, row, -1)));
    if (former.length > 0) expect(createHash("sha256").update(text).digest("hex")).toBe(FORMER[scene]);
  });

  it("is one of those that are kept", () => {
    expect(Object.keys(FORMER).length).toBeGreaterThan(20);
  });
});

function follow({ store, past }: Replay, row: RunRow, after: number): Frame[] {
  const plan = loadPlan(row.graphHash, () => store.graph(row.graphHash), nodeKinds);
  const modes = ["values", "updates", "messages-tuple", "custom", "tasks"] as const;
  const names = { row, threadId: row.runId, plan, globals: {}, inputStep: 0 };
  const core = { store, past } as unknown as ThreadCore;
  const stateOf = () => (): never => {
    throw new Error("No checkpoints were asked for.");
  };
  const look = { core, names, begin: () => past.begin(row), open: () => past.asked(row), stateOf };
  const framer = new Framer(look, { modes, subgraphs: false });
  const source = { store, run: () => row, lastSeq: () => store.lastCommit()?.seq ?? 0, live: () => undefined };
  const follower = new Follower({ ...source, watch: () => () => undefined }, framer, after);
  const frames: Frame[] = [];
  while (!follower.isDone) frames.push(...follower.read().frames);
  return frames;
}

function entriesOf(log: KeptLog): (row: RunRow) => string[] {
  const { replay } = opened(log);
  return (row) => replay.commitsOf(row).map(({ entry }) => entry.type);
}
