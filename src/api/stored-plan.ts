import { failure } from "../base/errors.ts";
import { compileGraph } from "../graph/compile.ts";
import type { Plan } from "../graph/plan.ts";
import type { NodeKinds } from "../nodes/registry.ts";
import type { GraphVersionRow } from "../storage/graphs.ts";

/**
 * A stored version, compiled by this release. @throws EdgewiseError `invalid_graph` where it is in a language that this release
 * reads no more, or reads differently: no run could start on it.
 */
export function planOf(row: GraphVersionRow, kinds: NodeKinds): Plan {
  const compiled = compileGraph({ text: row.document, type: "json" }, kinds, { advise: false });
  if (compiled.ok && compiled.plan.hash === row.hash) return compiled.plan;
  const problems = compiled.ok ? [] : compiled.problems;
  const reason = problems.find(({ severity }) => severity === "error")?.message ?? "It now reads as another graph.";
  const text = `Version ${row.version} of graph "${row.graphId}" does not compile any more: ${reason}`;
  throw failure("invalid_graph", text, { details: problems.map((problem) => ({ ...problem })) });
}
