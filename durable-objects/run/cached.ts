import { sha256Hex } from "../../src/base/hash.ts";
import { canonicalJson, isJsonObject, type Json, type JsonObject } from "../../src/base/json.ts";
import type { ResultCache } from "../../src/cache/contract.ts";
import type { Plan, PlanNode, Scope } from "../../src/graph/plan.ts";
import type { NodeResult } from "../../src/nodes/contract.ts";

/** What a node says of itself that has no part in its result. */
const BESIDE = new Set(["cache", "description", "join", "retry", "timeout", "effect"]);
/** What a run has of its own: a result that was made of it is of no use to another. */
const OF_THE_RUN = "run";

/** Which results are one: those of nodes that say and see the same. */
export interface Keeper {
  readonly cache: ResultCache;
  readonly key: string;
  readonly ttlMs: number;
}

/**
 * Equal are tasks of nodes with the same configuration, the same graph inside and channels of one form to write to, for which the cache's `key` gives the same, or, without a key, which
 * see the same of all that their node reads. Undefined for a node without a cache. @throws what the key's expression throws
 */
export function keeperOf(plan: Plan, node: PlanNode, scope: Scope, cache: ResultCache): Keeper | undefined {
  if (node.cache === undefined) return undefined;
  const own = [configOf(plan, node), formsOf(plan, node), insideOf(node)];
  const key = sha256Hex(canonicalJson(["node result", 2, own, seenBy(node, node.cache, scope)]));
  return { cache, key, ttlMs: node.cache.ttlMs };
}

/** The result of an earlier, equal task. A message that is said again is another message, with an id of its own. */
export async function findResult({ cache, key }: Keeper, messageId: string): Promise<NodeResult | undefined> {
  const kept = await cache.get(key);
  // what `keepResult` has made
  return isKept(kept) ? (renamed(kept.result, kept.messageId, messageId) as unknown as NodeResult) : undefined;
}

/** By the side: no task waits for its cache. */
export function keepResult({ cache, key, ttlMs }: Keeper, result: NodeResult, messageId: string): void {
  // What it used was used by the task that made it.
  const { usage: _, ...reusable } = result;
  void cache.put(key, { result: reusable as unknown as Json, messageId }, ttlMs);
}

function configOf(plan: Plan, node: PlanNode): JsonObject {
  const nodes = plan.document["nodes"];
  const own = isJsonObject(nodes) ? nodes[node.id] : undefined;
  return Object.fromEntries(Object.entries(isJsonObject(own) ? own : {}).filter(([field]) => !BESIDE.has(field)));
}

/** What a result is written to decides what it is, and whether it may be there. */
function formsOf(plan: Plan, { writes }: PlanNode): Json {
  const written = plan.channels.filter(({ name }) => writes.includes(name));
  return written.map(({ name, reducer, schema }): Json => [name, reducer, schema ?? null]);
}

/** A configuration has but the name of a graph that stands elsewhere, and so have graphs inside of that. */
function insideOf({ inside }: PlanNode): Json {
  return inside === undefined ? null : identityOf(inside);
}

const IDENTITIES = new WeakMap<Plan, string>();

function identityOf(plan: Plan): string {
  const known = IDENTITIES.get(plan) ?? sha256Hex(canonicalJson([plan.hash, ...plan.nodes.map(insideOf)]));
  IDENTITIES.set(plan, known);
  return known;
}

function seenBy(node: PlanNode, { key }: NonNullable<PlanNode["cache"]>, scope: Scope): Json {
  if (key !== undefined) return { key: key.evaluate(scope) };
  const state = node.reads.map((channel): Json => [channel, scope.read(channel) ?? { absent: true }]);
  const globals = Object.entries(scope.globals ?? {}).filter(([name]) => name !== OF_THE_RUN);
  return { state, payload: scope.payload ?? null, globals: Object.fromEntries(globals) };
}

interface Kept {
  readonly result: Json;
  readonly messageId: string;
}

function isKept(value: Json | undefined): value is Json & Kept {
  return isJsonObject(value) && isJsonObject(value["result"]) && typeof value["messageId"] === "string";
}

/** Two messages of one id would be taken for one. Ids of further messages, and of those of tasks inside, begin with the task's. */
function renamed(value: Json, from: string, to: string): Json {
  if (typeof value === "string") return isOf(value, from) ? to + value.slice(from.length) : value;
  if (Array.isArray(value)) return value.map((item: Json) => renamed(item, from, to));
  if (!isJsonObject(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, renamed(item, from, to)]));
}

function isOf(id: string, messageId: string): boolean {
  return id.startsWith(messageId) && ["", ":", "/", "["].includes(id.charAt(messageId.length));
}

/** Nothing is kept of what is only tried out. */
export const NO_CACHE: ResultCache = { get: async () => undefined, put: async () => undefined };
