import { isJsonObject } from "../../base/json.ts";
import type { Json } from "../../base/json.ts";
import type { Channel } from "../channels.ts";
import { toMermaid } from "../draw/mermaid.ts";
import { outlineOf } from "../draw/outline.ts";
import type { Link } from "../draw/outline.ts";
import { stateSchema } from "../draw/state-schema.ts";
import type { Plan, PlanNode } from "../plan.ts";
import type { Region } from "../topology.ts";
import { flowOf } from "./flow.ts";
import type { DescribedKinds, NodeFlow } from "./flow.ts";
import { given } from "./given.ts";
import { code, fenced, names, plain, table } from "./markdown.ts";
import { shapeOf } from "./shape.ts";

type Flows = readonly NodeFlow[];

/**
 * A page about a graph, in Markdown, from nothing but the graph: what goes in and comes out, what each node reads, writes
 * and follows, its loops, limits and figures. The same graph, the same page. `kinds` are what the plan was compiled with.
 */
export function describeGraph(plan: Plan, kinds: DescribedKinds): string {
  const flows = flowOf(plan);
  const parts = [
    head(plan),
    drawing(plan),
    given(plan),
    `## Input\n\n${state(plan, plan.input)}`,
    `## Output\n\n${state(plan, plan.output)}`,
    channels(plan, flows),
    nodes(plan, kinds, flows),
    graphsInside(plan, kinds),
    loops(plan),
    limits(plan),
    figures(plan),
  ];
  return `${parts.filter((part) => part !== "").join("\n\n")}\n`;
}

function head(plan: Plan): string {
  const description = plan.document["description"];
  const text = typeof description === "string" ? `\n\n${plain(description)}` : "";
  return `# ${plain(plan.name)}${text}\n\nGraph ${code(plan.id)}, version ${code(plan.hash.slice(0, 12))}.`;
}

/** More boxes than that are no picture. */
const MOST_DRAWN = 120;

function drawing(plan: Plan): string {
  if (plan.nodes.length > MOST_DRAWN) return "";
  return `## Drawing\n\n${fenced("mermaid", toMermaid(plan))}\n\nA dotted arrow begins another turn of a loop.`;
}

function state(plan: Plan, shown: readonly string[]): string {
  if (shown.length === 0) return "Nothing.";
  const schema = JSON.stringify(stateSchema(plan, shown), null, 2);
  const said = schema.length <= LONGEST_SCHEMA ? `\n\n${fenced("json", schema)}` : "";
  return `${names(shown, 50)}${said}`;
}

const LONGEST_SCHEMA = 8000;

function channels(plan: Plan, flows: Flows): string {
  if (plan.channels.length === 0) return "";
  const readers = touching(plan, flows, "reads");
  const writers = touching(plan, flows, "writes");
  const rows = plan.channels.map((channel) => [
    code(channel.name),
    folding(channel),
    channel.default === undefined ? "–" : code(JSON.stringify(channel.default), 60),
    channel.schema === undefined ? "anything" : code(typeText(channel.schema), 60),
    names(writers.get(channel.name) ?? []),
    names(readers.get(channel.name) ?? []),
  ]);
  return `## Channels\n\n${table(["Channel", "Writes fold by", "Default", "Type", "Written by", "Read by"], rows)}`;
}

function folding({ reducer, conflict }: Channel): string {
  if (reducer !== "last") return code(reducer);
  return conflict === "last" ? "the last write, unseen ones too" : "the last write";
}

function typeText(schema: { readonly [key: string]: Json }): string {
  const type = schema["type"];
  return typeof type === "string" ? type : JSON.stringify(type ?? schema);
}

function touching(plan: Plan, flows: Flows, how: keyof NodeFlow): ReadonlyMap<string, readonly string[]> {
  const found = new Map<string, string[]>();
  for (const { id, index } of plan.nodes) {
    for (const channel of flows[index]?.[how] ?? []) {
      const list = found.get(channel);
      if (list === undefined) found.set(channel, [id]);
      else list.push(id);
    }
  }
  return found;
}

