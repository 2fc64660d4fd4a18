import type { Json, JsonObject } from "../../base/json.ts";
import { MOST_NODES } from "../compile-nodes.ts";
import { oneLine } from "../draw/labels.ts";
import { EACH } from "../draw/outline.ts";
import { FORMAT, ID, RESERVED } from "../schema.ts";
import { END, START } from "./sketch.ts";
import type { Imported, Notes, Sketch, SketchLink, SketchVertex } from "./sketch.ts";

/** Where a condition's words are kept until somebody says what decides. */
const ROUTE = "route";
/** Where a list is kept until somebody says which: of an edge that sends each of its items. */
const ITEMS = "items";
const LONGEST_LABEL = 200;

/** Makes a document of a sketch: it compiles, and it says where it has to be filled in. */
export function toDraft(drawn: Sketch, id: string, notes: Notes): Imported {
  const sketch = { links: drawn.links, vertices: drawn.vertices.slice(0, MOST_NODES) };
  const left = drawn.vertices.length - sketch.vertices.length;
  if (left > 0)
    notes.add(`${left} nodes`, drawn.vertices[MOST_NODES]?.where ?? "", `A graph has at most ${MOST_NODES}.`);
  const ids = idsFor(sketch.vertices);
  const links = withStart(sketch, notes).filter(({ from, to }) => isKnown(ids, from) && isKnown(ids, to));
  const edges = edgesOf(links, ids, notes);
  const nodes = sketch.vertices.map((vertex): [string, Json] => [
    ids.get(vertex.key) ?? "",
    nodeOf(vertex, ids.get(vertex.key) ?? "", notes),
  ]);
  const empty = nodes.length === 0;
  if (empty) notes.add("nodes", "", "The source shows none, so the draft has one that fails.");
  const stands = [
    ...(edges.some((edge) => edge["when"] !== undefined) ? [[ROUTE, ROUTE_CHANNEL] as const] : []),
    ...(edges.some((edge) => edge["send"] !== undefined) ? [[ITEMS, ITEMS_CHANNEL] as const] : []),
  ];
  const document: JsonObject = {
    edgewise: FORMAT,
    id: idOf(id, "imported"),
    channels: Object.fromEntries(stands),
    nodes: empty ? { todo: failing("The import found no node. Say what this graph does.") } : Object.fromEntries(nodes),
    edges: empty ? [{ from: "start", to: "todo" }] : edges,
  };
  return { document, report: { understood: nodes.length + edges.length, notUnderstood: notes.list() } };
}

const ROUTE_CHANNEL: JsonObject = {
  default: "",
  schema: { type: "string" },
  description:
    "Stands for whatever decides which edge is taken: write it in the node before, or replace the conditions.",
};

const ITEMS_CHANNEL: JsonObject = {
  default: [],
  schema: { type: "array" },
  description: "Stands for the list whose items an edge sends: write it in the node before, or replace the lists.",
};

function isKnown(ids: ReadonlyMap<string, string>, key: string | typeof START | typeof END): boolean {
  return typeof key !== "string" || ids.has(key);
}

function nodeOf(vertex: SketchVertex, id: string, notes: Notes): JsonObject {
  const name = oneLine(vertex.name, LONGEST_LABEL);
  const kind = vertex.does === undefined ? "" : ` The source calls it "${oneLine(vertex.does, 60)}".`;
  notes.add(
    `node "${name}"`,
    vertex.where,
    `A drawing does not say what it does; it fails until its kind is given.${kind}`,
  );
  const message = `The import could not know what "${name}" does. Give this node its kind.`;
  return { ...failing(message), ...(name === id ? {} : { description: `Imported from "${name}".` }) };
}

