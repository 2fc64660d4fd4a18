import { isJsonObject } from "../base/json.ts";
import type { Json, JsonObject } from "../base/json.ts";
import type { Channel } from "./channels.ts";
import { compileChannels } from "./compile-channels.ts";
import type { Compilation } from "./compile-context.ts";
import { compileEdges } from "./compile-edges.ts";
import type { EdgesByOrigin } from "./compile-edges.ts";
import { compileNodes } from "./compile-nodes.ts";
import type { NodeWithoutEdges } from "./compile-nodes.ts";
import { createLanguage } from "./expression/language.ts";
import { documentHash } from "./identity.ts";
import type { NodeKindSpecs } from "./kinds.ts";
import { lint } from "./lint.ts";
import { parsePart } from "./parse-part.ts";
import type { Plan, PlanEdge, PlanNode } from "./plan.ts";
import { nearest, Problems } from "./problems.ts";
import type { Problem } from "./problems.ts";
import { headSchema, limitsSchema } from "./schema.ts";
import type { Limits } from "./schema.ts";
import type { Structure } from "./structure.ts";
import { createTopology } from "./topology.ts";
import { readSource, textOf } from "./text/read.ts";
import type { GraphSource } from "./text/read.ts";

export type { Problem } from "./problems.ts";
export type { GraphSource } from "./text/read.ts";

export type CompileResult =
  | { readonly ok: true; readonly plan: Plan; readonly warnings: Problem[] }
  | { readonly ok: false; readonly problems: Problem[] };

/**
 * Checks a document and makes it ready to run. All problems are found at once, each with code and path, and with
 * line and column when the document came as text. Never throws, whatever it is given.
 */
export function compileGraph(source: GraphSource, kinds: NodeKindSpecs): CompileResult {
  const problems = new Problems();
  const read = readSource(source, problems);
  const plan = read === undefined ? undefined : compileDocument(read.value, kinds, problems);
  const list = problems.list(textOf(source), read?.root);
  return plan === undefined || problems.failed ? { ok: false, problems: list } : { ok: true, plan, warnings: list };
}

function compileDocument(document: Json, kinds: NodeKindSpecs, problems: Problems): Plan | undefined {
  const head = parsePart(headSchema, document, [], problems);
  if (!isJsonObject(document)) return undefined;
  const channels = compileChannels(mappingOf(document["channels"]), problems);
  const work: Compilation = {
    problems,
    channels: new Map(channels.map((channel) => [channel.name, channel])),
    language: createLanguage(channels.filter((channel) => /^[A-Za-z]/.test(channel.name))),
    reads: new Set(),
    writes: new Set(),
    expressions: { count: 0 },
  };
  const rawNodes = mappingOf(document["nodes"]);
  const nodes = compileNodes(rawNodes, kinds, work);
  const ids = new Map(Object.keys(rawNodes).map((id, index) => [id, index]));
  const edges = Array.isArray(document["edges"])
    ? compileEdges(document["edges"], ids, work)
    : new Map<number, PlanEdge[]>();
  const input = checkNames(document["input"], "input", work);
  const output = checkNames(document["output"], "output", work);
  const limits = parsePart(limitsSchema, head?.limits ?? {}, ["limits"], problems);
  if (head === undefined || limits === undefined || problems.failed) return undefined;
  const plan = assemble({
    document,
    id: head.id,
    name: head.name ?? head.id,
    channels,
    nodes,
    edges,
    input,
    output,
    limits,
  });
  lint(plan, work);
  return plan;
}

function mappingOf(value: Json | undefined): JsonObject {
  return isJsonObject(value) ? value : {};
}

/** Channels named by `input` or `output`; all of them where the document says nothing. */
function checkNames(raw: Json | undefined, field: string, work: Compilation): readonly string[] {
  if (!Array.isArray(raw)) return [...work.channels.keys()];
  raw.forEach((name: Json, index: number) => {
    if (typeof name !== "string" || work.channels.has(name) || work.problems.full) return;
    const near = nearest(name, work.channels.keys());
    const hint = near === undefined ? "Declare it under channels." : `Did you mean "${near}"?`;
    const message = `There is no channel "${name.slice(0, 80)}".`;
    work.problems.add({ code: "unknown_channel", message, path: [field, index], hint });
  });
  return [...new Set(raw.filter((name: Json): name is string => typeof name === "string"))];
}

interface Parts {
  readonly document: JsonObject;
  readonly id: string;
  readonly name: string;
  readonly channels: readonly Channel[];
  readonly nodes: readonly NodeWithoutEdges[];
  readonly edges: EdgesByOrigin;
  readonly input: readonly string[];
  readonly output: readonly string[];
  readonly limits: Limits;
}

function assemble({ edges, ...parts }: Parts): Plan {
  const nodes = parts.nodes.map((node): PlanNode => ({ ...node, edges: edges.get(node.index) ?? [] }));
  const starts = edges.get("start") ?? [];
  const structure: Structure = {
    nodes: nodes.length,
    edges: nodes.map((node) => targetsOf(node.edges)),
    starts: targetsOf(starts),
    each: new Set(nodes.filter((node) => node.join === "each").map((node) => node.index)),
    channels: parts.channels,
  };
  const topology = createTopology(structure);
  return {
    ...parts,
    channelSchemas: new Map(),
    variables: {},
    parameters: [],
    hash: documentHash(parts.document),
    nodes,
    starts,
    structure,
    topology,
  };
}

function targetsOf(edges: readonly PlanEdge[]): readonly number[] {
  return [...new Set(edges.flatMap((edge) => (edge.to === "end" ? [] : [edge.to])))];
}
