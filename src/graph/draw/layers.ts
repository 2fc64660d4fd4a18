import { failure } from "../../base/errors.ts";
import { longestChains } from "./chains.ts";
import { oneLine } from "./labels.ts";
import type { Link, Outline, Vertex } from "./outline.ts";

/** What stands in a layer: a vertex, or the place where a link passes it. */
export interface Spot {
  readonly width: number;
  readonly height: number;
  readonly content:
    | { readonly kind: "vertex"; readonly vertex: Vertex; readonly loop: string | undefined; readonly ends: boolean }
    /** Where the link's label stands, if it stands here. */
    | { readonly kind: "bend"; readonly label: string };
}

/** A link as the spots it passes, downwards: one that begins another turn mostly runs against its own direction. */
export interface Route {
  readonly link: Link;
  readonly spots: readonly number[];
}

export interface Layering {
  readonly spots: readonly Spot[];
  /** From the top; in each, spots from left to right. */
  readonly layers: readonly (readonly number[])[];
  readonly routes: readonly Route[];
}

/** By spot, those that routes come from and those that they go on to. */
export function neighboursOf({ spots, routes }: Layering): { readonly above: number[][]; readonly below: number[][] } {
  const above: number[][] = spots.map(() => []);
  const below: number[][] = spots.map(() => []);
  for (const { spots: passed } of routes) {
    for (const [index, spot] of passed.entries()) {
      const next = passed[index + 1];
      if (next === undefined) continue;
      below[spot]?.push(next);
      above[next]?.push(spot);
    }
  }
  return { above, below };
}

/** A drawing beyond this is a grey area, and its layout takes seconds; DOT and Mermaid have no such bound. */
const MOST_NODES = 600;
const MOST_SPOTS = 8000;

const LABEL_LENGTH = 36;
const CHARACTER = { name: 8, small: 6.6 };
/** Beside a node that follows itself. */
const SELF_LOOP = 34;

export function layer({ vertices, links }: Outline): Layering {
  const implied = links.filter(({ taken }) => taken === "implied");
  // lines from everywhere to the end would hide the rest: those nodes end in a stub of their own
  const stubs = new Set(implied.length > 1 ? implied.map(({ from }) => from) : []);
  const outline = { vertices, links: links.filter(({ taken, from }) => taken !== "implied" || !stubs.has(from)) };
  if (outline.vertices.length > MOST_NODES) throw tooLarge(`${outline.vertices.length - 2} nodes`);
  const ways = waysOf(outline);
  const levels = levelsOf(outline.vertices.length, ways);
  const selfLoops = new Map(outline.links.filter(({ from, to }) => from === to).map((link) => [link.from, link]));
  const spots: Spot[] = outline.vertices.map((vertex, index) =>
    vertexSpot(vertex, selfLoops.get(index), stubs.has(index)),
  );
  const layers: number[][] = [];
  const put = (spot: number, level: number): void => {
    while (layers.length <= level) layers.push([]);
    layers[level]?.push(spot);
  };
  const used = new Set(outline.links.flatMap(({ from, to }) => [from, to]));
  for (const [index, vertex] of outline.vertices.entries()) {
    if (vertex.kind === "node" || used.has(index)) put(index, levels[index] ?? 0);
  }
  const routes = ways.map(({ link, top, bottom }): Route => {
    const bends: number[] = [];
    const [first, last] = [levels[top] ?? 0, levels[bottom] ?? 0];
    for (let level = first + 1; level < last; level += 1) {
      if (spots.length >= MOST_SPOTS) throw tooLarge("long edges");
      put(spots.length, level);
      bends.push(spots.length);
      spots.push(bendSpot(level === (top === link.from ? first + 1 : last - 1) ? link.label : ""));
    }
    return { link, spots: link.from === link.to ? [top] : [top, ...bends, bottom] };
  });
  return { spots, layers, routes };
}

function tooLarge(what: string): Error {
  const message = `A graph with ${what} is too large for an SVG that anybody could read; take DOT or Mermaid.`;
  return failure("unsupported", message);
}

function vertexSpot(vertex: Vertex, selfLoop: Link | undefined, ends: boolean): Spot {
  const loop = selfLoop === undefined ? undefined : oneLine(selfLoop.label, LABEL_LENGTH);
  if (vertex.kind !== "node") return { width: 68, height: 30, content: { kind: "vertex", vertex, loop, ends } };
  const text = Math.max(vertex.id.length * CHARACTER.name, (vertex.does.length + 3) * CHARACTER.small);
  return { width: Math.max(104, Math.ceil(text) + 30), height: 48, content: { kind: "vertex", vertex, loop, ends } };
}

function bendSpot(label: string): Spot {
  const shown = oneLine(label, LABEL_LENGTH);
  if (shown === "") return { width: 10, height: 0, content: { kind: "bend", label: "" } };
  return { width: labelWidth(shown), height: 20, content: { kind: "bend", label: shown } };
}

export function labelWidth(label: string): number {
  return Math.ceil(Array.from(label).length * CHARACTER.small) + 14;
}

/** Room that a spot takes in its layer; a node that follows itself has its loop beside it. */
export function roomOf({ width, content }: Spot): number {
  if (content.kind === "bend" || content.loop === undefined) return width;
  return width + 2 * (SELF_LOOP + (content.loop === "" ? 0 : labelWidth(content.loop)));
}

/** Where a link runs from the upper of its ends to the lower. */
interface Way {
  readonly link: Link;
  readonly top: number;
  readonly bottom: number;
}

/**
 * Every link as it will be drawn, downwards. Two heads of one loop may begin each other's turn, so turning all such
 * links around could close a circle; the order of the others decides who is above.
 */
function waysOf({ vertices, links }: Outline): readonly Way[] {
  const others = links.filter(({ from, to, again }) => from !== to && !again);
  const levels = longestPaths(
    vertices.length,
    others.map((link) => ({ link, top: link.from, bottom: link.to })),
  );
  const isAbove = (one: number, other: number): boolean => {
    const difference = (levels[one] ?? 0) - (levels[other] ?? 0);
    return difference < 0 || (difference === 0 && one < other);
  };
  return links.map((link) => {
    const { from, to, again } = link;
    return again && isAbove(to, from) ? { link, top: to, bottom: from } : { link, top: from, bottom: to };
  });
}

/** The start alone at the top, the end below everything. */
function levelsOf(size: number, ways: readonly Way[]): readonly number[] {
  const levels = longestPaths(
    size,
    ways.filter(({ top, bottom }) => top !== bottom),
  ).map((level, vertex) => (vertex === 0 ? 0 : Math.max(1, level)));
  return levels.with(
    -1,
    levels.slice(0, -1).reduce((lowest, level) => Math.max(lowest, level + 1), 1),
  );
}

/** A labelled link, and one that begins a turn, has a layer of its own for its bend. */
function longestPaths(size: number, ways: readonly Way[]): readonly number[] {
  const begin = Array.from({ length: size }, (_, vertex) => (vertex === 0 ? 0 : 1));
  const steps = ways.map(({ link, top, bottom }) => {
    return { from: top, to: bottom, length: link.again || link.label !== "" ? 2 : 1 };
  });
  return longestChains(begin, steps).length;
}
