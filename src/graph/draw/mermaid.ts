import type { Plan } from "../plan.ts";
import { oneLine } from "./labels.ts";
import { outlineOf } from "./outline.ts";
import type { Link, Vertex } from "./outline.ts";

/**
 * The graph as a Mermaid flowchart. Names of ours stand for the nodes, and everything of the document is a quoted label
 * in which all but plain characters are written by number: no text can end its label or begin a directive.
 */
export function toMermaid(plan: Plan): string {
  const { vertices, links } = outlineOf(plan);
  const used = new Set(links.flatMap(({ from, to }) => [from, to]));
  const lines = ["flowchart TD"];
  for (const [index, vertex] of vertices.entries()) {
    if (vertex.kind === "node" || used.has(index)) lines.push(`  ${vertexLine(`n${index}`, vertex)}`);
  }
  for (const link of links) lines.push(`  n${link.from} ${arrow(link)} n${link.to}`);
  return `${lines.join("\n")}\n`;
}

function vertexLine(name: string, vertex: Vertex): string {
  if (vertex.kind !== "node") return `${name}(["${vertex.kind}"])`;
  const label = `${quoted(vertex.id, 64)}<br/>${quoted(vertex.head ? `${vertex.does}, begins a turn` : vertex.does, 60)}`;
  return `${name}["${label}"]`;
}

/** Dotted begins another turn of a loop. */
function arrow({ label, again }: Link): string {
  const line = again ? "-.->" : "-->";
  return label === "" ? line : `${line}|"${quoted(label, 60)}"|`;
}

/** Mermaid's own notation for a character by its number, `#60;`. */
function quoted(text: string, most: number): string {
  return oneLine(text, most).replace(/[^\p{L}\p{N} .,+_-]/gu, (character) => `#${character.codePointAt(0) ?? 32};`);
}
