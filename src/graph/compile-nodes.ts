import { isJsonObject } from "../base/json.ts";
import type { Json, JsonObject } from "../base/json.ts";
import { compileExpressionAt, compileTemplateAt } from "./compile-context.ts";
import type { Compilation } from "./compile-context.ts";
import { NODE_DEFAULTS } from "./kinds.ts";
import type { NodeCompiler, NodeDefaults, NodeKindSpec, NodeKindSpecs } from "./kinds.ts";
import { parsePart } from "./parse-part.ts";
import type { PlanNode, RetryPolicy } from "./plan.ts";
import { nearest } from "./problems.ts";
import type { Path } from "./problems.ts";
import { COMMON_FIELDS, durationMs, ID, ID_HINT, nodeCommonSchema, RESERVED } from "./schema.ts";
import type { NodeCommon } from "./schema.ts";

export const MOST_NODES = 5000;

export type NodeWithoutEdges = Omit<PlanNode, "edges">;

/** The nodes in document order; those that are broken are left out, and are problems. */
export function compileNodes(raw: JsonObject, kinds: NodeKindSpecs, work: Compilation): NodeWithoutEdges[] {
  const entries = Object.entries(raw);
  if (entries.length > MOST_NODES) {
    work.problems.add({ code: "too_large", message: `A graph has at most ${MOST_NODES} nodes.`, path: ["nodes"] });
    return [];
  }
  const nodes: NodeWithoutEdges[] = [];
  for (const [index, [id, value]] of entries.entries()) {
    if (work.problems.full) break;
    const node = compileNode(index, id, value, kinds, work);
    if (node !== undefined) nodes.push(node);
  }
  return nodes;
}

function compileNode(
  index: number,
  id: string,
  raw: Json,
  kinds: NodeKindSpecs,
  work: Compilation,
): NodeWithoutEdges | undefined {
  const path = ["nodes", id];
  checkId(id, path, work);
  if (!isJsonObject(raw)) {
    work.problems.add({ code: "invalid_type", message: `The node "${id.slice(0, 80)}" must be a mapping.`, path });
    return undefined;
  }
  const fields = Object.entries(raw);
  const common = parsePart(
    nodeCommonSchema,
    Object.fromEntries(fields.filter(([key]) => COMMON_FIELDS.has(key))),
    path,
    work.problems,
  );
  const spec = findKind(raw["kind"], path, kinds, work);
  if (spec === undefined) return undefined;
  const own = Object.fromEntries(fields.filter(([key]) => !COMMON_FIELDS.has(key)));
  const config = parsePart(spec.schema, own, path, work.problems, COMMON_FIELDS);
  const compiled = config === undefined ? undefined : compileOwn(spec, config, path, work);
  if (config === undefined || common === undefined) return undefined;
  return {
    index,
    id,
    kind: spec.kind,
    compiled,
    effect: common.effect ?? spec.effect,
    reads: [],
    writes: [],
    join: common.join,
    ...policies(common, spec.defaults ?? NODE_DEFAULTS),
  };
}

function checkId(id: string, path: Path, work: Compilation): void {
  const reserved = RESERVED.has(id);
  if (ID.test(id) && !reserved) return;
  const message = reserved
    ? `"${id}" is what edges call the ${id}; a node needs another id.`
    : `"${id.slice(0, 80)}" cannot be the id of a node.`;
  work.problems.add({
    code: reserved ? "reserved_id" : "invalid_id",
    message,
    path,
    atKey: true,
    ...(reserved ? {} : { hint: ID_HINT }),
  });
}

function findKind(
  kind: Json | undefined,
  path: Path,
  kinds: NodeKindSpecs,
  work: Compilation,
): NodeKindSpec | undefined {
  if (typeof kind !== "string") return undefined; // the common fields' schema has said so
  const spec = kinds.get(kind);
  if (spec !== undefined) return spec;
  const near = nearest(kind, kinds.keys());
  const hint = near === undefined ? `Known are ${[...kinds.keys()].join(", ")}.` : `Did you mean "${near}"?`;
  work.problems.add({
    code: "unknown_kind",
    message: `There is no kind of node "${kind.slice(0, 80)}".`,
    path: [...path, "kind"],
    hint,
  });
  return undefined;
}

function compileOwn(spec: NodeKindSpec, config: unknown, path: Path, work: Compilation): unknown {
  const compiler: NodeCompiler = {
    expression: (source, below) => compileExpressionAt(work, source, [...path, ...below]),
    template: (source, below) => compileTemplateAt(work, source, [...path, ...below]),
    channel: (name, below) => writtenChannel(work, name, [...path, ...below]),
    value: (value) => ({ evaluate: () => value }),
    schema: (schema) => ({ document: schema as JsonObject, check: () => undefined }),
    target: () => undefined,
    inside: () => undefined,
    problem: (code, message, below) => work.problems.add({ code, message, path: [...path, ...below] }),
  };
  try {
    return spec.compile(config as never, compiler);
  } catch (thrown) {
    // a kind may come from anybody's code
    const message = `The kind "${spec.kind}" could not compile this node: ${thrown instanceof Error ? thrown.message : String(thrown)}`;
    work.problems.add({ code: "kind_failed", message, path });
    return undefined;
  }
}

function writtenChannel(work: Compilation, name: string, path: Path): { readonly reducer: PlanReducer } | undefined {
  const channel = work.channels.get(name);
  if (channel !== undefined) {
    work.writes.add(name);
    return { reducer: channel.reducer };
  }
  if (work.problems.full) return undefined;
  const near = nearest(name, work.channels.keys());
  const hint = near === undefined ? "Declare it under channels." : `Did you mean "${near}"?`;
  work.problems.add({ code: "unknown_channel", message: `There is no channel "${name.slice(0, 80)}".`, path, hint });
  return undefined;
}

type PlanReducer = NonNullable<ReturnType<NodeCompiler["channel"]>>["reducer"];

function policies(common: NodeCommon, defaults: NodeDefaults): { retry: RetryPolicy; timeoutMs: number } {
  const timeoutMs = common.timeout === undefined ? defaults.timeoutMs : durationMs(common.timeout);
  const { retry } = common;
  if (retry === undefined) return { retry: defaults.retry, timeoutMs };
  if (typeof retry === "number") return { retry: { ...defaults.retry, attempts: retry }, timeoutMs };
  const delayMs = retry.delay === undefined ? defaults.retry.delayMs : durationMs(retry.delay);
  const maxDelayMs =
    retry.max_delay === undefined ? Math.max(defaults.retry.maxDelayMs, delayMs) : durationMs(retry.max_delay);
  return { retry: { attempts: retry.attempts, delayMs, maxDelayMs }, timeoutMs };
}
