import { type Json, type JsonObject, isJsonObject } from "../base/json.ts";

/** Answers what a name is to become. */
type Rename = (name: string) => string;

/**
 * Changes the names by which nodes run graphs that no `graphs` around them holds: in the document, in its `graphs`, and in
 * graphs in place. What is not changed stays the same object. Never throws; as deep as the document.
 */
export function mapReferences(document: JsonObject, runsGraph: (kind: string) => boolean, rename: Rename): JsonObject {
  return inGraph(document, undefined, { runsGraph, rename });
}

/** The names under `graphs`, in the document and in all graphs within it. */
export function heldNames(document: JsonObject, runsGraph: (kind: string) => boolean): ReadonlySet<string> {
  const held = new Set<string>();
  inGraph(document, undefined, { runsGraph, rename: (name) => name, holds: (name) => held.add(name) });
  return held;
}

interface Mapping {
  readonly runsGraph: (kind: string) => boolean;
  readonly rename: Rename;
  readonly holds?: (name: string) => void;
}

/** The names that a graph may use: a chain, because a set for each graph would cost as much as all graphs around it. */
interface Names {
  readonly own: JsonObject;
  readonly around: Names | undefined;
}

function isKnown(names: Names | undefined, name: string): boolean {
  for (let scope = names; scope !== undefined; scope = scope.around) if (Object.hasOwn(scope.own, name)) return true;
  return false;
}

function inGraph(graph: JsonObject, around: Names | undefined, mapping: Mapping): JsonObject {
  const own = graph["graphs"];
  if (isJsonObject(own) && mapping.holds !== undefined) Object.keys(own).forEach(mapping.holds);
  const known = isJsonObject(own) ? { own, around } : around;
  const nodes = mapEntries(graph["nodes"], (node) => inNode(node, known, mapping));
  const graphs = mapEntries(own, (inner) => (isJsonObject(inner) ? inGraph(inner, known, mapping) : inner));
  if (nodes === graph["nodes"] && graphs === own) return graph;
  return replaced(graph, [
    ["nodes", nodes],
    ["graphs", graphs],
  ]);
}

function inNode(node: Json, known: Names | undefined, mapping: Mapping): Json {
  if (!isJsonObject(node) || typeof node["kind"] !== "string" || !mapping.runsGraph(node["kind"])) return node;
  const { graph } = node;
  const changed = isJsonObject(graph)
    ? inGraph(graph, known, mapping)
    : typeof graph === "string" && !isKnown(known, graph)
      ? mapping.rename(graph)
      : graph;
  return changed === graph ? node : replaced(node, [["graph", changed]]);
}

/** A mapping with its values changed; the same one where none is. */
function mapEntries(mapping: Json | undefined, change: (value: Json) => Json): Json | undefined {
  if (!isJsonObject(mapping)) return mapping;
  const changed = Object.entries(mapping).map(([key, value]): [string, Json] => [key, change(value)]);
  return changed.every(([key, value]) => value === mapping[key]) ? mapping : Object.fromEntries(changed);
}

/** In its own order, on which results may depend (R5). */
function replaced(mapping: JsonObject, values: readonly (readonly [string, Json | undefined])[]): JsonObject {
  const changes = new Map(values);
  const entries = Object.entries(mapping).map(([key, value]): [string, Json] => [key, changes.get(key) ?? value]);
  return Object.fromEntries(entries);
}
