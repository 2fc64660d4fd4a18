import type { Json } from "../base/json.ts";
import { compileExpressionAt } from "./compile-context.ts";
import type { Compilation } from "./compile-context.ts";
import { parsePart } from "./parse-part.ts";
import type { PlanEdge } from "./plan.ts";
import { nearest } from "./problems.ts";
import type { Path } from "./problems.ts";
import { edgeSchema } from "./schema.ts";
import type { EdgeConfig } from "./schema.ts";

const MOST_EDGES = 50_000;

/** Edges by where they leave: a node's index, or "start". */
export type EdgesByOrigin = ReadonlyMap<number | "start", readonly PlanEdge[]>;

interface ParsedEdge {
  readonly config: EdgeConfig;
  readonly path: Path;
}

export function compileEdges(raw: readonly Json[], ids: ReadonlyMap<string, number>, work: Compilation): EdgesByOrigin {
  if (raw.length > MOST_EDGES) {
    work.problems.add({ code: "too_large", message: `A graph has at most ${MOST_EDGES} edges.`, path: ["edges"] });
    return new Map();
  }
  const parsed: ParsedEdge[] = [];
  for (const [index, value] of raw.entries()) {
    if (work.problems.full) break;
    const path = ["edges", index];
    const config = parsePart(edgeSchema, value, path, work.problems);
    if (config !== undefined) parsed.push({ config, path });
  }
  checkDuplicates(parsed, work);
  checkElse(parsed, work);
  const edges = new Map<number | "start", PlanEdge[]>();
  for (const edge of parsed) {
    if (work.problems.full) break;
    addEdge(edge, ids, work, edges);
  }
  if (!parsed.some(({ config }) => config.from === "start")) {
    const message = "No edge leaves start, so nothing would run.";
    work.problems.add({
      code: "no_start",
      message,
      path: ["edges"],
      atKey: true,
      hint: "Add { from: start, to: <node> }.",
    });
  }
  return edges;
}

function addEdge(
  { config, path }: ParsedEdge,
  ids: ReadonlyMap<string, number>,
  work: Compilation,
  edges: Map<number | "start", PlanEdge[]>,
): void {
  const from = config.from === "start" ? "start" : ids.get(config.from);
  const to = config.to === "end" ? "end" : ids.get(config.to);
  if (from === undefined) addDangling(config.from, "leave", [...path, "from"], ids, work);
  if (to === undefined) addDangling(config.to, "lead to", [...path, "to"], ids, work);
  const condition = conditionOf(config, path, work);
  if (from === undefined || to === undefined) return;
  const list = edges.get(from);
  if (list === undefined) edges.set(from, [{ to, condition }]);
  else list.push({ to, condition });
}

function addDangling(id: string, does: string, path: Path, ids: ReadonlyMap<string, number>, work: Compilation): void {
  if (id === "start" || id === "end") {
    work.problems.add({ code: "dangling_edge", message: `An edge cannot ${does} ${id}.`, path });
    return;
  }
  const near = nearest(id, ids.keys());
  const message = `There is no node "${id.slice(0, 80)}".`;
  work.problems.add({
    code: "dangling_edge",
    message,
    path,
    ...(near === undefined ? {} : { hint: `Did you mean "${near}"?` }),
  });
}

function conditionOf(config: EdgeConfig, path: Path, work: Compilation): PlanEdge["condition"] {
  if (config.when !== undefined) {
    return { kind: "when", expression: compileExpressionAt(work, config.when, [...path, "when"], "bool") };
  }
  return config.else === true ? { kind: "else" } : { kind: "always" };
}

function checkDuplicates(edges: readonly ParsedEdge[], work: Compilation): void {
  const seen = new Set<string>();
  for (const { config, path } of edges) {
    const key = JSON.stringify([config.from, config.to]);
    if (seen.has(key)) {
      const message = `There is another edge from "${config.from}" to "${config.to}" before this one.`;
      const hint = "Leave one out; two conditions become one with ||.";
      work.problems.add({ code: "duplicate_edge", message: message.slice(0, 300), path, hint });
    }
    seen.add(key);
  }
}

function checkElse(edges: readonly ParsedEdge[], work: Compilation): void {
  const conditional = new Set(edges.filter(({ config }) => config.when !== undefined).map(({ config }) => config.from));
  for (const { config, path } of edges) {
    if (config.else !== true) continue;
    if (config.when !== undefined) {
      work.problems.add({
        code: "else_with_when",
        message: "An edge has either when or else, not both.",
        path: [...path, "else"],
      });
    } else if (!conditional.has(config.from)) {
      const message = `else needs another edge from "${config.from.slice(0, 80)}" with when.`;
      work.problems.add({
        code: "else_without_when",
        message,
        path: [...path, "else"],
        hint: "Leave else out to take the edge always.",
      });
    }
  }
}
