import { isJsonObject } from "../../base/json.ts";
import type { Json, JsonObject } from "../../base/json.ts";
import { MOST_NODES } from "../compile-nodes.ts";
import type { NodeKindSpecs } from "../kinds.ts";
import type { Found, Path } from "../problems.ts";
import { LARGEST_TEXT } from "../text/bounds.ts";
import { reportCycles } from "./cycles.ts";
import { graphFields } from "./fields.ts";
import { originOf } from "./origin.ts";
import type { Origins, Scope } from "./origin.ts";
import { readSteps } from "./steps.ts";
import type { Budget, Report, Step } from "./steps.ts";

export interface Expanded {
  /** The same graph with nodes and edges; the very document that was given if nothing in it is compact. */
  readonly document: JsonObject;
  readonly scope: Scope;
  /** What is wrong with the steps themselves, at places of the document that was given. */
  readonly mistakes: readonly Found[];
  /** Where a part of the expanded document was written. */
  origin(path: Path): Path;
}

/**
 * Writes a document with `steps` out with `nodes` and `edges`, also in the graphs within it. Never throws; a broken
 * step is left out, and is a mistake.
 */
export function expandCompact(document: JsonObject, kinds: NodeKindSpecs): Expanded {
  const mistakes: Found[] = [];
  const work: Work = { kinds, mistakes, budget: { steps: MOST_NODES, conditions: LARGEST_TEXT } };
  const expanded = expandGraph(document, [], work);
  return { ...expanded, mistakes, origin: (path) => originOf(expanded.scope, path) };
}

interface Work {
  readonly kinds: NodeKindSpecs;
  readonly mistakes: Found[];
  readonly budget: Budget;
}

interface ExpandedGraph {
  readonly document: JsonObject;
  readonly scope: Scope;
}

function expandGraph(document: JsonObject, path: Path, work: Work): ExpandedGraph {
  const report: Report = (found) => {
    work.mistakes.push({ ...found, path: [...path, ...found.path] });
  };
  const { document: long, origins } =
    "steps" in document ? fromSteps(document, work, report) : { document, origins: undefined };
  const inner: Scope["inner"][number][] = [];
  const within = (graph: Json, at: Path): Json => {
    if (!isJsonObject(graph)) return graph;
    const written = originOf({ origins, inner: [] }, at);
    const expanded = expandGraph(graph, [...path, ...written], work);
    if (expanded.document !== graph) inner.push({ path: at, scope: expanded.scope });
    return expanded.document;
  };
  const named = mapValues(long["graphs"], (graph, name) => within(graph, ["graphs", name]));
  const nodes = mapValues(long["nodes"], (node, id) =>
    nodeWithin(node, work.kinds, (graph, field) => within(graph, ["nodes", id, field])),
  );
  if (named === long["graphs"] && nodes === long["nodes"]) return { document: long, scope: { origins, inner } };
  const parts = Object.entries(long).map(([key, value]) => [
    key,
    key === "graphs" ? named : key === "nodes" ? nodes : value,
  ]);
  return { document: Object.fromEntries(parts) as JsonObject, scope: { origins, inner } };
}

/** A mapping with its values changed; the same one where none is. */
function mapValues(mapping: Json | undefined, change: (value: Json, key: string) => Json): Json | undefined {
  if (!isJsonObject(mapping)) return mapping;
  let changed = false;
  const entries = Object.entries(mapping).map(([key, value]) => {
    const after = change(value, key);
    changed ||= after !== value;
    return [key, after] as const;
  });
  return changed ? Object.fromEntries(entries) : mapping;
}

/** A node with the graphs in it changed; the same one where none is. */
function nodeWithin(node: Json, kinds: NodeKindSpecs, change: (graph: Json, field: string) => Json): Json {
  if (!isJsonObject(node) || typeof node["kind"] !== "string") return node;
  const spec = kinds.get(node["kind"]);
  if (spec === undefined) return node;
  let changed = node;
  for (const field of graphFields(spec)) {
    const graph = node[field];
    if (graph === undefined) continue;
    const after = change(graph, field);
    if (after !== graph) changed = { ...changed, [field]: after };
  }
  return changed;
}

