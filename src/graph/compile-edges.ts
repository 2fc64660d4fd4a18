import type { Json } from "../base/json.ts";
import { compileExpressionAt, targetAt } from "./compile-context.ts";
import type { Compilation } from "./compile-context.ts";
import { parsePart } from "./parse-part.ts";
import type { PlanEdge } from "./plan.ts";
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

export function compileEdges(raw: readonly Json[], work: Compilation): EdgesByOrigin {
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
    addEdge(edge, work, edges);
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

function addEdge({ config, path }: ParsedEdge, work: Compilation, edges: Map<number | "start", PlanEdge[]>): void {
  const from = config.from === "start" ? "start" : targetAt(work, config.from, [...path, "from"], "leave");
  const to = config.to === "end" ? "end" : targetAt(work, config.to, [...path, "to"]);
  const condition = conditionOf(config, path, work);
  if (from === undefined || to === undefined) return;
  const list = edges.get(from);
  if (list === undefined) edges.set(from, [{ to, condition }]);
  else list.push({ to, condition });
}

function conditionOf(config: EdgeConfig, path: Path, work: Compilation): PlanEdge["condition"] {
  if (config.when !== undefined) {
    const own: Compilation = { ...work, reads: new Set() };
    const expression = compileExpressionAt(own, config.when, [...path, "when"], "bool");
    for (const channel of own.reads) work.reads.add(channel);
    return { kind: "when", expression, reads: [...own.reads] };
  }
  return config.else === true ? { kind: "else" } : { kind: "always" };
}

function checkDuplicates(edges: readonly ParsedEdge[], work: Compilation): void {
  const seen = new Map<string, EdgeConfig>();
  for (const { config, path } of edges) {
    const key = JSON.stringify([config.from, config.to]);
    const before = seen.get(key);
    if (before !== undefined) {
      const message = `There is another edge from "${config.from}" to "${config.to}" before this one.`;
      const hint = "Leave one out; two conditions become one with ||.";
      const same = before.when === config.when && before.else === config.else;
      const fix = same ? { fix: { says: "Remove the second of two equal edges", edits: [{ path }] } } : {};
      work.problems.add({ code: "duplicate_edge", message: message.slice(0, 300), path, hint, ...fix });
    } else seen.set(key, config);
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