function nodes(plan: Plan, kinds: DescribedKinds, flows: Flows): string {
  if (plan.nodes.length === 0) return "";
  const { vertices, links } = outlineOf(plan);
  const after: string[][] = vertices.map(() => []);
  const next: string[][] = vertices.map(() => []);
  for (const link of links) {
    const { from, to, again, taken } = link;
    if (!again) after[to]?.push(vertices[from]?.id ?? "");
    if (taken !== "implied") next[from]?.push(step(vertices[to]?.id ?? "", link));
  }
  const raw = plan.document["nodes"];
  const rows = plan.nodes.map((node) => [
    code(node.id),
    code(node.kind),
    names(after[node.index + 1] ?? [], 6),
    names(flows[node.index]?.reads ?? []),
    names(flows[node.index]?.writes ?? []),
    effectText(node),
    limitedList(next[node.index + 1] ?? []),
    purpose(node, isJsonObject(raw) ? raw[node.id] : undefined, kinds),
  ]);
  const rule =
    "A node waits for everything in flight that can still reach it, not only for what stands directly before it, and sees everything written upstream of it.";
  return `## Nodes\n\n${rule}\n\n${table(["Node", "Kind", "Waits for", "Reads", "Writes", "Effect", "Then", "What it does"], rows)}`;
}

function effectText({ effect, cache }: PlanNode): string {
  if (cache === undefined) return effect;
  const key = cache.key === undefined ? "" : ` by ${code(cache.key.source, 60)}`;
  return `${effect}; kept for ${durationText(cache.ttlMs)}${key}`;
}

function durationText(ms: number): string {
  const [unit = "ms", size = 1] =
    (
      [
        ["h", 3_600_000],
        ["m", 60_000],
        ["s", 1000],
      ] as const
    ).find(([, each]) => ms % each === 0) ?? [];
  return `${ms / size} ${unit}`;
}

function step(id: string, { taken, condition: said, items, again }: Link): string {
  const otherwise = taken !== "goto" ? "" : said === "goto" ? " where it says so" : ` where it says ${code(said, 80)}`;
  const condition = taken === "when" ? ` when ${code(said, 80)}` : taken === "else" ? " otherwise" : otherwise;
  const each = items === undefined ? "" : ` for each of ${code(items, 80)}`;
  if (taken === "undo") return `${code(id)} to undo it`;
  return `${code(id)}${each}${condition}${again ? " (again)" : ""}`;
}

function limitedList(steps: readonly string[]): string {
  if (steps.length === 0) return "–";
  return steps.length > 6 ? `${steps.slice(0, 6).join("; ")}; ${steps.length - 6} more` : steps.join("; ");
}

/** Its description, or else what its kind does; and what differs from the kind's way of running. */
function purpose(node: PlanNode, raw: Json | undefined, kinds: DescribedKinds): string {
  const said = isJsonObject(raw) ? raw["description"] : undefined;
  const text = typeof said === "string" ? said : (kinds.get(node.kind)?.summary ?? "");
  const more = [
    ...(text === "" ? [] : [sentence(plain(text, 300))]),
    ...(node.join === "each" ? ["Runs once for each arrival."] : []),
    ...(node.retry.attempts > 1 ? [`Up to ${node.retry.attempts} attempts.`] : []),
  ];
  return more.length === 0 ? "–" : more.join(" ");
}

function sentence(text: string): string {
  return /[.!?…]$/.test(text) ? text : `${text}.`;
}

/** More graphs than that are counted, not described. */
const MOST_INSIDE = 30;

/** Each graph that nodes run once, whoever runs it; graphs within them after those that they are in. */
function graphsInside(plan: Plan, kinds: DescribedKinds): string {
  const runners = new Map<Plan, string[]>();
  for (const outer of [plan, ...insidePlans(plan)]) {
    for (const { id, inside } of outer.nodes) {
      const list = inside === undefined ? undefined : runners.get(inside);
      if (list !== undefined) list.push(id);
      else if (inside !== undefined) runners.set(inside, [id]);
    }
  }
  if (runners.size === 0) return "";
  const parts = [...runners].slice(0, MOST_INSIDE).flatMap(([inside, ids]) => {
    const flows = flowOf(inside);
    const ends = `Takes ${names(inside.input, 20)}, gives ${names(inside.output, 20)}.`;
    const tables = [channels(inside, flows), nodes(inside, kinds, flows)].filter((part) => part !== "");
    const text = `What ${names(ids)} runs. ${ends}`;
    return [`### ${code(inside.name, 80)}`, text, ...tables.map((part) => `##${part}`)];
  });
  const more = runners.size > MOST_INSIDE ? [`And ${runners.size - MOST_INSIDE} more.`] : [];
  return ["## Graphs inside", ...parts, ...more].join("\n\n");
}

