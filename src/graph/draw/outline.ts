import type { Plan, PlanEdge } from "../plan.ts";
import type { Region, Topology } from "../topology.ts";

/** What every drawing shows: the two ends and the nodes between them, in document order. */
export interface Outline {
  /** The first is the start, the last the end; node `index` of the plan is vertex `index + 1`. */
  readonly vertices: readonly Vertex[];
  readonly links: readonly Link[];
}

export interface Vertex {
  readonly id: string;
  readonly kind: "start" | "end" | "node";
  /** The kind of a node. */
  readonly does: string;
  /** A turn of a loop begins here. */
  readonly head: boolean;
  /** Of a composite: the graph that its frames run (R10). */
  readonly inside?: Plan;
}

export interface Link {
  readonly from: number;
  readonly to: number;
  /**
   * `implied`: a node without edges ends its branch, as an edge to the end does. `goto`: where its result says so. `undo`:
   * where a saga fails, after all else.
   */
  readonly taken: "always" | "when" | "else" | "goto" | "undo" | "implied";
  /** The condition's text, or "else", or what the node calls the edge (else "goto"); empty where the edge is taken always. */
  readonly condition: string;
  /** The text of the list whose items it sends, if it does. */
  readonly items?: string;
  /** Both in one line. */
  readonly label: string;
  /** It begins another turn of a loop. Without these links there is no cycle. */
  readonly again: boolean;
}

export function outlineOf(plan: Plan): Outline {
  const end = plan.nodes.length + 1;
  const node = plan.nodes.map(
    ({ id, kind, index, inside }): Vertex => ({
      id,
      kind: "node",
      does: inside === undefined ? kind : `${kind}, ${insideText(inside)}`,
      head: plan.topology.places[index]?.head ?? false,
      ...(inside === undefined ? {} : { inside }),
    }),
  );
  // what undoes something is begun by a saga: it stands behind what it undoes, not behind the start
  const undone = new Set(plan.nodes.map(({ undo }) => undo));
  const begun = plan.starts.filter(({ to, condition }) => condition.kind !== "goto" || to === "end" || !undone.has(to));
  const links: Link[] = begun.map((edge) => linkOf(0, edge, end, false));
  for (const { index, edges, undo } of plan.nodes) {
    if (undo !== undefined) links.push(undoLink(index + 1, undo + 1));
    for (const edge of edges) {
      links.push(linkOf(index + 1, edge, end, edge.to !== "end" && isAgain(plan.topology, index, edge.to)));
    }
    if (edges.length === 0)
      links.push({ from: index + 1, to: end, taken: "implied", condition: "", label: "", again: false });
  }
  return { vertices: [endVertex("start"), ...node, endVertex("end")], links };
}

function undoLink(from: number, to: number): Link {
  return { from, to, taken: "undo", condition: "", label: "undo", again: false };
}

/** `brief, 3 nodes`: what a box says of the graph inside of it. */
function insideText({ name, nodes }: Plan): string {
  return `${name.slice(0, 30)}: ${nodes.length} node${nodes.length === 1 ? "" : "s"}`;
}

function endVertex(kind: "start" | "end"): Vertex {
  return { id: kind, kind, does: "", head: false };
}

function linkOf(from: number, { to, condition, send }: PlanEdge, end: number, again: boolean): Link {
  const said = textOf(condition);
  const items = send?.expression.source;
  const link = { from, to: to === "end" ? end : to + 1, taken: condition.kind, condition: said, again };
  if (items === undefined) return { ...link, label: said };
  return { ...link, items, label: `${said === "" ? "" : `${said}: `}${EACH}${items}` };
}

/** How the label of an edge that sends begins, unless it has a condition. */
export const EACH = "each of ";

function textOf(condition: PlanEdge["condition"]): string {
  if (condition.kind === "when") return condition.expression.source;
  if (condition.kind === "goto") return condition.label ?? "goto";
  return condition.kind === "else" ? "else" : "";
}

/** R3: it leads into a head of a loop from inside that loop. */
function isAgain(topology: Topology, from: number, to: number): boolean {
  const [source, target] = [topology.places[from], topology.places[to]];
  if (source === undefined || target === undefined || !target.head) return false;
  let region: Region | undefined = source.region;
  while (region !== undefined && region.depth > target.region.depth) region = region.parent;
  return region === target.region;
}