function failing(message: string): JsonObject {
  // two braces would open a hole
  return { kind: "fail", message: message.replace(/\{(?=\{)/g, "{ ") };
}

/** Ids that the language allows, each once, as near to the names as can be. */
function idsFor(vertices: readonly SketchVertex[]): ReadonlyMap<string, string> {
  const used = new Set<string>(RESERVED);
  const next = new Map<string, number>();
  const ids = new Map<string, string>();
  for (const { key, name } of vertices) {
    const wanted = idOf(name, "node");
    let id = wanted;
    while (used.has(id)) {
      const count = (next.get(wanted) ?? 1) + 1;
      next.set(wanted, count);
      id = `${wanted.slice(0, 58)}_${count}`;
    }
    used.add(id);
    ids.set(key, id);
  }
  return ids;
}

function idOf(name: string, otherwise: string): string {
  if (ID.test(name)) return name;
  const words =
    name
      .slice(0, 1000)
      .normalize("NFKD")
      .match(/[A-Za-z0-9_-]+/g) ?? [];
  const joined = words.join("_").replace(/^[^A-Za-z]+/, "");
  return joined === "" ? otherwise : joined.slice(0, 64);
}

/** A graph begins somewhere: with what nothing leads to, or else with its first node. */
function withStart({ vertices, links }: Sketch, notes: Notes): readonly SketchLink[] {
  const [first] = vertices;
  if (first === undefined || links.some(({ from, to }) => from === START && to !== END)) return links;
  const reached = new Set(links.filter(({ from, to }) => from !== to).map(({ to }) => to));
  const begins = vertices.filter(({ key }) => !reached.has(key));
  const chosen = begins.length > 0 ? begins : [first];
  const named = chosen
    .map(({ name }) => oneLine(name, 40))
    .slice(0, 5)
    .join(", ");
  notes.add("the start", first.where, `The source does not say where the graph begins; it begins with ${named}.`);
  const added = chosen.map(
    ({ key, where }): SketchLink => ({ from: START, to: key, conditional: false, label: "", where }),
  );
  return [...added, ...links];
}

/** One edge for each pair; several lines between two become one. */
function edgesOf(links: readonly SketchLink[], ids: ReadonlyMap<string, string>, notes: Notes): readonly JsonObject[] {
  const pairs = new Map<string, DraftLink[]>();
  for (const link of links.map(withItems)) {
    if (link.from === START && link.to === END) {
      notes.add("a line from the start to the end", link.where, "A run that does nothing needs no edge.");
      continue;
    }
    const pair = JSON.stringify([nameOf(ids, link.from), nameOf(ids, link.to)]);
    const known = pairs.get(pair);
    if (known === undefined) pairs.set(pair, [link]);
    else known.push(link);
  }
  const choosers = new Set([...pairs.values()].flatMap((same) => (same.every(isWhen) ? [same[0]?.from] : [])));
  return [...pairs.values()].map((same) => edgeOf(same, ids, choosers.has(same[0]?.from), notes));
}

interface DraftLink extends SketchLink {
  /** The words of a list, each item of which is sent. */
  readonly items?: string;
}

/** As our own drawings say it: `each of state.items`, `else: each of …`, `state.n > 1: each of …`. */
function withItems(link: SketchLink): DraftLink {
  const { label } = link;
  const at = label.startsWith(EACH) ? 0 : label.lastIndexOf(`: ${EACH}`);
  if (at === -1 || !link.conditional) return link;
  const condition = label.slice(0, at);
  const items = label.slice(label.indexOf(EACH, at) + EACH.length);
  return { ...link, conditional: condition !== "", label: condition, items };
}

function isWhen({ conditional, label }: SketchLink): boolean {
  return conditional && label !== "else";
}

function edgeOf(
  same: readonly DraftLink[],
  ids: ReadonlyMap<string, string>,
  hasWhen: boolean,
  notes: Notes,
): JsonObject {
  const [first] = same;
  const [from, to] = [nameOf(ids, first?.from ?? START), nameOf(ids, first?.to ?? END)];
  const where = first?.where ?? "";
  if (same.length > 1) notes.add(`${same.length} lines from ${from} to ${to}`, where, "They became one edge.");
  const send = sendOf(same, `${from} → ${to}`, notes);
  if (same.some(({ conditional }) => !conditional)) return { from, to, ...send };
  if (hasWhen && same.some(({ label }) => label === "else")) return { from, to, else: true, ...send };
  const labels = [...new Set(same.map(({ label }) => oneLine(label, LONGEST_LABEL) || to))].slice(0, 20);
  const why = `What decides is not in the source; the edge waits for the channel "${ROUTE}" to say so.`;
  notes.add(`the condition "${labels.join('", "')}" of the edge ${from} → ${to}`, where, why);
  return { from, to, when: labels.map((label) => `state.${ROUTE} == ${celText(label)}`).join(" || "), ...send };
}

function sendOf(same: readonly DraftLink[], edge: string, notes: Notes): { readonly send?: string } {
  const found = same.find(({ items }) => items !== undefined);
  if (found === undefined) return {};
  const words = oneLine(found.items ?? "", LONGEST_LABEL);
  const why = `What it holds is not in the source; the edge sends the items of the channel "${ITEMS}".`;
  notes.add(`the list "${words}" of the edge ${edge}`, found.where, why);
  return { send: `state.${ITEMS}` };
}

function nameOf(ids: ReadonlyMap<string, string>, key: string | typeof START | typeof END): string {
  if (key === START) return "start";
  return key === END ? "end" : (ids.get(key as string) ?? "");
}

function celText(text: string): string {
  return `'${text.replaceAll("\\", "\\\\").replaceAll("'", "\\'")}'`;
}
