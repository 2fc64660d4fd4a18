import { isJsonObject } from "../../base/json.ts";
import type { Json, JsonObject } from "../../base/json.ts";
import { toPointer } from "../../base/pointer.ts";
import { looksLikeGraph } from "../graphs-inside.ts";
import type { Path } from "../problems.ts";
import { keyedEdges } from "./edges.ts";
import { mergeOrder } from "./order.ts";
import { entryOf, same, sameInOrder } from "./same.ts";
import type { Maybe } from "./same.ts";

/**
 * Two changes that cannot both be had. The document holds ours; base and theirs are here, absent where the document
 * had nothing. `order`: both moved the same keys; the values are the lists of keys. `dangling_edge`: one side removed
 * the node that the other side's edge needs; the edge stays, so that compiling the document says so too.
 */
export interface MergeConflict {
  readonly kind: "both_added" | "both_changed" | "removed_and_changed" | "order" | "dangling_edge";
  /** JSON Pointer into the merged document. */
  readonly path: string;
  readonly base?: Json;
  readonly ours?: Json;
  readonly theirs?: Json;
}

export interface Merged {
  readonly document: JsonObject;
  readonly conflicts: readonly MergeConflict[];
}

/**
 * Brings two descendants of one document together, by the ids of its parts. A change of one side is taken over; where
 * the sides contradict each other there is a conflict, and no change is ever lost without one. Takes any JSON objects,
 * never throws. The result still wants compiling: changes that do not touch can be wrong together.
 */
export function mergeGraphs(base: JsonObject, ours: JsonObject, theirs: JsonObject): Merged {
  const conflicts: MergeConflict[] = [];
  const merged = mergeValue({ path: [], graph: 0 }, { base, ours, theirs }, conflicts);
  const document = isJsonObject(merged) ? merged : {};
  conflicts.push(...danglingEdges(document, ours, theirs));
  return { document, conflicts };
}

/** One value as the three documents have it. */
interface Three<Value = Maybe> {
  readonly base: Value;
  readonly ours: Value;
  readonly theirs: Value;
}

/** Deeper values are taken from one side or the other as a whole. */
const DEEPEST = 20;

/** More of a document has no meaning to the format; no document that compiles is as deep. */
const DEEPEST_OF_ALL = 160;

/** A place in a document, and how many keys of it lead to the graph that it is in: 0 for the document's own. */
interface Place {
  readonly path: Path;
  readonly graph: number;
}

function mergeValue(place: Place, three: Three, conflicts: MergeConflict[]): Maybe {
  const { path } = place;
  const { ours, theirs } = three;
  const here = placeWithin(place, three);
  const inGraph = path.slice(place.graph);
  // what two documents added beside each other is merged by name as if it had been there, empty
  const base = three.base === undefined && inGraph.length === 1 && isJsonObject(ours) ? {} : three.base;
  if (path.length > 0 && isSettled(inGraph, three)) return sameInOrder(inGraph, three.base, ours) ? theirs : ours;
  if (isJsonObject(base) && isJsonObject(ours) && isJsonObject(theirs) && !isOne(here, { base, ours, theirs })) {
    return mergeObjects(here, { base, ours, theirs }, conflicts);
  }
  if (inGraph.length === 1 && Array.isArray(base) && Array.isArray(ours) && Array.isArray(theirs)) {
    const lists = { base, ours, theirs };
    if (inGraph[0] === "edges") return mergeEdges(path, lists, conflicts);
    if (isNames(inGraph, lists)) return mergeNames(path, lists, conflicts);
  }
  conflicts.push({ kind: kindOf(three), path: toPointer(path), ...present(three) });
  return ours;
}

/** Whether a value is a graph of its own: one under `graphs`, or what looks like one in a node, on all sides. */
function placeWithin({ path, graph }: Place, { base, ours, theirs }: Three): Place {
  const [section, ...below] = path.slice(graph);
  const named = section === "graphs" && below.length === 1;
  const placed = section === "nodes" && below.length > 1 && [base, ours, theirs].every(looksLikeGraph);
  return named || placed ? { path, graph: path.length } : { path, graph };
}

/** Only one side changed it, or both in the same way. Of nodes and channels the order counts too (R5). */
function isSettled(inGraph: Path, { base, ours, theirs }: Three): boolean {
  return sameInOrder(inGraph, ours, theirs) || sameInOrder(inGraph, base, ours) || sameInOrder(inGraph, base, theirs);
}

/** Values whose fields do not stand for themselves: a node whose kind changed is another node. */
function isOne({ path, graph }: Place, { base, ours, theirs }: Three<JsonObject>): boolean {
  const inGraph = path.slice(graph);
  if (inGraph.length >= DEEPEST || path.length >= DEEPEST_OF_ALL) return true;
  if (inGraph[0] !== "nodes" || inGraph.length !== 2) return false;
  const kind = entryOf(base, "kind");
  return !same(kind, entryOf(ours, "kind")) || !same(kind, entryOf(theirs, "kind"));
}

function mergeObjects({ path, graph }: Place, three: Three<JsonObject>, conflicts: MergeConflict[]): JsonObject {
  const { base, ours, theirs } = three;
  const values = new Map<string, Json>();
  for (const key of new Set([...Object.keys(base), ...Object.keys(ours), ...Object.keys(theirs)])) {
    const entries = { base: entryOf(base, key), ours: entryOf(ours, key), theirs: entryOf(theirs, key) };
    const value = mergeValue({ path: [...path, key], graph }, entries, conflicts);
    if (value !== undefined) values.set(key, value);
  }
  const orders = { base: Object.keys(base), ours: Object.keys(ours), theirs: Object.keys(theirs) };
  const [section, ...below] = path.slice(graph);
  const ordered = below.length === 0 && (section === "nodes" || section === "channels");
  const keys = orderOf(path, orders, values, ordered, conflicts);
  return Object.fromEntries(keys.map((key) => [key, values.get(key) ?? null]));
}

