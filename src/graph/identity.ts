import { sha256Hex } from "../base/hash.ts";
import { canonicalJson, isJsonObject } from "../base/json.ts";
import type { Json, JsonObject } from "../base/json.ts";
import type { Plan } from "./plan.ts";

/**
 * What a graph is pinned by. Canonical JSON sorts keys, but the order of nodes and channels carries meaning (R5:
 * a node's position decides the order of folds), so the lists of their names are hashed with the document.
 * Every other mapping may be reordered without a change.
 */
export function documentHash(document: JsonObject): string {
  return sha256Hex(canonicalJson([1, keysOf(document["channels"]), keysOf(document["nodes"]), document]));
}

function keysOf(value: Json | undefined): readonly string[] {
  return isJsonObject(value) ? Object.keys(value) : [];
}

/** The document as it is stored: JSON with its order kept. Compiled again it gives an equal plan and hash. */
export function documentText(plan: Plan): string {
  return JSON.stringify(plan.document);
}
