import type { Plan } from "../plan.ts";
import type { Vertex } from "./outline.ts";

/** Nodes of graphs inside that one drawing shows: more is no picture, and graphs that share a name multiply. */
const MOST_INSIDE = 200;
const DEEPEST_DRAWN = 3;

/** What is left of a drawing for the graphs inside of its nodes. */
export class Room {
  #left = MOST_INSIDE;

  /** The graphs inside of these vertices that are drawn node by node, that many graphs deep; the room is then taken. */
  take(vertices: readonly Vertex[], depth: number): ReadonlyMap<number, Plan> {
    const taken = new Map<number, Plan>();
    for (const [index, { inside }] of vertices.entries()) {
      if (inside === undefined || depth > DEEPEST_DRAWN || inside.nodes.length > this.#left) continue;
      this.#left -= inside.nodes.length;
      taken.set(index, inside);
    }
    return taken;
  }
}
