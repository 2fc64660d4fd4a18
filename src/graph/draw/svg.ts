import type { Plan } from "../plan.ts";
import { curves, selfLoopLabel } from "./curves.ts";
import { oneLine, visible } from "./labels.ts";
import { labelWidth, layer } from "./layers.ts";
import type { Layering, Route } from "./layers.ts";
import { order } from "./ordering.ts";
import { outlineOf } from "./outline.ts";
import type { Link } from "./outline.ts";
import { position } from "./positions.ts";
import type { Positions } from "./positions.ts";

/**
 * The graph as an SVG picture of its own or within a page. It follows the reader's light or dark scheme; a page that has a
 * scheme of its own sets `--edgewise-ink`, `--edgewise-accent`, `--edgewise-again` and `--edgewise-ground`. No script, no
 * link, nothing loaded; all text of the document is escaped. The same graph, the same picture.
 * @throws EdgewiseError `unsupported` for a graph too large to be looked at (600 nodes, or very many long edges).
 */
export function toSvg(plan: Plan): string {
  const layering = layer(outlineOf(plan));
  const layers = order(layering);
  const positions = position(layering, layers);
  const { width, height } = positions;
  const name = `edgewise-${plan.hash.slice(0, 8)}`;
  const used = new Set(layers.flat());
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" class="edgewise-graph" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img" aria-labelledby="${name}-title ${name}-desc" fill="none" stroke="none">`,
    `<title id="${name}-title">${escaped(oneLine(plan.name, 200))}</title>`,
    `<desc id="${name}-desc">${escaped(describe(plan))}</desc>`,
    `<style>${STYLE}</style>`,
    `<defs>${marker(name, "next")}${marker(name, "again")}</defs>`,
    `<g stroke="currentColor" stroke-width="1.4">${links(layering, positions, name)}</g>`,
    `<g font-family="ui-sans-serif, system-ui, sans-serif" text-anchor="middle">`,
    ...labels(layering, positions),
    ...layering.spots.flatMap(({ content, width: wide, height: high }, spot) =>
      content.kind === "vertex" && used.has(spot)
        ? [vertexMark(content, positions.x[spot] ?? 0, positions.y[spot] ?? 0, wide, high)]
        : [],
    ),
    "</g>",
    "</svg>\n",
  ].join("\n");
}

/** Only what a page may want to set; everything else is in attributes, which no content policy takes away. */
const STYLE = [
  ".edgewise-graph{color:var(--edgewise-ink,#1f2933);--e-accent:var(--edgewise-accent,#2563c9);--e-again:var(--edgewise-again,#b4560f);--e-ground:var(--edgewise-ground,#fff)}",
  "@media (prefers-color-scheme:dark){.edgewise-graph{color:var(--edgewise-ink,#d9e0e8);--e-accent:var(--edgewise-accent,#7db0ff);--e-again:var(--edgewise-again,#f0a35e);--e-ground:var(--edgewise-ground,#11161c)}}",
  ".edgewise-graph .again{stroke:var(--e-again)}.edgewise-graph .again-fill{fill:var(--e-again)}",
  ".edgewise-graph .model{stroke:var(--e-accent);fill:var(--e-accent)}.edgewise-graph .ground{fill:var(--e-ground)}",
].join("");

function marker(name: string, kind: "next" | "again"): string {
  const fill = kind === "again" ? ' class="again-fill"' : "";
  return `<marker id="${name}-${kind}" viewBox="0 0 10 10" refX="8.5" refY="5" markerWidth="7" markerHeight="7" orient="auto-start-reverse"><path d="M1,1.5L9,5L1,8.5Z"${fill} fill="currentColor"/></marker>`;
}

/** For those who do not see it: what there is, and what leads where. */
function describe(plan: Plan): string {
  const { vertices, links: all } = outlineOf(plan);
  const told = all.slice(0, MOST_TOLD).map((link) => {
    const { from, to, again } = link;
    const condition = conditionText(link);
    return `${vertices[from]?.id ?? ""} to ${vertices[to]?.id ?? ""}${condition}${again ? ", again" : ""}`;
  });
  const more = all.length > MOST_TOLD ? `; and ${all.length - MOST_TOLD} more` : "";
  return `A graph of ${plan.nodes.length} nodes. Edges: ${told.join("; ")}${more}.`;
}

const MOST_TOLD = 60;

function conditionText({ taken, condition, items }: Link): string {
  const each = items === undefined ? "" : ` for each of ${oneLine(items, 80)}`;
  if (taken === "else") return `${each} otherwise`;
  if (taken === "undo") return " to undo it";
  if (taken === "goto") return condition === "goto" ? " where it says so" : ` where it says ${oneLine(condition, 80)}`;
  return condition === "" ? each : `${each} when ${oneLine(condition, 80)}`;
}

function links(layering: Layering, positions: Positions, name: string): string {
  return curves(layering, positions)
    .map((path, index) => linkMark(path, layering.routes[index], name))
    .join("\n");
}

function linkMark(path: string, route: Route | undefined, name: string): string {
  if (route === undefined) return "";
  const { again, taken } = route.link;
  const style = again
    ? 'class="again" stroke-dasharray="6 4" '
    : taken === "goto" || taken === "undo"
      ? 'stroke-dasharray="2 3" '
      : "";
  const opacity = taken === "implied" ? 0.4 : 0.75;
  const end = `marker-end="url(#${name}-${again ? "again" : "next"})"`;
  return `<path ${style}d="${path}" stroke-opacity="${opacity}" ${end}/>`;
}

function labels(layering: Layering, positions: Positions): string[] {
  const { spots, routes } = layering;
  return routes.flatMap((route) => {
    const [vertex = 0] = route.spots;
    if (route.link.from === route.link.to) {
      const shown = spots[vertex]?.content;
      const text = shown?.kind === "vertex" ? (shown.loop ?? "") : "";
      const left = selfLoopLabel(layering, positions, vertex);
      return text === "" ? [] : [labelMark(text, route, left + labelWidth(text) / 2, positions.y[vertex] ?? 0)];
    }
    return route.spots.flatMap((spot) => {
      const content = spots[spot]?.content;
      if (content?.kind !== "bend" || content.label === "") return [];
      return [labelMark(content.label, route, positions.x[spot] ?? 0, positions.y[spot] ?? 0)];
    });
  });
}

function labelMark(text: string, { link }: Route, x: number, y: number): string {
  const colour = link.again ? 'class="again-fill" fill="currentColor"' : 'fill="currentColor"';
  return [
    "<g>",
    `<title>${escaped(visible(link.label))}</title>`,
    `<text ${colour} x="${x}" y="${y + 3.8}" font-size="11" font-family="ui-monospace, monospace">${escaped(text)}</text>`,
    "</g>",
  ].join("");
}

type VertexContent = Extract<Layering["spots"][number]["content"], { readonly kind: "vertex" }>;

function vertexMark({ vertex, ends }: VertexContent, x: number, y: number, width: number, height: number): string {
  const box = `x="${round(x - width / 2)}" y="${y - height / 2}" width="${width}" height="${height}"`;
  if (vertex.kind !== "node") {
    const ink = vertex.kind === "start" ? 'fill-opacity="0.85"' : 'fill-opacity="0.1"';
    const text = vertex.kind === "start" ? 'class="ground" fill="#fff"' : 'fill="currentColor"';
    return `<g><rect ${box} rx="${height / 2}" fill="currentColor" ${ink} stroke="currentColor" stroke-opacity="0.85"/><text ${text} x="${x}" y="${y + 4.2}" font-size="12" font-weight="600">${vertex.kind}</text></g>`;
  }
  const look = vertex.does === "model" ? 'class="model" ' : "";
  const does = escaped(oneLine(vertex.head ? `↻ ${vertex.does}` : vertex.does, 60));
  return [
    "<g>",
    `<rect ${look}${box} rx="9" fill="currentColor" fill-opacity="0.07" stroke="currentColor" stroke-opacity="0.8" stroke-width="1.3"/>`,
    `<text x="${x}" y="${y - 3}" fill="currentColor" font-size="14" font-weight="600">${escaped(vertex.id)}</text>`,
    `<text x="${x}" y="${y + 14}" fill="currentColor" fill-opacity="0.65" font-size="11">${does}</text>`,
    vertex.inside === undefined ? "" : innerFrame(x - width / 2, y - height / 2, width, height),
    ends ? stubMark(x, y + height / 2) : "",
    "</g>",
  ].join("");
}

/** A second line within the box: there is a graph in it. */
function innerFrame(x: number, y: number, width: number, height: number): string {
  const box = `x="${round(x + 3.5)}" y="${y + 3.5}" width="${width - 7}" height="${height - 7}"`;
  return `<rect ${box} rx="6" stroke="currentColor" stroke-opacity="0.45"/>`;
}

/** A branch that ends here. */
function stubMark(x: number, y: number): string {
  return `<g stroke="currentColor" stroke-opacity="0.55" stroke-width="1.3"><path d="M${x},${y}v9"/><circle cx="${x}" cy="${y + 12.5}" r="3.5"/></g>`;
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}

const ENTITIES: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#39;",
};

function escaped(text: string): string {
  return visible(text).replace(/[&<>"']/g, (character) => ENTITIES[character] ?? "");
}
