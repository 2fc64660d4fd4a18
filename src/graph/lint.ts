import type { Compilation } from "./compile-context.ts";
import type { Plan, PlanEdge } from "./plan.ts";

/** Warnings: what is allowed, and most likely not what was meant. */
export function lint(plan: Plan, work: Compilation): void {
  lintReach(plan, work);
  lintCycles(plan, work);
  lintHeads(plan, work);
  lintChannels(plan, work);
}

function lintReach(plan: Plan, work: Compilation): void {
  const reached = new Set<number>(plan.structure.starts);
  for (const node of reached) for (const target of plan.structure.edges[node] ?? []) reached.add(target);
  for (const node of plan.nodes) {
    if (reached.has(node.index)) continue;
    const message = `No way leads from start to "${node.id}", so it never runs.`;
    work.problems.add({
      severity: "warning",
      code: "unreachable_node",
      message,
      path: ["nodes", node.id],
      atKey: true,
    });
  }
}

/**
 * A cycle without exit: nodes each of which surely takes an edge to another of them. What may leave is taken away
 * until nothing changes; who is left never ends.
 */
function lintCycles(plan: Plan, work: Compilation): void {
  const left = new Set(plan.nodes.keys());
  const sources: number[][] = plan.nodes.map(() => []);
  plan.structure.edges.forEach((targets, node) => targets.forEach((target) => sources[target]?.push(node)));
  const doubtful = [...left];
  for (let node = doubtful.pop(); node !== undefined; node = doubtful.pop()) {
    if (!left.has(node) || surelyStays(plan.nodes[node]?.edges ?? [], left)) continue;
    left.delete(node);
    doubtful.push(...(sources[node] ?? []));
  }
  const first = [...left].find((node) => reachesItself(plan, node, left));
  const id = first === undefined ? undefined : plan.nodes[first]?.id;
  if (id === undefined) return;
  const message = `The cycle through "${id}" has no exit: it runs until the limit of ${plan.limits.steps} steps fails it.`;
  work.problems.add({
    severity: "warning",
    code: "endless_cycle",
    message,
    path: ["nodes", id],
    atKey: true,
    hint: "Give an edge of the cycle a when.",
  });
}

/** R11: a loop is begun once a turn, so its head takes its arrivals together whatever it says. */
function lintHeads(plan: Plan, work: Compilation): void {
  for (const node of plan.nodes) {
    if (node.join !== "each" || plan.topology.places[node.index]?.head !== true) continue;
    const message = `"${node.id}" is where a loop is entered, and a turn begins once: join: each does nothing there.`;
    const hint = "Put join: each on a node inside the loop, or behind it.";
    work.problems.add({ severity: "warning", code: "each_on_head", message, path: ["nodes", node.id, "join"], hint });
  }
}

function surelyStays(edges: readonly PlanEdge[], among: ReadonlySet<number>): boolean {
  const stays = (edge: PlanEdge): boolean => edge.to !== "end" && among.has(edge.to);
  if (edges.some((edge) => edge.condition.kind === "always" && stays(edge))) return true;
  const choices = edges.filter((edge) => edge.condition.kind !== "always");
  return choices.some((edge) => edge.condition.kind === "else") && choices.every(stays);
}

function reachesItself(plan: Plan, start: number, among: ReadonlySet<number>): boolean {
  const reached = new Set<number>();
  const stack = [start];
  for (let node = stack.pop(); node !== undefined; node = stack.pop()) {
    for (const target of plan.structure.edges[node] ?? []) {
      if (target === start) return true;
      if (!among.has(target) || reached.has(target)) continue;
      reached.add(target);
      stack.push(target);
    }
  }
  return false;
}

function lintChannels(plan: Plan, work: Compilation): void {
  const raw = plan.document;
  const named = new Set([
    ...(raw["input"] === undefined ? [] : plan.input),
    ...(raw["output"] === undefined ? [] : plan.output),
  ]);
  const input = new Set(plan.input);
  for (const channel of plan.channels) {
    const path = ["channels", channel.name];
    const [read, written] = [work.reads.has(channel.name), work.writes.has(channel.name)];
    if (!read && !written && !named.has(channel.name)) {
      const message = `No node reads or writes the channel "${channel.name}".`;
      work.problems.add({ severity: "warning", code: "unused_channel", message, path, atKey: true });
    } else if (read && !written && !input.has(channel.name) && channel.default === undefined) {
      const message = `The channel "${channel.name}" is read, but nothing sets it: no node, no input, no default.`;
      work.problems.add({ severity: "warning", code: "absent_channel", message, path, atKey: true });
    }
  }
}
