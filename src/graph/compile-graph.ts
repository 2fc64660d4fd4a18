import { isJsonObject } from "../base/json.ts";
import type { Json, JsonObject } from "../base/json.ts";
import { compileBreakpoints } from "./compile-breakpoints.ts";
import { compileChannels } from "./compile-channels.ts";
import type { Compilation, InsideGraph, Running } from "./compile-context.ts";
import { compileDefaults } from "./compile-defaults.ts";
import { compileEdges } from "./compile-edges.ts";
import type { EdgesByOrigin } from "./compile-edges.ts";
import { compileLimits } from "./compile-limits.ts";
import type { Standing } from "./compile-limits.ts";
import { globalsFrom } from "./compile-names.ts";
import type { Names } from "./compile-names.ts";
import { compileNodes } from "./compile-nodes.ts";
import type { CompiledNode } from "./compile-nodes.ts";
import { compilePort } from "./compile-ports.ts";
import type { Port } from "./compile-ports.ts";
import { checkUndos, noteUseless, undosIn, undoStarts } from "./compile-undo.ts";
import { createLanguage } from "./expression/language.ts";
import { documentHash } from "./identity.ts";
import type { NodeKindSpecs } from "./kinds.ts";
import { lint } from "./lint/lint.ts";
import type { Plan, PlanEdge, PlanNode } from "./plan.ts";
import type { Problems } from "./problems.ts";
import type { Structure } from "./structure.ts";
import { createTopology } from "./topology.ts";

/** What a whole document shares while its graphs are compiled. */
export interface Session {
  readonly kinds: NodeKindSpecs;
  readonly counts: Compilation["counts"];
  /** Warnings are looked for when everything is known, such as what a composite reads of the graph inside of it. */
  readonly lints: (() => void)[];
}

/** One graph, and what is around it: the document's own, or one that a node runs. Paths are relative to the graph. */
export interface Setting extends Running {
  readonly id: string;
  readonly name: string;
  readonly standing: Standing;
  readonly problems: Problems;
  readonly names: Names;
  readonly inside: Compilation["inside"];
}

/** Compiles a graph whose head has been checked. Undefined where something of it is broken. */
export function compileOneGraph(document: JsonObject, setting: Setting, session: Session): InsideGraph | undefined {
  const { problems, names } = setting;
  const { channels, schemas } = compileChannels(mappingOf(document["channels"]), problems);
  const rawNodes = mappingOf(document["nodes"]);
  const work: Compilation = {
    problems,
    kinds: session.kinds,
    channels: new Map(channels.map((channel) => [channel.name, channel])),
    schemas,
    rawNodes,
    ids: new Map(Object.keys(rawNodes).map((id, index) => [id, index])),
    language: createLanguage({ channels, globals: globalsFrom(names, setting.locals) }),
    reads: new Set(),
    writes: new Set(),
    needs: { payload: false },
    needPayload: new Set(),
    counts: session.counts,
    inside: setting.inside,
  };
  const undos = undosIn(rawNodes);
  const nodes = compileNodes(rawNodes, undos, work);
  const edges: EdgesByOrigin = Array.isArray(document["edges"])
    ? compileEdges(document["edges"], work, !setting.calls)
    : new Map();
  checkUndos(document["edges"], nodes, undos, work);
  const useless = (): void => {
    if (!setting.undoes) noteUseless(rawNodes, setting.standing, problems);
  };
  // in place nobody else can run it, so that it is a mistake; elsewhere it is advice
  if (setting.standing === "placed") useless();
  else session.lints.push(useless);
  const input = compilePort(document["input"], "input", work);
  const output = compilePort(document["output"], "output", work);
  const state = document["state"] === undefined ? undefined : compilePort(document["state"], "state", work).schema;
  const breakpoints = compileBreakpoints(document["breakpoints"], work);
  // a run has one configuration: that of the graph it is of
  const defaults = setting.standing === "outermost" ? compileDefaults(document, names, problems) : undefined;
  const limits = compileLimits(document["limits"], setting.standing, problems);
  if (limits === undefined || problems.failed) return undefined;
  const { id, name } = setting;
  const plan = assemble(
    {
      document,
      id,
      name,
      channels,
      channelSchemas: schemas,
      ...names,
      limits,
      ...(state === undefined ? {} : { stateSchema: state }),
      ...(breakpoints === undefined ? {} : { breakpoints }),
      ...(defaults === undefined ? {} : { defaults }),
      onFailure: onFailureOf(document, setting),
    },
    { nodes, edges, calls: setting.calls },
    { input, output },
  );
  session.lints.push(() => lint(plan, work));
  return { plan, work };
}

/** Of the whole run: a graph that a node runs may say it for when it is run by itself. */
function onFailureOf({ on_failure: said }: JsonObject, { standing }: Setting): Plan["onFailure"] {
  return said === "stop" && standing === "outermost" ? "stop" : "continue";
}

function mappingOf(value: Json | undefined): JsonObject {
  return isJsonObject(value) ? value : {};
}

type Base = Omit<
  Plan,
  "hash" | "nodes" | "starts" | "structure" | "topology" | "input" | "output" | "inputSchema" | "outputSchema"
>;

function assemble(
  base: Base,
  parts: { readonly nodes: readonly CompiledNode[]; readonly edges: EdgesByOrigin; readonly calls: boolean },
  { input, output }: { readonly input: Port; readonly output: Port },
): Plan {
  const nodes = parts.nodes.map(({ targets, ...node }): PlanNode => {
    return { ...node, edges: [...(parts.edges.get(node.index) ?? []), ...targets] };
  });
  const begun = [...(parts.edges.get("start") ?? []), ...undoStarts(nodes)];
  const starts = parts.calls ? [...begun, ...callStarts(nodes, begun)] : begun;
  const structure: Structure = {
    nodes: nodes.length,
    edges: nodes.map((node) => targetsOf(node.edges)),
    starts: targetsOf(starts),
    each: new Set(nodes.filter((node) => node.join === "each").map((node) => node.index)),
    channels: base.channels,
  };
  return {
    ...base,
    input: input.names,
    output: output.names,
    ...(input.schema === undefined ? {} : { inputSchema: input.schema }),
    ...(output.schema === undefined ? {} : { outputSchema: output.schema }),
    hash: documentHash(base.document),
    nodes,
    starts,
    structure,
    topology: createTopology(structure),
  };
}

/** What no edge leads to is called by its id: edges from start that are taken by nothing else. */
function callStarts(nodes: readonly PlanNode[], begun: readonly PlanEdge[]): PlanEdge[] {
  const led = new Set([...begun, ...nodes.flatMap(({ edges }) => edges)].map(({ to }) => to));
  return nodes.flatMap(({ index }): PlanEdge[] =>
    led.has(index) ? [] : [{ to: index, condition: { kind: "goto", label: "call" } }],
  );
}

function targetsOf(edges: readonly PlanEdge[]): readonly number[] {
  return [...new Set(edges.flatMap((edge) => (edge.to === "end" ? [] : [edge.to])))];
}
