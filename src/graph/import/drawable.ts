import type { Json, JsonObject } from "../../base/json.ts";
import { isJsonObject } from "../../base/json.ts";
import { MOST_NODES } from "../compile-nodes.ts";
import { toDraft } from "./draft.ts";
import { END, MOST_LINKS, Notes, START } from "./sketch.ts";
import type { Imported, SketchLink, SketchVertex } from "./sketch.ts";

const ENDS = { start: "__start__", end: "__end__" } as const;

/** Imports LangGraph's drawable graph, as `get_graph().to_json()` and `GET /assistants/{id}/graph` give it. Never throws. */
export function importDrawable(value: Json, id: string): Imported {
  const notes = new Notes();
  const vertices = verticesOf(listAt(value, "nodes", MOST_NODES, notes), notes);
  const known = new Set(vertices.map(({ key }) => key));
  const links = listAt(value, "edges", MOST_LINKS, notes).flatMap((edge, index) =>
    linkOf(edge, `/edges/${index}`, known, notes),
  );
  return toDraft({ vertices, links }, id, notes);
}

function listAt(value: Json, field: string, most: number, notes: Notes): readonly Json[] {
  const list = isJsonObject(value) && Object.hasOwn(value, field) ? value[field] : undefined;
  if (!Array.isArray(list)) {
    notes.add(field, `/${field}`, "A drawable graph has a list here.");
    return [];
  }
  if (list.length > most)
    notes.add(`${list.length - most} ${field}`, `/${field}/${most}`, `A graph has at most ${most}.`);
  return (list as readonly Json[]).slice(0, most);
}

function verticesOf(nodes: readonly Json[], notes: Notes): readonly SketchVertex[] {
  const vertices = new Map<string, SketchVertex>();
  for (const [index, node] of nodes.entries()) {
    const where = `/nodes/${index}`;
    const key = isJsonObject(node) ? keyOf(node["id"]) : undefined;
    if (!isJsonObject(node) || key === undefined) notes.add("a node", where, "It has no id.");
    else if (vertices.has(key)) notes.add(`node "${key}"`, where, "There is another of that id before it.");
    else if (key !== ENDS.start && key !== ENDS.end) vertices.set(key, vertexOf(key, node, where, notes));
  }
  return [...vertices.values()];
}

function vertexOf(key: string, node: JsonObject, where: string, notes: Notes): SketchVertex {
  const { data, metadata } = node;
  if (isJsonObject(metadata) && Object.keys(metadata).length > 0)
    notes.add(`metadata of "${key}"`, `${where}/metadata`, "It has no place in a graph.");
  const path = isJsonObject(data) ? data["id"] : undefined;
  const does = Array.isArray(path) ? (path as readonly Json[]).at(-1) : undefined;
  const said = isJsonObject(data) && typeof data["name"] === "string" ? data["name"] : data;
  // ids that are numbers or made up say less than the name beside them
  const name = /^(?:\d+|[0-9a-f-]{32,36})$/.test(key) && typeof said === "string" ? said : key;
  return { key, name, where, ...(typeof does === "string" ? { does } : {}) };
}

function linkOf(edge: Json, where: string, known: ReadonlySet<string>, notes: Notes): readonly SketchLink[] {
  const [source, target] = isJsonObject(edge) ? [keyOf(edge["source"]), keyOf(edge["target"])] : [];
  if (!isJsonObject(edge) || source === undefined || target === undefined) {
    notes.add("an edge", where, "It has no source or no target.");
    return [];
  }
  const stray = [source, target].find((key) => key !== ENDS.start && key !== ENDS.end && !known.has(key));
  if (stray !== undefined || source === ENDS.end || target === ENDS.start) {
    const why =
      stray === undefined ? "Nothing leads from the end or to the start." : `There is no node "${stray.slice(0, 80)}".`;
    notes.add(`the edge ${source} → ${target}`, where, why);
    return [];
  }
  const label = typeof edge["data"] === "string" ? edge["data"] : "";
  return [
    {
      from: source === ENDS.start ? START : source,
      to: target === ENDS.end ? END : target,
      conditional: edge["conditional"] === true,
      label,
      where,
    },
  ];
}

/** Python's drawing has numbers as ids too. */
function keyOf(id: Json | undefined): string | undefined {
  return typeof id === "string" || typeof id === "number" ? String(id) : undefined;
}
