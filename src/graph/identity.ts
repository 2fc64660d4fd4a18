import { sha256Hex } from "../base/hash.ts";
import { canonicalJson } from "../base/json.ts";
import type { JsonObject } from "../base/json.ts";
import { namesOf, ordersInside } from "./graphs-inside.ts";
import type { Plan } from "./plan.ts";

/**
 * What a graph is pinned by. Canonical JSON sorts keys, but the order of nodes and channels carries meaning (R5:
 * a node's position decides the order of folds), so the lists of their names are hashed with the document, of graphs inside too.
 * Every other mapping may be reordered without a change.
 */
export function documentHash(document: JsonObject): string {
  return sha256Hex(canonicalJson([1, ...namesOf(document), document, ...ordersInside(document)]));
}

/** The document as it is stored: JSON with its order kept. Compiled again it gives an equal plan and hash. */
export function documentText(plan: Plan): string {
  return JSON.stringify(plan.document);
}
