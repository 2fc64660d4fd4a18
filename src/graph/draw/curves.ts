import type { Layering, Route } from "./layers.ts";
import type { Positions } from "./positions.ts";

interface Point {
  readonly x: number;
  readonly y: number;
  /** Half of what the line leaves free here, for a label. */
  readonly gap: number;
}

/** The path of every route, in the direction of its link. */
export function curves(layering: Layering, positions: Positions): readonly string[] {
  const ports = portsOf(layering, positions);
  return layering.routes.map((route, index) => {
    const [first, last] = [route.spots[0] ?? 0, route.spots.at(-1) ?? 0];
    if (route.link.from === route.link.to) return selfLoop(layering, positions, first);
    const { spots } = layering;
    const [top, bottom] = [ports.top.get(index) ?? 0, ports.bottom.get(index) ?? 0];
    const points: Point[] = [{ x: top, y: (positions.y[first] ?? 0) + (spots[first]?.height ?? 0) / 2, gap: 0 }];
    for (const bend of route.spots.slice(1, -1)) {
      points.push({ x: positions.x[bend] ?? 0, y: positions.y[bend] ?? 0, gap: (spots[bend]?.height ?? 0) / 2 });
    }
    points.push({ x: bottom, y: (positions.y[last] ?? 0) - (spots[last]?.height ?? 0) / 2, gap: 0 });
    return path(route.link.from === first ? points : points.toReversed());
  });
}

/** A smooth line: upright at both ends and beside labels, between them in the direction from one neighbour to the next. */
function path(points: readonly Point[]): string {
  const [start] = points;
  if (start === undefined) return "";
  const parts = [`M${at(start.x, start.y)}`];
  for (let index = 1; index < points.length; index += 1) {
    const [before, point] = [points[index - 1] ?? start, points[index] ?? start];
    const way = Math.sign(point.y - before.y);
    const [from, to] = [before.y + way * before.gap, point.y - way * point.gap];
    const reach = (to - from) / (points.length === 2 ? 2 : 2.4);
    const one = at(before.x + slope(points, index - 1) * reach, from + reach);
    const other = at(point.x - slope(points, index) * reach, to - reach);
    parts.push(`C${one} ${other} ${at(point.x, to)}`);
    // the line is interrupted for the label
    if (point.gap > 0) parts.push(`M${at(point.x, point.y + way * point.gap)}`);
  }
  return parts.join("");
}

/** How far sideways for each step down. */
function slope(points: readonly Point[], index: number): number {
  const [before, here, next] = [points[index - 1], points[index], points[index + 1]];
  if (before === undefined || next === undefined || here === undefined || here.gap > 0) return 0;
  // a turning point is upright, or the line would swing beyond it
  if ((here.x - before.x) * (next.x - here.x) <= 0) return 0;
  return (next.x - before.x) / (next.y - before.y);
}

function at(x: number, y: number): string {
  return `${Math.round(x * 10) / 10},${Math.round(y * 10) / 10}`;
}

/** Out of the right side, down, and back. */
function selfLoop({ spots }: Layering, { x, y }: Positions, vertex: number): string {
  const right = (x[vertex] ?? 0) + (spots[vertex]?.width ?? 0) / 2;
  const middle = y[vertex] ?? 0;
  const far = right + 30;
  return `M${at(right, middle - 10)}C${at(far, middle - 22)} ${at(far, middle + 22)} ${at(right, middle + 10)}`;
}

/** Where the label of a node's own loop begins. */
export function selfLoopLabel({ spots }: Layering, { x }: Positions, vertex: number): number {
  return (x[vertex] ?? 0) + (spots[vertex]?.width ?? 0) / 2 + 28;
}

interface Ports {
  /** By route: where it leaves its upper end, and where it enters its lower one. */
  readonly top: ReadonlyMap<number, number>;
  readonly bottom: ReadonlyMap<number, number>;
}

/** Links of one side of a node share it, in the order of where they go, so that they do not cross at its door. */
function portsOf({ spots, routes }: Layering, { x }: Positions): Ports {
  const leaving = new Map<number, number[]>();
  const entering = new Map<number, number[]>();
  for (const [index, route] of routes.entries()) {
    if (route.link.from === route.link.to) continue;
    push(leaving, route.spots[0] ?? 0, index);
    push(entering, route.spots.at(-1) ?? 0, index);
  }
  const spread = (groups: ReadonlyMap<number, readonly number[]>, towards: (route: Route) => number) => {
    const places = new Map<number, number>();
    for (const [vertex, members] of groups) {
      const centre = x[vertex] ?? 0;
      const goal = (index: number): number => {
        const route = routes[index];
        return x[route === undefined ? vertex : towards(route)] ?? centre;
      };
      const sorted = members.toSorted((one, other) => goal(one) - goal(other));
      const step = Math.min(22, ((spots[vertex]?.width ?? 0) - 28) / Math.max(1, sorted.length - 1));
      for (const [rank, index] of sorted.entries()) {
        places.set(index, centre + (rank - (sorted.length - 1) / 2) * step);
      }
    }
    return places;
  };
  return {
    top: spread(leaving, (route) => route.spots[1] ?? 0),
    bottom: spread(entering, (route) => route.spots.at(-2) ?? 0),
  };
}

function push(groups: Map<number, number[]>, key: number, value: number): void {
  const group = groups.get(key);
  if (group === undefined) groups.set(key, [value]);
  else group.push(value);
}
