import type { Plan } from "../plan.ts";
import { oneLine } from "./labels.ts";
import { outlineOf } from "./outline.ts";
import type { Link, Vertex } from "./outline.ts";
import { Room } from "./room.ts";

/**
 * The graph as a Mermaid flowchart. Names of ours stand for the nodes, and everything of the document is a quoted label
 * in which all but plain characters are written by number: no text can end its label or begin a directive. The graph
 * inside of a node stands in a box of its own, as far as there is room.
 */
export function toMermaid(plan: Plan): string {
  return `${["flowchart TD", ...linesOf(plan, "n", 1, new Room())].join("\n")}\n`;
}

/** `prefix` makes the names of one graph's nodes differ from all others'; `depth` indents. */
function linesOf(plan: Plan, prefix: string, depth: number, room: Room): string[] {
  const { vertices, links } = outlineOf(plan);
  const used = new Set(links.flatMap(({ from, to }) => [from, to]));
  const shown = room.take(vertices, depth);
  const lines: string[] = [];
  for (const [index, vertex] of vertices.entries()) {
    const name = `${prefix}${index}`;
    const inside = shown.get(index);
    if (inside !== undefined) {
      lines.push(`subgraph ${name}["${labelOf(vertex)}"]`, ...linesOf(inside, `${name}_`, depth + 1, room), "end");
    } else if (vertex.kind === "node" || used.has(index)) lines.push(vertexLine(name, vertex));
  }
  for (const link of links) lines.push(`${prefix}${link.from} ${arrow(link)} ${prefix}${link.to}`);
  return lines.map((line) => `  ${line}`);
}

function vertexLine(name: string, vertex: Vertex): string {
  if (vertex.kind !== "node") return `${name}(["${vertex.kind}"])`;
  return vertex.inside === undefined ? `${name}["${labelOf(vertex)}"]` : `${name}[["${labelOf(vertex)}"]]`;
}

function labelOf(vertex: Vertex): string {
  return `${quoted(vertex.id, 64)}<br/>${quoted(vertex.head ? `${vertex.does}, begins a turn` : vertex.does, 60)}`;
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
