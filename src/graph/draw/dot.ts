import type { Plan } from "../plan.ts";
import { oneLine } from "./labels.ts";
import { outlineOf } from "./outline.ts";
import type { Link, Vertex } from "./outline.ts";

/** The graph for Graphviz. Everything of the document is a quoted string in which nothing has a meaning of its own. */
export function toDot(plan: Plan): string {
  const { vertices, links } = outlineOf(plan);
  const used = new Set(links.flatMap(({ from, to }) => [from, to]));
  const lines = [
    `digraph ${quoted(plan.id, 64)} {`,
    "  rankdir=TB;",
    '  node [shape=box, style=rounded, fontname="Helvetica"];',
    '  edge [fontname="Helvetica", fontsize=10];',
  ];
  for (const [index, vertex] of vertices.entries()) {
    if (vertex.kind === "node" || used.has(index)) lines.push(`  n${index} [${vertexAttributes(vertex)}];`);
  }
  for (const link of links) lines.push(`  n${link.from} -> n${link.to}${linkAttributes(link)};`);
  lines.push("}");
  return `${lines.join("\n")}\n`;
}

function vertexAttributes(vertex: Vertex): string {
  if (vertex.kind !== "node") return `label=${quoted(vertex.kind, 5)}, shape=oval`;
  const label = `${escaped(vertex.id, 64)}\\n${escaped(vertex.does, 60)}`;
  return `label="${label}"${vertex.head ? ", peripheries=2" : ""}`;
}

/** A link that begins another turn does not count for the ranks: it would turn the drawing around. */
function linkAttributes({ label, again }: Link): string {
  const parts = [
    ...(label === "" ? [] : [`label=${quoted(label, 60)}`]),
    ...(again ? ["style=dashed", "constraint=false"] : []),
  ];
  return parts.length === 0 ? "" : ` [${parts.join(", ")}]`;
}

function quoted(text: string, most: number): string {
  return `"${escaped(text, most)}"`;
}

/** Graphviz reads escapes (`\N`, `\G`) and entities (`&lt;`) in labels too. */
function escaped(text: string, most: number): string {
  return oneLine(text, most).replaceAll("\\", "\\\\").replaceAll('"', '\\"').replaceAll("&", "&amp;");
}
