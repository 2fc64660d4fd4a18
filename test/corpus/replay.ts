import { createHash } from "node:crypto";
import { toErrorRecord } from "../../src/base/errors.ts";
import { canonicalJson, type Json } from "../../src/base/json.ts";
import type { LeftFrame, Step, Task, View } from "../../src/engine/types.ts";
import type { Plan } from "../../src/graph/plan.ts";
import { nodeKinds } from "../../src/nodes/registry.ts";
import { planOf } from "../../durable-objects/log/places.ts";
import type { RunRow } from "../../durable-objects/log/rows.ts";
import type { ThreadStore } from "../../durable-objects/log/store.ts";
import { Past } from "../../durable-objects/run/past.ts";
import { loadPlan } from "../../durable-objects/run/plans.ts";
import { Rebuilding } from "../../durable-objects/run/rebuilding.ts";
import { keyOf } from "../../durable-objects/run/work.ts";
import type { ExpectedRun } from "./kept-log.ts";

/** A log as this engine reads it. */
export class Replay {
  readonly store: ThreadStore;
  readonly past: Past;
  readonly #rebuilding: Rebuilding;
  readonly #threadId: string;

  constructor(store: ThreadStore) {
    this.store = store;
    const plan = (hash: string): Plan => loadPlan(hash, () => store.graph(hash), nodeKinds);
    this.past = new Past(store, plan);
    this.#rebuilding = new Rebuilding(store, this.past, plan, nodeKinds);
    this.#threadId = store.thread()?.threadId ?? "";
  }

  runs(): readonly RunRow[] {
    return this.store.runsAfter(0);
  }

  /** Everything that this engine makes of the log. */
  all(): readonly ExpectedRun[] {
    return this.runs().map((row) => ({
      run: row.runId,
      status: row.status,
      commands: this.commands(row),
      resumed: this.resumed(row),
      values: Object.fromEntries([...this.past.end(row)].map(([name, value]) => [name, short(value)])),
    }));
  }

  /** What each commit of a run leads to. */
  commands(row: RunRow): string[] {
    const playback = this.past.begin(row);
    return this.commitsOf(row).map(({ entry }) => {
      const step = playback.apply(entry);
      const values = digest(Object.fromEntries(playback.threadValues()));
      return `${entry.type} ${step === undefined ? "" : commandsOf(step, playback.plan)}state ${values}`;
    });
  }

  /** What a restart after each commit of a run takes up, and when it is due by itself. */
  resumed(row: RunRow): string[] {
    const base = this.past.base(row);
    return this.commitsOf(row).map(({ seq, at }) => {
      const live = this.#rebuilding.live(row, seq, base, this.#threadId);
      const next = live.nextTime();
      const work = live.recover(at).map(keyOf).join(", ");
      return `${work} next ${next === undefined ? "never" : next - at}`;
    });
  }

  commitsOf(row: RunRow) {
    return [...this.store.commits(row.firstSeq, row.lastSeq ?? Number.MAX_SAFE_INTEGER)];
  }
}

function commandsOf(step: Step, plan: Plan): string {
  const task = (each: Task): string =>
    `${each.id}:${digest([each.payload ?? null, seen(each.view, planOf(plan, each.id))])}`;
  const frame = ({ composite, frame: number }: { composite: Task; frame: number }): string =>
    `${composite.id}[${number}]`;
  const left = (one: LeftFrame): string => {
    const inside = planOf(plan, `${frame(one)}/0.0.0`);
    return `${frame(one)}:${digest([seen(one.state, inside), [...one.failed]])}`;
  };
  const { ready, start, failed, frames, rest } = step;
  return [
    ["ready", ready.map(task)],
    ["start", start.map(({ id }) => id)],
    ["failed", failed.map(({ task: { id }, error }) => `${id}:${error.code}`)],
    ["begin", (frames?.begin ?? []).map(frame)],
    ["left", (frames?.left ?? []).map(left)],
    ["due", (frames?.due ?? []).map(({ id }) => id)],
    ["rest", [canonicalJson(rest as unknown as Json)]],
  ]
    .filter(([, list]) => (list?.length ?? 0) > 0)
    .map(([name, list]) => `${String(name)} ${(list as string[]).join(" ")} `)
    .join("");
}

/** What a view shows, conflicts included. */
function seen(view: View, plan: Plan): Json {
  return plan.channels.map(({ name }): Json => {
    try {
      return [name, view.read(name) ?? "absent"];
    } catch (thrown) {
      // Not the message: words may change.
      const { code, details } = toErrorRecord(thrown);
      return [name, code, details ?? null];
    }
  });
}

const LONGEST = 200;

function short(value: Json): Json {
  return canonicalJson(value).length > LONGEST ? `sha256 ${digest(value)}` : value;
}

export function digest(value: Json): string {
  return createHash("sha256").update(canonicalJson(value)).digest("base64url").slice(0, 16);
}
