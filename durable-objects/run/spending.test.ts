import { describe, expect, it } from "vitest";
import { compileGraph } from "../../src/graph/compile.ts";
import { nodeKinds } from "../../src/nodes/registry.ts";
import type { RunRow } from "../log/rows.ts";
import { newRun } from "./new-run.ts";
import { Playback } from "./playback.ts";
import { Spending } from "./spending.ts";

const compiled = compileGraph(
  {
    document: {
      edgewise: 1,
      id: "test",
      channels: { n: {} },
      nodes: { hold: { kind: "wait", for: "1h" } },
      edges: [{ from: "start", to: "hold" }],
      limits: { time: "1m" },
    },
  },
  nodeKinds,
);
if (!compiled.ok) throw new Error(JSON.stringify(compiled.problems));
const { plan } = compiled;

function rowOf(more: Partial<RunRow> = {}): RunRow {
  const graph = { graphId: "test", version: 1, hash: plan.hash, document: "" };
  const given = { config: {}, context: {}, metadata: {}, input: {}, streamMode: [], ifNotExists: "create" } as const;
  const command = { tenant: "acme", threadId: "t", runId: "r", assistantId: "test", graph, ...given };
  return { ...newRun(command, { n: 1, firstSeq: 1, now: 5_000, from: null }), ...more };
}

function spendingOf(row: RunRow): Spending {
  return new Spending(new Playback(plan, row, new Map()), row, nodeKinds, () => ({ read: () => undefined }));
}

describe("[G12] the end of a run's time", () => {
  it("is counted from the run's beginning, less what runs before it have taken", () => {
    expect(spendingOf(rowOf()).endsAt(rowOf())).toBe(65_000);
    const alone = rowOf({ kwargs: { used: { timeMs: 20_000 } } });
    expect(spendingOf(alone).endsAt(alone)).toBe(45_000);
    expect(spendingOf(alone).stop(alone, 44_999, false)).toBeUndefined();
    expect(spendingOf(alone).stop(alone, 45_000, false)).toMatchObject({
      type: "run-stopped",
      error: { details: { limit: "time", allowed_ms: 60_000, taken_ms: 60_000 } },
    });
  });

  it("is none at rest: no alarm is set for it while somebody is asked", () => {
    const row = rowOf();
    expect(spendingOf(row).endsAt({ ...row, lastSeq: 2, status: "interrupted" })).toBeUndefined();
  });

  it("is what the newest run was given, when it goes on", () => {
    const spending = spendingOf(rowOf());
    const next = rowOf({ createdAt: 100_000, kwargs: { budget: { timeMs: 7 } } });
    spending.goOn(next);
    expect(spending.endsAt(next)).toBe(100_007);
  });
});
