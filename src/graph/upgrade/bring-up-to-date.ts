import { isJsonObject } from "../../base/json.ts";
import type { Json } from "../../base/json.ts";
import { expandCompact } from "../compact/expand.ts";
import { ExpandedProblems } from "../compact/origin.ts";
import type { NodeKindSpecs } from "../kinds.ts";
import type { Problems } from "../problems.ts";
import { upgradeDocument } from "./upgrade.ts";

/** A document as the compiler wants it: of the newest format, with nodes and edges. */
export interface UpToDate {
  readonly document: Json;
  /** Takes problems of `document` and says them of what was written. */
  readonly problems: Problems;
}

/** Undefined, and a problem, for a document of a format that is not known. What is wrong with its steps goes to `problems`. */
export function bringUpToDate(document: Json, kinds: NodeKindSpecs, problems: Problems): UpToDate | undefined {
  if (!isJsonObject(document)) return { document, problems };
  const upgraded = upgradeDocument(document);
  if ("problem" in upgraded) {
    problems.add(upgraded.problem);
    return undefined;
  }
  const expanded = expandCompact(upgraded.document, kinds);
  for (const mistake of expanded.mistakes) problems.add(mistake);
  if (expanded.document === document) return { document, problems };
  return { document: expanded.document, problems: new ExpandedProblems(problems, expanded.scope) };
}
