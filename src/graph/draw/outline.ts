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
  /** `implied`: a node without edges ends its branch, as an edge to the end does. `goto`: where its result says so. */
  readonly taken: "always" | "when" | "else" | "goto" | "implied";
  /** The condition's text, or "else", or what the node calls the edge (else "goto"); empty where the edge is taken always. */
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
  const links: Link[] = plan.starts.map((edge) => linkOf(0, edge, end, false));
  for (const { index, edges } of plan.nodes) {
    for (const edge of edges) {
      links.push(linkOf(index + 1, edge, end, edge.to !== "end" && isAgain(plan.topology, index, edge.to)));
    }
    if (edges.length === 0) links.push({ from: index + 1, to: end, taken: "implied", label: "", again: false });
  }
  return { vertices: [endVertex("start"), ...node, endVertex("end")], links };
}

/** `brief, 3 nodes`: what a box says of the graph inside of it. */
function insideText({ name, nodes }: Plan): string {
  return `${name.slice(0, 30)}: ${nodes.length} node${nodes.length === 1 ? "" : "s"}`;
}

function endVertex(kind: "start" | "end"): Vertex {
  return { id: kind, kind, does: "", head: false };
}

function linkOf(from: number, { to, condition }: PlanEdge, end: number, again: boolean): Link {
  const { kind } = condition;
  return { from, to: to === "end" ? end : to + 1, taken: kind, label: labelOf(condition), again };
}

function labelOf(condition: PlanEdge["condition"]): string {
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
