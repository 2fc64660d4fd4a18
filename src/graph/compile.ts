import { isJsonObject } from "../base/json.ts";
import type { Json, JsonObject } from "../base/json.ts";
import type { Session } from "./compile-graph.ts";
import { compileNested } from "./compile-inside.ts";
import type { NodeKindSpecs } from "./kinds.ts";
import { lintDocument } from "./lint/lint.ts";
import { parsePart } from "./parse-part.ts";
import type { Plan } from "./plan.ts";
import { Problems } from "./problems.ts";
import type { Problem } from "./problems.ts";
import { headSchema } from "./schema.ts";
import { readSource, textOf } from "./text/read.ts";
import type { GraphSource } from "./text/read.ts";
import { bringUpToDate } from "./upgrade/bring-up-to-date.ts";

export type { Problem } from "./problems.ts";
export type { GraphSource } from "./text/read.ts";

export type CompileResult =
  | {
      readonly ok: true;
      readonly plan: Plan;
      readonly warnings: Problem[];
      /** Advice (severity "hint"); the document is good as it is. */
      readonly hints: Problem[];
    }
  | { readonly ok: false; readonly problems: Problem[] };

export interface CompileOptions {
  /** Gives the document the graphs that its nodes name and that it does not hold; its other parts stay as they are. */
  readonly link?: (document: JsonObject) => JsonObject;
  /** Whether to look for what deserves a warning or a hint: not in what was published long ago. */
  readonly advise?: boolean;
}

const asItIs = (document: JsonObject): JsonObject => document;

/**
 * Checks a document and makes it ready to run. All problems are found at once, each with code and path, and with
 * line and column when the document came as text. Never throws, whatever it is given.
 */
export function compileGraph(source: GraphSource, kinds: NodeKindSpecs, options: CompileOptions = {}): CompileResult {
  const { link = asItIs, advise = true } = options;
  const problems = new Problems();
  const read = readSource(source, problems);
  const ready = read === undefined ? undefined : bringUpToDate(read.value, kinds, problems);
  const compiled = ready === undefined ? undefined : compileDocument(ready.document, kinds, ready.problems, link);
  if (advise && compiled !== undefined && isJsonObject(ready?.document)) {
    for (const lint of compiled.lints) lint();
    lintDocument(ready.document, ready.problems);
  }
  const list = problems.list(textOf(source), read?.root);
  if (compiled === undefined || problems.failed) return { ok: false, problems: list };
  const isHint = ({ severity }: Problem): boolean => severity === "hint";
  const { plan } = compiled;
  return { ok: true, plan, warnings: list.filter((problem) => !isHint(problem)), hints: list.filter(isHint) };
}

function compileDocument(
  document: Json,
  kinds: NodeKindSpecs,
  problems: Problems,
  link: (document: JsonObject) => JsonObject,
): { readonly plan: Plan; readonly lints: Session["lints"] } | undefined {
  const head = parsePart(headSchema, document, [], problems);
  if (!isJsonObject(document)) return undefined;
  const session: Session = { kinds, counts: { expressions: 0, nodes: 0 }, lints: [] };
  const id = head?.id ?? "";
  const compiled = compileNested(link(document), { id, name: head?.name ?? id }, problems, session);
  if (head === undefined || compiled === undefined || problems.failed) return undefined;
  return { plan: compiled.plan, lints: session.lints };
}
