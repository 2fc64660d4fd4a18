import type { Plan } from "../plan.ts";
import { edgePaths, nameOf, report } from "./view.ts";
import type { LintView } from "./view.ts";

/** R11: a loop is begun once a turn, so its head takes its arrivals together whatever it says. */
export function eachOnHead(view: LintView): void {
  const { nodes, topology } = view.plan;
  const found = nodes.filter(({ join, index }) => join === "each" && topology.places[index]?.head === true);
  report(
    view,
    "warning",
    found.map(({ id }) => ({
      code: "each_on_head",
      message: `"${id}" is where a loop is entered, and a turn begins once: join: each does nothing there.`,
      path: ["nodes", id, "join"],
      hint: "Put join: each on a node inside the loop, or behind it.",
    })),
  );
}

/** A node that every turn of a loop activates, and that is not in the loop: its activations merge into one. */
export function sideOfLoop(view: LintView): void {
  const { plan } = view;
  const pathOf = edgePaths(view);
  const found = plan.nodes.flatMap(({ index, id, edges }) => {
    const depth = plan.topology.places[index]?.region.depth ?? 0;
    if (depth === 0) return [];
    const otherwise = edges.some(({ condition }) => condition.kind === "when");
    return edges.flatMap(({ to, condition, send }) => {
      // sends never merge
      if (to === "end" || condition.kind !== "always" || send !== undefined || !isBeside(plan, index, to)) return [];
      const side = nameOf(plan, to);
      const message = `"${id}" activates "${side}" on every turn of a loop that "${side}" is not in, so it runs once, when the loop is over.`;
      const after = otherwise ? " If it is what comes after the loop, say else: true on this edge." : "";
      return [
        {
          code: "side_of_loop",
          message,
          path: pathOf(index, to),
          hint: `For every turn: ${advice(plan, to)}.${after}`,
        },
      ];
    });
  });
  report(view, "warning", found);
}

function isBeside({ topology, nodes }: Plan, from: number, to: number): boolean {
  const depth = topology.places[from]?.region.depth ?? 0;
  return topology.sharedLoops(from, to) < depth && nodes[to]?.join !== "each";
}

/** `join: each` does nothing where a loop is entered. */
function advice({ topology }: Plan, node: number): string {
  return topology.places[node]?.head === true ? "put a node with join: each in between" : "give it join: each";
}
