import { stronglyConnected } from "../components.ts";
import type { Report, Step } from "./steps.ts";

/** Steps named in a message about a cycle, at most. */
const MOST_NAMED = 8;

/** Steps that wait for each other: one problem for each such knot, at the first of its steps. */
export function reportCycles(steps: readonly Step[], report: Report): void {
  const places = new Map(steps.map(({ id }, place) => [id, place]));
  const followers: number[][] = steps.map(() => []);
  for (const [place, { after }] of steps.entries()) {
    for (const { on } of after) {
      const before = places.get(on);
      if (before !== undefined) followers[before]?.push(place);
    }
  }
  for (const knot of stronglyConnected(followers)) {
    if (knot.length < 2) continue;
    const path = cycleIn(knot, followers);
    const first = steps[Math.min(...knot)];
    if (first === undefined) continue;
    const names = path.map((place) => steps[place]?.id.slice(0, 80) ?? "");
    const shown = names.length > MOST_NAMED ? [...names.slice(0, MOST_NAMED), "…"] : names;
    report({
      code: "dependency_cycle",
      message: `Steps depend on each other in a circle: ${shown.join(" → ")} → ${names[0] ?? ""}.`,
      path: first.after[0]?.path.length === 0 ? [first.index] : [first.index, "depends_on"],
      hint: "Take one of the dependencies out; a loop needs nodes and edges.",
    });
  }
}

/** The shortest way from the knot's first step back to it. */
function cycleIn(knot: readonly number[], followers: readonly (readonly number[])[]): readonly number[] {
  const inside = new Set(knot);
  const first = knot.reduce((least, place) => Math.min(least, place));
  const cameFrom = new Map<number, number>();
  const queue = [first];
  for (let at = 0; at < queue.length; at += 1) {
    const place = queue[at] ?? first;
    for (const next of followers[place] ?? []) {
      if (next === first) return wayTo(place, first, cameFrom);
      if (!inside.has(next) || cameFrom.has(next)) continue;
      cameFrom.set(next, place);
      queue.push(next);
    }
  }
  return [first];
}

function wayTo(place: number, first: number, cameFrom: ReadonlyMap<number, number>): readonly number[] {
  const way: number[] = [];
  for (let at: number | undefined = place; at !== undefined && at !== first; at = cameFrom.get(at)) way.push(at);
  return [first, ...way.reverse()];
}