interface Long {
  readonly document: JsonObject;
  readonly origins: Origins;
}

function fromSteps(document: JsonObject, work: Work, report: Report): Long {
  for (const part of ["nodes", "edges"]) {
    if (!(part in document)) continue;
    const message = `A graph has either steps or nodes and edges; this one has steps and ${part}.`;
    const hint = "Write all of it as steps, or all of it as nodes and edges.";
    report({ code: "steps_and_nodes", message, path: [part], atKey: true, hint });
  }
  const steps = stepsOf(document["steps"] ?? null, work, report);
  const edges = steps.flatMap((step) => step.after.map(({ on, path }) => ({ step, on, path })));
  const channels = declare(document, steps);
  const rest = Object.entries(document).filter(([key]) => !["steps", "nodes", "edges", "channels"].includes(key));
  return {
    document: Object.fromEntries([
      ...rest,
      ...(channels.all === undefined ? [] : [["channels", channels.all]]),
      ["nodes", Object.fromEntries(steps.map(({ id, node }) => [id, node]))],
      ["edges", edges.map(({ step, on }) => edgeInto(step, on))],
    ]) as JsonObject,
    origins: { nodes: new Map(steps.map((step) => [step.id, step])), edges, channels: channels.origins },
  };
}

function stepsOf(raw: Json, { kinds, budget }: Work, report: Report): readonly Step[] {
  if (!Array.isArray(raw)) {
    report({ code: "invalid_type", message: '"steps" must be a list.', path: ["steps"] });
    return [];
  }
  budget.steps -= raw.length;
  if (budget.steps < 0) {
    report({ code: "too_large", message: `A document has at most ${MOST_NODES} steps.`, path: ["steps"] });
    return [];
  }
  if (raw.length === 0)
    report({ code: "no_start", message: "There are no steps, so nothing would run.", path: ["steps"] });
  const inSteps: Report = (found) => {
    report({ ...found, path: ["steps", ...found.path] });
  };
  const steps = readSteps(raw as readonly Json[], kinds, budget, inSteps);
  reportCycles(steps, inSteps);
  return steps;
}

function edgeInto({ id, condition, send }: Step, from: string): JsonObject {
  return {
    from,
    to: id,
    ...(condition === undefined ? {} : { when: condition }),
    ...(send === undefined ? {} : { send }),
  };
}

/** The channels declared and, after them, those only named: by `input`, by the steps in their order, by `output`. */
function declare(
  document: JsonObject,
  steps: readonly Step[],
): { readonly all: Json | undefined; readonly origins: ReadonlyMap<string, Path> } {
  const declared = document["channels"];
  if (declared !== undefined && !isJsonObject(declared)) return { all: declared, origins: new Map() };
  const origins = new Map<string, Path>();
  const name = (channel: string, path: Path): void => {
    if (channel === "__proto__" || (declared !== undefined && Object.hasOwn(declared, channel))) return;
    if (!origins.has(channel)) origins.set(channel, path);
  };
  for (const [channel, path] of namesIn(document["input"], "input")) name(channel, path);
  for (const step of steps) {
    for (const { channel, path } of step.written) name(channel, inStepPath(step, path));
  }
  for (const [channel, path] of namesIn(document["output"], "output")) name(channel, path);
  if (origins.size === 0) return { all: declared, origins };
  const added = [...origins.keys()].map((channel) => [channel, null] as const);
  return { all: Object.fromEntries([...Object.entries(declared ?? {}), ...added]), origins };
}

function inStepPath(step: Step, path: Path): Path {
  return originOf({ origins: { nodes: new Map([[step.id, step]]), edges: [], channels: new Map() }, inner: [] }, [
    "nodes",
    step.id,
    ...path,
  ]);
}

function namesIn(raw: Json | undefined, field: string): readonly (readonly [string, Path])[] {
  if (Array.isArray(raw)) {
    const list = raw as readonly Json[];
    return list.flatMap((name, index) => (typeof name === "string" ? [[name, [field, index]] as const] : []));
  }
  const properties = isJsonObject(raw) ? raw["properties"] : undefined;
  if (!isJsonObject(properties)) return [];
  return Object.keys(properties).map((name) => [name, [field, "properties", name]] as const);
}
