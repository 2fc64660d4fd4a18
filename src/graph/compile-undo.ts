import { isJsonObject } from "../base/json.ts";
import type { Json, JsonObject } from "../base/json.ts";
import type { Compilation } from "./compile-context.ts";
import type { Standing } from "./compile-limits.ts";
import type { CompiledNode } from "./compile-nodes.ts";
import type { PlanEdge, PlanNode } from "./plan.ts";
import { nearest } from "./problems.ts";
import type { Path, Problems } from "./problems.ts";

/** The nodes that undo others, by their ids: their expressions know what they undo, as `item`. */
export function undosIn(nodes: JsonObject): ReadonlySet<string> {
  return new Set(Object.values(nodes).flatMap((node) => undoOf(node) ?? []));
}

function undoOf(node: Json | undefined): string | undefined {
  return isJsonObject(node) && typeof node["undo"] === "string" ? node["undo"] : undefined;
}

/** The place of the node that undoes this one; undefined, and a problem, where none can. */
export function compileUndo(
  undo: string | undefined,
  node: { readonly id: string; readonly path: Path; readonly cached: boolean },
  undos: ReadonlySet<string>,
  work: Compilation,
): number | undefined {
  const { id, path } = node;
  if (node.cached && (undo !== undefined || undos.has(id))) {
    const message =
      undo === undefined
        ? `"${id}" undoes something; a result that was kept would leave it as it is.`
        : `A result of "${id}" that was kept is another run's work, which is not to be undone.`;
    addInvalid(work, message, [...path, "cache"], "Leave cache out.");
  }
  if (undo === undefined) return undefined;
  const place = [...path, "undo"];
  const index = work.ids.get(undo);
  if (index === undefined) {
    const near = nearest(undo, work.ids.keys());
    const hint = near === undefined ? "Name a node of this graph." : `Did you mean "${near}"?`;
    addInvalid(work, `There is no node "${undo.slice(0, 80)}".`, place, hint);
    return undefined;
  }
  if (undo === id) addInvalid(work, `"${id}" cannot undo itself.`, place, "Name another node.");
  else if (undos.has(id))
    addInvalid(work, `"${id}" undoes something, so it has no \`undo\` of its own.`, place, "Leave undo out.");
  return index;
}

/** What undoes something stands apart: it is begun by the saga, not by edges, and nothing follows it. */
export function checkUndos(
  edges: Json | undefined,
  nodes: readonly CompiledNode[],
  undos: ReadonlySet<string>,
  work: Compilation,
): void {
  if (undos.size === 0) return;
  const leads = (id: string): string =>
    `"${id.slice(0, 80)}" undoes another node, so a saga begins it and no edge leads to it.`;
  const leaves = (id: string): string => `"${id.slice(0, 80)}" undoes another node, so nothing follows it.`;
  for (const [index, edge] of (Array.isArray(edges) ? (edges as readonly Json[]) : []).entries()) {
    if (!isJsonObject(edge)) continue;
    const { from, to } = edge;
    const hint = "Leave the edge out.";
    if (typeof to === "string" && undos.has(to)) addInvalid(work, leads(to), ["edges", index, "to"], hint);
    if (typeof from === "string" && undos.has(from) && to !== "end")
      addInvalid(work, leaves(from), ["edges", index, "from"], hint);
  }
  const idOf = new Map([...work.ids].map(([id, index]) => [index, id]));
  for (const { id, targets } of nodes) {
    for (const { to } of targets) {
      const target = to === "end" ? undefined : idOf.get(to);
      if (target === undefined) continue;
      if (undos.has(target)) addInvalid(work, leads(target), ["nodes", id], "Name another node.");
      if (undos.has(id)) addInvalid(work, leaves(id), ["nodes", id], "Use end, or a graph of its own (subgraph).");
    }
  }
}

/** A frame begins at what undoes something if a saga says so (0019): edges from start that are taken by nothing else. */
export function undoStarts(nodes: readonly Pick<PlanNode, "undo">[]): PlanEdge[] {
  const undos = new Set(nodes.flatMap(({ undo }) => undo ?? []));
  return [...undos].sort((one, other) => one - other).map((to) => ({ to, condition: { kind: "goto", label: "undo" } }));
}

/**
 * Nothing undoes what a graph has done that no saga runs. One in place is run by its node alone: a mistake. Another may be
 * run by several, or published to be run by a saga elsewhere: then it is told, and no more.
 */
export function noteUseless(nodes: JsonObject, standing: Standing, problems: Problems): void {
  for (const [id, node] of Object.entries(nodes)) {
    if (undoOf(node) === undefined) continue;
    problems.add({
      severity: standing === "placed" ? "error" : "hint",
      code: "useless_undo",
      message: `"${id.slice(0, 80)}" is undone where a saga runs this graph; here none does.`,
      path: ["nodes", id, "undo"],
      atKey: true,
      hint: standing === "placed" ? "Leave undo out, or run the graph by a node of kind saga." : "Run it by a saga.",
    });
  }
}

function addInvalid(work: Compilation, message: string, path: Path, hint: string): void {
  work.problems.add({ code: "invalid_undo", message, path, hint });
}
