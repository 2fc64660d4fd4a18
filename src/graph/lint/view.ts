import type { Json, JsonObject } from "../../base/json.ts";
import { isJsonObject } from "../../base/json.ts";
import type { Plan } from "../plan.ts";
import { readsOf } from "../sends.ts";
import type { Found, Path, Problems } from "../problems.ts";

/** What every rule looks at: one graph. Paths are relative to it. */
export interface LintView {
  readonly plan: Plan;
  readonly problems: Problems;
  /** Channels that some expression of the graph reads, and that some node may write. */
  readonly reads: ReadonlySet<string>;
  readonly writes: ReadonlySet<string>;
  /** Nodes (or the start) of which some expression fails where no send has activated the task. */
  readonly needPayload: ReadonlySet<number | "start">;
}

export type Rule = (view: LintView) => void;

/** More of one kind teach nothing new. */
export const MOST_FINDINGS = 20;

/** Reports what one rule found, the first so many of it. */
export function report(
  { problems }: Pick<LintView, "problems">,
  severity: "warning" | "hint",
  found: readonly Omit<Found, "severity">[],
): void {
  const left = found.length - MOST_FINDINGS;
  for (const [index, finding] of found.slice(0, MOST_FINDINGS).entries()) {
    const more = left > 0 && index === MOST_FINDINGS - 1 ? ` And ${left} more like this.` : "";
    problems.add({ ...finding, severity, message: finding.message + more });
  }
}

/** Path of the edge between two nodes; a plan has at most one (duplicate_edge). */
export function edgePaths({ plan }: LintView): (from: number | "start", to: number | "end") => Path {
  const places = new Map<string, number>();
  const edges = plan.document["edges"];
  (Array.isArray(edges) ? edges : []).forEach((edge: Json, index: number) => {
    if (isJsonObject(edge)) places.set(JSON.stringify([edge["from"], edge["to"]]), index);
  });
  return (from, to) => {
    const index = places.get(JSON.stringify([nameOf(plan, from), nameOf(plan, to)]));
    return index === undefined ? ["nodes", nameOf(plan, from)] : ["edges", index];
  };
}

export function nameOf(plan: Plan, node: number | "start" | "end"): string {
  return typeof node === "string" ? node : (plan.nodes[node]?.id ?? "");
}

/** A node as its author wrote it. */
export function rawNodeOf(document: JsonObject, id: string): JsonObject {
  const nodes = document["nodes"];
  const node = isJsonObject(nodes) && Object.hasOwn(nodes, id) ? nodes[id] : undefined;
  return isJsonObject(node) ? node : {};
}

/** Per channel the nodes that read it, in their own expressions or in their edges' conditions, and those that may write it. */
export interface Traffic {
  readonly readers: readonly number[];
  readonly writers: readonly number[];
}

export function trafficOf({ plan }: LintView): ReadonlyMap<string, Traffic> {
  const traffic = new Map(
    plan.channels.map(({ name }) => [name, { readers: new Set<number>(), writers: new Set<number>() }]),
  );
  for (const { index, reads, writes, edges } of plan.nodes) {
    for (const channel of reads) traffic.get(channel)?.readers.add(index);
    for (const channel of writes) traffic.get(channel)?.writers.add(index);
    for (const edge of edges) for (const channel of readsOf(edge)) traffic.get(channel)?.readers.add(index);
  }
  return new Map(
    [...traffic].map(([name, { readers, writers }]) => [name, { readers: [...readers], writers: [...writers] }]),
  );
}
