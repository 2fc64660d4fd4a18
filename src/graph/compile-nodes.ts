import { isJsonObject } from "../base/json.ts";
import type { Json, JsonObject } from "../base/json.ts";
import { channelAt, compileExpressionAt, compileTemplateAt } from "./compile-context.ts";
import type { Compilation } from "./compile-context.ts";
import { addTarget, compileOwn } from "./compile-own.ts";
import type { OwnPart } from "./compile-own.ts";
import { compileUndo } from "./compile-undo.ts";
import { withLocals } from "./expression/language.ts";
import { NODE_DEFAULTS } from "./kinds.ts";
import type { NodeDefaults, NodeKindSpec } from "./kinds.ts";
import { parsePart } from "./parse-part.ts";
import type { CachePolicy, Effect, ErrorPolicy, Plan, PlanEdge, PlanNode, RetryPolicy, Template } from "./plan.ts";
import { nearest } from "./problems.ts";
import type { Path } from "./problems.ts";
import { COMMON_FIELDS, durationMs, ID, ID_HINT, nodeCommonSchema, RESERVED } from "./schema.ts";
import type { NodeCommon } from "./schema.ts";

export const MOST_NODES = 5000;

/** A node, with the edges that its own configuration declares. */
export type CompiledNode = Omit<PlanNode, "edges"> & { readonly targets: readonly PlanEdge[] };

/** The nodes in document order; those that are broken are left out, and are problems. `undos`: those that undo others. */
export function compileNodes(raw: JsonObject, undos: ReadonlySet<string>, work: Compilation): CompiledNode[] {
  const entries = Object.entries(raw);
  work.counts.nodes += entries.length;
  if (work.counts.nodes > MOST_NODES) {
    work.problems.add({ code: "too_large", message: `A document has at most ${MOST_NODES} nodes.`, path: ["nodes"] });
    return [];
  }
  const undoing = undos.size === 0 ? work : { ...work, language: withLocals(work.language, ["item"]) };
  const nodes: CompiledNode[] = [];
  for (const [index, [id, value]] of entries.entries()) {
    if (work.problems.full) break;
    const node = compileNode({ index, id, raw: value }, undos, undos.has(id) ? undoing : work);
    if (node !== undefined) nodes.push(node);
  }
  return nodes;
}

interface RawNode {
  readonly index: number;
  readonly id: string;
  readonly raw: Json;
}

function compileNode(
  { index, id, raw }: RawNode,
  undos: ReadonlySet<string>,
  work: Compilation,
): CompiledNode | undefined {
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
  const spec = findKind(raw["kind"], path, work);
  if (spec === undefined) return undefined;
  const config = Object.fromEntries(fields.filter(([key]) => !COMMON_FIELDS.has(key)));
  const own = compileOwn(spec, { id, config, path }, work);
  if (own === undefined || common === undefined) return undefined;
  const effect = common.effect ?? own.effect;
  const cache = compileCache(common, { effect, inside: own.inside?.plan }, own.work, path);
  const onError = compileOnError(common, own, path);
  const undo = compileUndo(common.undo, { id, path, cached: common.cache !== undefined }, undos, work);
  const shownAs = compileShownAs(common, path, work);
  if (own.inside !== undefined) refusePolicies(raw, path, work);
  for (const channel of own.work.reads) work.reads.add(channel);
  for (const channel of own.work.writes) work.writes.add(channel);
  if (own.work.needs.payload) work.needPayload.add(index);
  return {
    index,
    id,
    ...(shownAs === undefined ? {} : { shownAs }),
    kind: spec.kind,
    compiled: own.compiled,
    effect,
    ...(common.on_unknown === undefined ? {} : { onUnknown: common.on_unknown }),
    ...(cache === undefined ? {} : { cache }),
    ...(onError === undefined ? {} : { onError }),
    reads: [...own.work.reads],
    writes: [...own.work.writes],
    ...(own.inside === undefined
      ? {}
      : {
          inside: own.inside.plan,
          many: spec.many === true,
          carries: spec.carries === true,
          ...(spec.holds === true ? { holds: true } : {}),
        }),
    ...(own.shares === undefined ? {} : { shares: own.shares }),
    ...(undo === undefined ? {} : { undo }),
    targets: own.targets,
    join: common.join,
    ...policies(common, spec.defaults ?? NODE_DEFAULTS),
  };
}