/** All graphs inside, each once. */
function insidePlans(plan: Plan): Plan[] {
  const found = new Set<Plan>();
  collect(plan, found);
  for (const next of found) collect(next, found);
  return [...found];
}

function collect({ nodes: members }: Plan, found: Set<Plan>): void {
  for (const { inside } of members) if (inside !== undefined) found.add(inside);
}

/** More loops than that are counted, not listed. */
const MOST_LOOPS = 50;

function loops(plan: Plan): string {
  const [, ...regions] = plan.topology.regions;
  if (regions.length === 0) return "";
  const idOf = (node: number): string => plan.nodes[node]?.id ?? "";
  const lines = regions.slice(0, MOST_LOOPS).map((region) => {
    const own = region.units.flatMap((unit) => (unit.kind === "node" ? [unit] : []));
    const heads = own.filter(({ head: isHead }) => isHead).map(({ node }) => idOf(node));
    const others = own.filter(({ head: isHead }) => !isHead).map(({ node }) => idOf(node));
    const inner = region.units.length - own.length;
    return [
      `- A turn begins at ${names(heads)}${place(region)}`,
      others.length === 0 ? "" : `, goes through ${names(others)}`,
      inner === 0 ? "" : `, with ${inner === 1 ? "a loop" : `${inner} loops`} inside`,
      ".",
    ].join("");
  });
  const more = regions.length > MOST_LOOPS ? [`- And ${regions.length - MOST_LOOPS} more.`] : [];
  return ["## Loops", "", ...lines, ...more].join("\n");
}

function place({ depth }: Region): string {
  return depth > 1 ? ` (nested ${depth} deep)` : "";
}

function limits({ limits: { steps, concurrency, ...rest } }: Plan): string {
  const { tokens, costUsd, timeMs, state: stateLimit, depth } = rest;
  const said = [
    `The longest chain of tasks has at most ${steps} steps; at most ${concurrency} tasks run at once.`,
    ...(tokens === undefined ? [] : [`A run uses at most ${tokens} tokens.`]),
    ...(costUsd === undefined ? [] : [`A run costs at most ${costUsd} US dollars.`]),
    ...(timeMs === undefined ? [] : [`A run takes at most ${timeText(timeMs)}, waits included.`]),
    ...(stateLimit === undefined ? [] : [`The state has at most ${stateLimit} characters of JSON.`]),
    ...(depth === undefined ? [] : [`Graphs are nested at most ${depth} deep.`]),
  ];
  return `## Limits\n\n${said.join(" ")}`;
}

function timeText(ms: number): string {
  for (const [unit, length] of UNITS) if (ms % length === 0) return `${ms / length} ${unit}`;
  return `${ms} ms`;
}

const UNITS = [
  ["d", 86_400_000],
  ["h", 3_600_000],
  ["min", 60_000],
  ["s", 1000],
] as const;

function figures(plan: Plan): string {
  const shape = shapeOf(plan);
  const once = shape.loops > 0 ? " Each loop is gone through once here." : "";
  const rows = [
    ["Nodes, edges, loops", `${shape.nodes}, ${shape.edges}, ${shape.loops}`],
    ["Longest chain", `${shape.criticalPath.length} nodes: ${chain(shape.criticalPath)}${once}`],
    ["Widest layer", `${shape.widest.length} nodes: ${names(shape.widest)}`],
    ["Cyclomatic complexity", String(shape.cyclomatic)],
    ["Every way passes", names(shape.bottlenecks, 20)],
  ];
  return `## Shape\n\n${table(["Figure", ""], rows)}`;
}

function chain(ids: readonly string[]): string {
  if (ids.length <= 24) return ids.map((id) => code(id)).join(" → ");
  return `${ids
    .slice(0, 12)
    .map((id) => code(id))
    .join(" → ")} → … → ${ids
    .slice(-6)
    .map((id) => code(id))
    .join(" → ")}`;
}
