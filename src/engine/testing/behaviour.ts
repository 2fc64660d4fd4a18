import { toErrorRecord } from "../../base/errors.ts";
import { canonicalJson, type Json } from "../../base/json.ts";
import type { Outcome, Send, Task, View, Write } from "../types.ts";
import type { Scenario } from "./graphs.ts";
import { hash, Random } from "./random.ts";

/** What a node does with a task. It follows from the node, the payload and the view: as a real node's outcome would. */
export type Deed =
  | { readonly kind: "succeed"; readonly outcome: Outcome }
  | { readonly kind: "take-error-edge"; readonly outcome: Outcome }
  /** Comes back after a resume, or never (only failures). */
  | { readonly kind: "wait" }
  | { readonly kind: "fail"; readonly redriven: boolean };

export function deedOf(scenario: Scenario, task: Task, resumed: boolean): Deed {
  const digest = digestOf(scenario, task.view);
  const random = new Random(scenario.seed, task.node, canonicalJson(task.payload ?? null), digest, String(resumed));
  const { waits, failures } = scenario.features;
  if (!resumed && waits && random.chance(0.25)) return { kind: "wait" };
  if (!resumed && failures && random.chance(0.2)) return { kind: "fail", redriven: random.chance(0.7) };
  const outcome = outcomeOf(scenario, task, random, digest);
  return { kind: failures && random.chance(0.1) ? "take-error-edge" : "succeed", outcome };
}

function outcomeOf(scenario: Scenario, task: Task, random: Random, digest: string): Outcome {
  const edges = scenario.structure.edges[task.node] ?? [];
  const eager = task.level < 8 ? 0.7 : 0.4;
  const takes = edges.filter(() => random.chance(eager));
  const sends: Send[] = [];
  const to = random.pick(edges);
  if (to !== undefined && task.payload === undefined && random.chance(0.3)) {
    for (let count = 1 + random.below(3); count > 0; count -= 1) sends.push({ to, payload: random.below(3) });
  }
  return { writes: writesOf(random, `${task.node}:${hash(digest)}`), takes, sends };
}

function writesOf(random: Random, mark: string): Write[] {
  const writes: Write[] = [];
  const write = (channel: string, value: Json): void => {
    if (random.chance(0.35)) writes.push({ channel, value });
  };
  // Few different values: some writes that have not seen each other must be equal (R6).
  write("plain", random.below(3));
  write("other", random.chance(0.5) ? mark : 1);
  write("latest", mark);
  write("log", random.chance(0.2) ? [mark, "more"] : mark);
  write("object", { [random.chance(0.3) ? "__proto__" : `k${random.below(3)}`]: mark });
  if (random.chance(0.1)) write("plain", random.below(3));
  return writes;
}

export function startOf(scenario: Scenario): Outcome {
  const random = new Random("start", scenario.seed);
  const { starts } = scenario.structure;
  const sends = random.chance(0.2) && starts[0] !== undefined ? [{ to: starts[0], payload: 7 }] : [];
  return { writes: writesOf(random, "input"), takes: starts.filter((_, at) => at === 0 || random.chance(0.7)), sends };
}

/** A write from outside at the run's `pause`-th rest, as some node or as nobody. */
export function updateOf(scenario: Scenario, pause: number): { readonly outcome: Outcome; readonly as?: number } {
  const random = new Random("outside", scenario.seed, pause);
  const writes = writesOf(random, `outside ${pause}`);
  if (random.chance(0.5)) return { outcome: { writes, takes: [], sends: [] } };
  const as = random.below(scenario.structure.nodes);
  const takes = (scenario.structure.edges[as] ?? []).filter(() => random.chance(0.6));
  return { outcome: { writes, takes, sends: [] }, as };
}

/** Everything a view shows, conflicts included, as one text. */
export function digestOf(scenario: Scenario, view: View): string {
  const shown = scenario.structure.channels.map(({ name }) => {
    try {
      const value = view.read(name);
      return value === undefined ? "absent" : canonicalJson(value);
    } catch (thrown) {
      const { code, details } = toErrorRecord(thrown);
      return `${code} ${canonicalJson(details ?? null)}`;
    }
  });
  return shown.join(" | ");
}
