import { failure } from "../base/errors.ts";
import { compileGraph } from "../graph/compile.ts";
import { documentText } from "../graph/identity.ts";
import type { Plan } from "../graph/plan.ts";
import type { Problem } from "../graph/problems.ts";
import { nodeKinds } from "../nodes/registry.ts";
import type { ApiContext } from "./context.ts";
import { mediaTypeOf, readText } from "./body.ts";

/** A version is one row of D1, which takes 2 MB: the text as sent and the document made of it must fit together. */
const MAX_SOURCE_BYTES = 512 * 1024;
const MAX_DOCUMENT_LENGTH = 1024 * 1024;

const YAML_TYPES = ["application/yaml", "text/yaml", "application/x-yaml"] as const;

/** A graph document as a body, for the API's description. */
export const graphBody = {
  required: true,
  content: {
    "application/json": { schema: { $ref: "/schema/graph.json" } },
    ...Object.fromEntries(YAML_TYPES.map((type) => [type, { schema: { type: "string" as const } }])),
  },
};

export interface GraphSource {
  readonly text: string;
  readonly type: "json" | "yaml";
}

/** A graph document as it was sent: its text, so that problems can name lines and columns. */
export async function readGraphSource(c: ApiContext): Promise<GraphSource> {
  const mediaType = mediaTypeOf(c.req.header("content-type"));
  const yaml = YAML_TYPES.some((type) => type === mediaType);
  if (!yaml && mediaType !== "application/json") {
    const known = ["application/json", ...YAML_TYPES].join(", ");
    throw failure("unsupported_media_type", `A graph is sent as one of ${known}, not "${mediaType}".`);
  }
  const text = await readText(c.req.raw.body, MAX_SOURCE_BYTES);
  return { text, type: yaml ? "yaml" : "json" };
}

/** A document that could be stored. */
export type CheckedGraph =
  | { readonly ok: true; readonly plan: Plan; readonly document: string; readonly warnings: readonly Problem[] }
  | { readonly ok: false; readonly problems: readonly Problem[] };

/** Everything that storing a graph asks of it; nothing is evaluated, fetched or written. */
export function checkGraph(source: GraphSource): CheckedGraph {
  const compiled = compileGraph(source, nodeKinds);
  if (!compiled.ok) return compiled;
  const { plan, warnings } = compiled;
  // In its own order: which node stands first means something (R5).
  const document = documentText(plan);
  if (document.length <= MAX_DOCUMENT_LENGTH) return { ok: true, plan, document, warnings };
  const message = `As JSON the document has ${document.length} characters; ${MAX_DOCUMENT_LENGTH} are allowed.`;
  return { ok: false, problems: [...warnings, { severity: "error", code: "too_large", message, path: "" }] };
}

/** @throws EdgewiseError `invalid_graph`, with every problem. */
export function requireGraph(source: GraphSource): Extract<CheckedGraph, { readonly ok: true }> {
  const checked = checkGraph(source);
  if (checked.ok) return checked;
  const errors = checked.problems.filter((problem) => problem.severity === "error");
  const [first] = errors;
  const where = first?.line === undefined ? "" : ` at line ${first.line}, column ${first.column ?? 1}`;
  const count = errors.length === 1 ? "one error" : `${errors.length} errors`;
  throw failure("invalid_graph", `The document has ${count}. The first${where}: ${first?.message ?? ""}`, {
    pointer: first?.path ?? "",
    details: checked.problems.map((problem) => ({ ...problem })),
  });
}
