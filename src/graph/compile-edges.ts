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

/** @param needsStart whether an edge has to leave start: not where nodes are called by their ids */
export function compileEdges(raw: readonly Json[], work: Compilation, needsStart: boolean): EdgesByOrigin {
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
  if (needsStart && !parsed.some(({ config }) => config.from === "start")) {
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
  const own: Compilation = { ...work, needs: { payload: false } };
  const condition = conditionOf(config, path, own);
  const send = config.send === undefined ? undefined : readingAt(config.send, [...path, "send"], "list", own);
  if (from !== undefined && own.needs.payload) work.needPayload.add(from);
  if (send !== undefined && to === "end") {
    const message = "Nothing can be sent to end.";
    work.problems.add({ code: "send_to_end", message, path: [...path, "send"], atKey: true, hint: "Leave send out." });
  }
  if (from === undefined || to === undefined) return;
  const edge: PlanEdge = { to, condition, ...(send === undefined ? {} : { send }) };
  const list = edges.get(from);
  if (list === undefined) edges.set(from, [edge]);
  else list.push(edge);
}

function conditionOf(config: EdgeConfig, path: Path, work: Compilation): PlanEdge["condition"] {
  if (config.when !== undefined) return { kind: "when", ...readingAt(config.when, [...path, "when"], "bool", work) };
  return config.else === true ? { kind: "else" } : { kind: "always" };
}

/** An expression of an edge, with the channels that it reads itself. */
function readingAt(source: string, path: Path, wanted: "bool" | "list", work: Compilation): Reading {
  const own: Compilation = { ...work, reads: new Set() };
  const expression = compileExpressionAt(own, source, path, wanted);
  for (const channel of own.reads) work.reads.add(channel);
  return { expression, reads: [...own.reads] };
}

type Reading = NonNullable<PlanEdge["send"]>;

function checkDuplicates(edges: readonly ParsedEdge[], work: Compilation): void {
  const seen = new Map<string, EdgeConfig>();
  for (const { config, path } of edges) {
    const key = JSON.stringify([config.from, config.to]);
    const before = seen.get(key);
    if (before !== undefined) {
      const message = `There is another edge from "${config.from}" to "${config.to}" before this one.`;
      const sends = before.send !== undefined && config.send !== undefined;
      const hint = `Leave one out; two ${sends ? "lists become one with + or ? :" : "conditions become one with ||"}.`;
      const same = before.when === config.when && before.else === config.else && before.send === config.send;
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
