import { failure } from "../base/errors.ts";
import type { JsonObject } from "../base/json.ts";
import { fieldsOf } from "../graph/compact/fields.ts";
import { type CompileResult, compileGraph } from "../graph/compile.ts";
import { unknownGraphText } from "../graph/compile-inside.ts";
import { documentText } from "../graph/identity.ts";
import type { Plan } from "../graph/plan.ts";
import type { Problem } from "../graph/problems.ts";
import type { NodeKinds } from "../nodes/registry.ts";
import { graphVersion, shownGraph } from "../storage/graphs.ts";
import type { ApiContext } from "./context.ts";
import type { GraphSource } from "./graph-body.ts";
import { type FindVersion, type Link, linkGraphs, outsideNames, type Refusal } from "./link-graphs.ts";

/** A version is one row of D1, which takes 2 MB: the text as sent and the document made of it must fit together. */
const MAX_DOCUMENT_BYTES = 1024 * 1024;

/** What a check needs besides the text. */
export interface Surroundings {
  readonly kinds: NodeKinds;
  readonly find: FindVersion;
}

/** A document that could be stored. */
export type CheckedGraph =
  | {
      readonly ok: true;
      readonly plan: Plan;
      /** As JSON, with the graphs that were linked to it. */
      readonly document: string;
      readonly links: readonly Link[];
      readonly warnings: readonly Problem[];
      readonly hints: readonly Problem[];
    }
  | { readonly ok: false; readonly problems: readonly Problem[] };

export function surroundingsOf(c: ApiContext): Surroundings {
  const { database, tenant, kinds } = c.var;
  const find: FindVersion = (graphId, version) =>
    version === undefined ? shownGraph(database, tenant, graphId) : graphVersion(database, tenant, graphId, version);
  return { kinds, find };
}

/** Everything that storing a graph asks of it. Graphs that it names are looked up; nothing is evaluated or written. */
export async function checkGraph(source: GraphSource, { kinds, find }: Surroundings): Promise<CheckedGraph> {
  const runsGraph = (kind: string): boolean => {
    const spec = kinds.get(kind);
    return spec !== undefined && "graph" in fieldsOf(spec.schema);
  };
  let written: JsonObject = {};
  const alone = compileGraph(source, kinds, {
    link(document) {
      written = document;
      return document;
    },
  });
  if (outsideNames(written, runsGraph).size === 0) return storable(alone, []);
  const { document, links, refusals } = await linkGraphs(written, runsGraph, find);
  return told(storable(compileGraph(source, kinds, { link: () => document }), links), refusals);
}

function storable(compiled: CompileResult, links: readonly Link[]): CheckedGraph {
  if (!compiled.ok) return compiled;
  const { plan, warnings, hints } = compiled;
  // In its own order: which node stands first means something (R5).
  const document = documentText(plan);
  const bytes = new TextEncoder().encode(document).byteLength;
  if (bytes <= MAX_DOCUMENT_BYTES) {
    const isOwn = ({ path }: Problem): boolean => !isLinked(path, links);
    return { ok: true, plan, document, links, warnings: warnings.filter(isOwn), hints: hints.filter(isOwn) };
  }
  const message = `As JSON the document has ${bytes} bytes; ${MAX_DOCUMENT_BYTES} are allowed.`;
  return { ok: false, problems: [...warnings, { severity: "error", code: "too_large", message, path: "" }] };
}

/** What is said of a linked graph was said when that was published. */
function isLinked(path: string, links: readonly Link[]): boolean {
  return links.some(({ graphId, version }) => path.startsWith(`/graphs/${graphId}@${version}/`));
}

/** The compiler knows only that a graph is not there; why it is not is known here. */
function told(checked: CheckedGraph, refusals: ReadonlyMap<string, Refusal>): CheckedGraph {
  if (checked.ok) return checked;
  const byText = new Map([...refusals].map(([name, refusal]) => [unknownGraphText(name), refusal]));
  const problems = checked.problems.map((problem) => {
    const refusal = problem.code === "unknown_graph" ? byText.get(problem.message) : undefined;
    return refusal === undefined ? problem : { ...problem, ...refusal };
  });
  return { ok: false, problems };
}

/** @throws EdgewiseError `invalid_graph`, with every problem. */
export async function requireGraph(
  source: GraphSource,
  surroundings: Surroundings,
): Promise<Extract<CheckedGraph, { readonly ok: true }>> {
  const checked = await checkGraph(source, surroundings);
  if (checked.ok) return checked;
  throw invalidGraph(checked.problems);
}

export function invalidGraph(problems: readonly Problem[]) {
  const errors = problems.filter((problem) => problem.severity === "error");
  const [first] = errors;
  const where = first?.line === undefined ? "" : ` at line ${first.line}, column ${first.column ?? 1}`;
  const count = errors.length === 1 ? "one error" : `${errors.length} errors`;
  return failure("invalid_graph", `The document has ${count}. The first${where}: ${first?.message ?? ""}`, {
    pointer: first?.path ?? "",
    details: problems.map((problem) => ({ ...problem })),
  });
}
