import type { Plan } from "../plan.ts";
import { oneLine } from "./labels.ts";
import { outlineOf } from "./outline.ts";
import type { Link, Vertex } from "./outline.ts";
import { Room } from "./room.ts";

/**
 * The graph for Graphviz. Everything of the document is a quoted string in which nothing has a meaning of its own. The
 * graph inside of a node is a cluster, as far as there is room.
 */
export function toDot(plan: Plan): string {
  const lines = [
    `digraph ${quoted(plan.id, 64)} {`,
    "  rankdir=TB;",
    ...(plan.nodes.some(({ inside }) => inside !== undefined) ? ["  compound=true;"] : []),
    '  node [shape=box, style=rounded, fontname="Helvetica"];',
    '  edge [fontname="Helvetica", fontsize=10];',
    ...linesOf(plan, "n", 1, new Room()),
    "}",
  ];
  return `${lines.join("\n")}\n`;
}

/** `prefix` makes the names of one graph's nodes differ from all others'; `depth` indents. */
function linesOf(plan: Plan, prefix: string, depth: number, room: Room): string[] {
  const { vertices, links } = outlineOf(plan);
  const used = new Set(links.flatMap(({ from, to }) => [from, to]));
  const clusters = room.take(vertices, depth);
  const lines: string[] = [];
  for (const [index, vertex] of vertices.entries()) {
    const name = `${prefix}${index}`;
    const inside = clusters.get(index);
    if (inside !== undefined) {
      const inner = linesOf(inside, `${name}_`, depth + 1, room);
      lines.push(`subgraph cluster_${name} {`, `  label="${labelOf(vertex)}";`, ...inner, "}");
      // both ends of a graph inside are drawn: links of the node around it hold on to them
    } else if (vertex.kind === "node" || used.has(index) || depth > 1) {
      lines.push(`${name} [${vertexAttributes(vertex)}];`);
    }
  }
  for (const link of links) lines.push(linkLine(link, prefix, clusters));
  return lines.map((line) => `  ${line}`);
}

/** Graphviz draws from node to node; a link of a cluster begins at its end, and leads to its start. */
function linkLine(link: Link, prefix: string, clusters: ReadonlyMap<number, Plan>): string {
  const [left, entered] = [clusters.get(link.from), clusters.get(link.to)];
  const from = `${prefix}${link.from}`;
  const to = `${prefix}${link.to}`;
  const attributes = [
    ...linkAttributes(link),
    ...(left === undefined ? [] : [`ltail=cluster_${from}`]),
    ...(entered === undefined ? [] : [`lhead=cluster_${to}`]),
  ];
  const tail = left === undefined ? from : `${from}_${left.nodes.length + 1}`;
  const head = entered === undefined ? to : `${to}_0`;
  return `${tail} -> ${head}${attributes.length === 0 ? "" : ` [${attributes.join(", ")}]`};`;
}

function vertexAttributes(vertex: Vertex): string {
  if (vertex.kind !== "node") return `label=${quoted(vertex.kind, 5)}, shape=oval`;
  const more = [...(vertex.head ? ["peripheries=2"] : []), ...(vertex.inside === undefined ? [] : ["style=bold"])];
  return [`label="${labelOf(vertex)}"`, ...more].join(", ");
}

function labelOf(vertex: Vertex): string {
  return `${escaped(vertex.id, 64)}\\n${escaped(vertex.does, 60)}`;
}

/** A link that begins another turn does not count for the ranks: it would turn the drawing around. */
function linkAttributes({ label, again, taken }: Link): string[] {
  const style = again
    ? ["style=dashed", "constraint=false"]
    : taken === "goto" || taken === "undo"
      ? ["style=dashed"]
      : [];
  return [...(label === "" ? [] : [`label=${quoted(label, 60)}`]), ...style];
}

function quoted(text: string, most: number): string {
  return `"${escaped(text, most)}"`;
}

/** Graphviz reads escapes (`\N`, `\G`) and entities (`&lt;`) in labels too. */
function escaped(text: string, most: number): string {
  return oneLine(text, most).replaceAll("\\", "\\\\").replaceAll('"', '\\"').replaceAll("&", "&amp;");
}