/** An edge is taken from one side as it is: `when` of one and `else` of the other would be neither's. */
function mergeEdges(path: Path, lists: Three<readonly Json[]>, conflicts: MergeConflict[]): Json {
  const edges = mapThree(lists, keyedEdges);
  const values = new Map<string, Json>();
  const found: { readonly key: string; readonly three: Three }[] = [];
  for (const key of new Set([...edges.base.keys(), ...edges.ours.keys(), ...edges.theirs.keys()])) {
    const three = mapThree(edges, (side) => side.get(key)?.value);
    const value = pick(three);
    if (value.conflict) found.push({ key, three });
    if (value.taken !== undefined) values.set(key, value.taken);
  }
  const orders = mapThree(edges, (side) => [...side.keys()]);
  const keys = orderOf(path, orders, values, true, conflicts);
  const places = new Map(keys.map((key, index) => [key, index]));
  for (const { key, three } of found) {
    // an edge that ours removed would come at the end
    const at = places.get(key) ?? keys.length;
    conflicts.push({ kind: kindOf(three), path: toPointer([...path, at]), ...present(three) });
  }
  return keys.map((key) => values.get(key) ?? null);
}

function pick({ base, ours, theirs }: Three): { readonly taken: Maybe; readonly conflict: boolean } {
  if (same(ours, theirs) || same(base, theirs)) return { taken: ours, conflict: false };
  return same(base, ours) ? { taken: theirs, conflict: false } : { taken: ours, conflict: true };
}

function isNames(inGraph: Path, lists: Three<readonly Json[]>): lists is Three<readonly string[]> {
  const areNames = (list: readonly Json[]): boolean =>
    list.every((item) => typeof item === "string") && new Set(list).size === list.length;
  const named = inGraph[0] === "input" || inGraph[0] === "output";
  return named && areNames(lists.base) && areNames(lists.ours) && areNames(lists.theirs);
}

/** Channels that input or output name: each is there or not. */
function mergeNames(path: Path, lists: Three<readonly string[]>, conflicts: MergeConflict[]): Json {
  const [base, ours, theirs] = [new Set(lists.base), new Set(lists.ours), new Set(lists.theirs)];
  const values = new Map<string, Json>();
  for (const name of new Set([...base, ...ours, ...theirs])) {
    const here = base.has(name) ? ours.has(name) && theirs.has(name) : ours.has(name) || theirs.has(name);
    if (here) values.set(name, name);
  }
  return orderOf(path, lists, values, true, conflicts);
}

function orderOf(
  path: Path,
  orders: Three<readonly string[]>,
  values: ReadonlyMap<string, Json>,
  matters: boolean,
  conflicts: MergeConflict[],
): readonly string[] {
  const { keys, conflict } = mergeOrder(orders, (key) => values.has(key));
  if (matters && conflict) conflicts.push({ kind: "order", path: toPointer(path), ...orders });
  return keys;
}

function danglingEdges(document: JsonObject, ours: JsonObject, theirs: JsonObject): MergeConflict[] {
  const sides = [ours, theirs].map((side) => ({ edges: edgesOf(side), nodes: entryOf(side, "nodes") }));
  const nodes = entryOf(document, "nodes");
  const conflicts: MergeConflict[] = [];
  for (const [key, { index, value }] of edgesOf(document)) {
    if (!dangles(value, nodes)) continue;
    // who brought it along dangling has not been surprised by the merge
    const having = sides.filter((side) => side.edges.has(key));
    if (having.length === 0 || having.some((side) => dangles(value, side.nodes))) continue;
    const [mine, other] = sides.map((side) => side.edges.get(key)?.value);
    const path = toPointer(["edges", index]);
    conflicts.push({ kind: "dangling_edge", path, ...present({ base: undefined, ours: mine, theirs: other }) });
  }
  return conflicts;
}

function edgesOf(document: JsonObject): ReturnType<typeof keyedEdges> {
  const edges = entryOf(document, "edges");
  return keyedEdges(Array.isArray(edges) ? edges : []);
}

function dangles(edge: Json, nodes: Maybe): boolean {
  const missing = (end: Maybe, name: string): boolean =>
    typeof end === "string" && end !== name && entryOf(nodes, end) === undefined;
  return missing(entryOf(edge, "from"), "start") || missing(entryOf(edge, "to"), "end");
}

function kindOf({ base, ours, theirs }: Three): MergeConflict["kind"] {
  if (base === undefined) return "both_added";
  return ours === undefined || theirs === undefined ? "removed_and_changed" : "both_changed";
}

function present({ base, ours, theirs }: Three): Pick<MergeConflict, "base" | "ours" | "theirs"> {
  return {
    ...(base === undefined ? {} : { base }),
    ...(ours === undefined ? {} : { ours }),
    ...(theirs === undefined ? {} : { theirs }),
  };
}

function mapThree<From, To>(three: Three<From>, change: (value: From) => To): Three<To> {
  return { base: change(three.base), ours: change(three.ours), theirs: change(three.theirs) };
}
