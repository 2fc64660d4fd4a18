import { isJsonObject } from "../base/json.ts";
import type { Json, JsonObject } from "../base/json.ts";
import { toPointer } from "../base/pointer.ts";
import type { Path } from "./problems.ts";

/** A graph within a document, and where it is. */
export interface GraphInside {
  readonly path: Path;
  readonly graph: JsonObject;
}

/**
 * All graphs within a document: those under `graphs`, and in a node whatever looks like one, since only its kind knows
 * what its fields mean; not in lists. With a stack of its own, so that no depth of a document ends the call stack.
 */
export function graphsInside(document: JsonObject): GraphInside[] {
  const found: GraphInside[] = [];
  const waiting: Place[] = placesOf({ path: [], graph: document });
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    const { path, value, named } = next;
    if (isJsonObject(value) && (named || looksLikeGraph(value))) {
      found.push({ path, graph: value });
      waiting.push(...placesOf({ path, graph: value }));
    } else if (isJsonObject(value)) {
      for (const [key, item] of Object.entries(value)) waiting.push(below(path, key, item));
    }
  }
  return found;
}

/** By graph inside, the order of its channels and nodes: what equal documents may differ in all the same (R5). */
export function ordersInside(document: JsonObject): Json[] {
  return graphsInside(document)
    .map(({ path, graph }): [string, Json] => [toPointer(path), namesOf(graph)])
    .sort(([one], [other]) => (one < other ? -1 : 1));
}

/** The names of a graph's channels, and of its nodes, in order. */
export function namesOf(graph: JsonObject): readonly [readonly string[], readonly string[]] {
  return [keysOf(graph, "channels"), keysOf(graph, "nodes")];
}

function keysOf(graph: JsonObject, section: string): readonly string[] {
  const value = Object.hasOwn(graph, section) ? graph[section] : undefined;
  return isJsonObject(value) ? Object.keys(value) : [];
}

/** A mapping that no field but a graph in place is likely to hold. */
export function looksLikeGraph(value: Json | undefined): value is JsonObject {
  return (
    isJsonObject(value) &&
    Object.hasOwn(value, "nodes") &&
    Object.hasOwn(value, "edges") &&
    isJsonObject(value["nodes"]) &&
    Array.isArray(value["edges"])
  );
}

interface Place {
  readonly path: Path;
  readonly value: Json;
  /** It stands under `graphs`. */
  readonly named: boolean;
}

function below(path: Path, key: string, value: Json): Place {
  return { path: [...path, key], value, named: false };
}

/** Where graphs may stand in a graph: under its name, and in the fields of its nodes. */
function placesOf({ path, graph }: GraphInside): Place[] {
  return ["graphs", "nodes"].flatMap((section) => {
    const value = Object.hasOwn(graph, section) ? graph[section] : undefined;
    if (!isJsonObject(value)) return [];
    return Object.entries(value).map(([name, item]) => ({
      path: [...path, section, name],
      value: item,
      named: section === "graphs",
    }));
  });
}