/** One name for the whole run: what changes within it cannot be a part of it. */
function compileShownAs({ shown_as: source }: NodeCommon, path: Path, work: Compilation): Template | undefined {
  if (source === undefined) return undefined;
  const place = [...path, "shown_as"];
  const own: Compilation = { ...work, reads: new Set(), needs: { payload: false } };
  const template = compileTemplateAt(own, source, place);
  if (own.reads.size > 0 || own.needs.payload) {
    const message = "A node's name is the same for the whole run, so `shown_as` cannot read the state or a payload.";
    const hint = "Make it of config, context, params, vars or run.";
    work.problems.add({ code: "invalid_value", message, path: place, hint });
  }
  return template;
}

/** A node that runs a graph makes no attempts of its own: what it says of them would be nothing. */
function refusePolicies(raw: JsonObject, path: Path, work: Compilation): void {
  for (const field of ["retry", "timeout", "effect", "on_unknown"]) {
    if (!Object.hasOwn(raw, field)) continue;
    const message = `\`${field}\` has no effect on a node that runs a graph.`;
    const hint = "Put it on the nodes inside.";
    work.problems.add({ code: "useless_policy", message, path: [...path, field], atKey: true, hint });
  }
}

/** Where a failure goes is an edge like one that the node's configuration declares. */
function compileOnError({ on_error: said }: NodeCommon, own: OwnPart, path: Path): ErrorPolicy | undefined {
  if (said === undefined) return undefined;
  const place = [...path, "on_error"];
  const { to, write } = typeof said === "string" ? { to: said, write: undefined } : said;
  const at = typeof said === "string" ? place : [...place, "to"];
  const target = to === undefined ? undefined : addTarget(to, at, own.work, own.targets, { label: "on error" });
  if (write !== undefined && channelAt(own.work, write, [...place, "write"]) !== undefined) own.work.writes.add(write);
  return { ...(target === undefined ? {} : { to: target }), ...(write === undefined ? {} : { write }) };
}

/** A node that may do harm, by its path through the graphs inside. */
function unsafeIn(plan: Plan, seen = new Set<Plan>()): string | undefined {
  // Nothing was found in what was seen: many nodes may run one graph, on each of several levels.
  if (seen.has(plan)) return undefined;
  seen.add(plan);
  for (const { id, effect, inside } of plan.nodes) {
    if (inside === undefined && effect === "unsafe") return id;
    const deeper = inside && unsafeIn(inside, seen);
    if (deeper !== undefined) return `${id}/${deeper}`;
  }
  return undefined;
}

interface Cached {
  readonly effect: Effect;
  readonly inside: Plan | undefined;
}

function compileCache(
  { cache }: NodeCommon,
  { effect, inside }: Cached,
  work: Compilation,
  path: Path,
): CachePolicy | undefined {
  if (cache === undefined) return undefined;
  const harm = inside && unsafeIn(inside);
  if (harm !== undefined || effect === "unsafe") {
    const who = harm === undefined ? "this node" : `"${harm}" inside`;
    const message = `What ${who} does may not be left out, so its result cannot be used again.`;
    const hint = "Leave cache out, or say effect: pure or idempotent if it is.";
    work.problems.add({ code: "cached_effect", message, path: [...path, "cache"], atKey: true, hint });
  }
  const ttlMs = durationMs(cache.ttl);
  if (cache.key === undefined) return { ttlMs };
  return { ttlMs, key: compileExpressionAt(work, cache.key, [...path, "cache", "key"]) };
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

function findKind(kind: Json | undefined, path: Path, work: Compilation): NodeKindSpec | undefined {
  const { kinds } = work;
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

type Timeouts = { readonly [Part in "total" | "first" | "idle"]?: string | number | undefined };
type Policies = Pick<PlanNode, "retry" | "timeoutMs" | "firstMs" | "idleMs">;

function policies({ retry, timeout }: NodeCommon, defaults: NodeDefaults): Policies {
  const { total, first, idle }: Timeouts = typeof timeout === "object" ? timeout : { total: timeout };
  return {
    retry: retryOf(retry, defaults),
    timeoutMs: total === undefined ? defaults.timeoutMs : durationMs(total),
    ...(first === undefined ? {} : { firstMs: durationMs(first) }),
    ...(idle === undefined ? {} : { idleMs: durationMs(idle) }),
  };
}

function retryOf(retry: NodeCommon["retry"], defaults: NodeDefaults): RetryPolicy {
  if (retry === undefined) return defaults.retry;
  if (typeof retry === "number") return { ...defaults.retry, attempts: retry };
  const delayMs = retry.delay === undefined ? defaults.retry.delayMs : durationMs(retry.delay);
  const maxDelayMs =
    retry.max_delay === undefined ? Math.max(defaults.retry.maxDelayMs, delayMs) : durationMs(retry.max_delay);
  return { attempts: retry.attempts, delayMs, maxDelayMs };
}
