import type { z } from "zod";
import { EdgewiseError, failure, toErrorRecord } from "../base/errors.ts";
import type { Json } from "../base/json.ts";
import type { NodeCompiler } from "../graph/kinds.ts";
import { NODE_DEFAULTS } from "../graph/kinds.ts";
import type { Effect, Scope } from "../graph/plan.ts";
import { COMMON_FIELDS, durationMs, ID_HINT } from "../graph/schema.ts";
import type { Estimate, NodeContext, NodeResult } from "../nodes/contract.ts";
import type { AnyTaskKind } from "../nodes/registry.ts";
import { documentSchema, Field } from "./fields.ts";
import type { Config, Shape } from "./fields.ts";
import { estimateTools } from "./estimate-tools.ts";
import type { EstimateTools } from "./estimate-tools.ts";
import { openTools } from "./node-tools.ts";
import type { NodeTools } from "./node-tools.ts";

/** `250ms`, `30s`, `5m`, `2h`, `7d`, or a number of milliseconds. */
export type Duration = number | `${number}${"ms" | "s" | "m" | "h" | "d"}`;

/** What a node writes: channels and values; undefined writes nothing. */
export type Writes = { readonly [channel: string]: Json | undefined };

/** A kind of node written in TypeScript. */
export interface NodeDefinition<Kind extends string, S extends Shape> {
  /** What documents call it. */
  readonly kind: Kind;
  readonly summary: string;
  /** The fields of its part of a document. */
  readonly config: S;
  /** What repeating an attempt may do to the world: nothing, nothing more, or harm (then it is not repeated unasked). */
  readonly effect: Effect;
  /** Channels that every graph with such a node must have, beside those that its configuration names. */
  readonly reads?: readonly string[];
  readonly writes?: readonly string[];
  /** Attempts in all, and the first delay, doubled each time; one attempt if left out. A document may say otherwise. */
  readonly retry?: number | { readonly attempts: number; readonly delay?: Duration; readonly max_delay?: Duration };
  /** Of one attempt; 120s if left out. */
  readonly timeout?: Duration;
  /** A document of a small graph around one such node, in YAML. */
  readonly example?: string;
  /**
   * What one attempt may use at most: reserved before it begins, and charged where nobody says what it used (`limits.tokens`,
   * `limits.cost_usd`). Without one a kind is charged what it has asked of models, afterwards. May throw what `run` would.
   */
  estimate?(config: Config<S>, tools: EstimateTools): Partial<Estimate>;
  /**
   * One attempt. Any other error than an {@link EdgewiseError} counts as retryable; throw `failure(code, message)` for one
   * that no retry can cure.
   */
  run(config: Config<S>, tools: NodeTools): Writes | void | Promise<Writes | void>;
}

/** A defined kind: for `edgewise({ nodes })`, `graph(document, { kinds })` and `withNodeKinds`. */
export interface DefinedKind<Kind extends string = string, S extends Shape = Shape> extends AnyTaskKind {
  readonly kind: Kind;
  readonly config: S;
}

/** How a field's text comes to a value. */
type Source = (scope: Scope) => unknown;

interface Compiled {
  readonly fields: ReadonlyMap<string, Source>;
  readonly reads: ReadonlySet<string>;
  readonly writes: ReadonlySet<string>;
}

/**
 * Makes a kind of node of a function.
 * @example
 * const shout = defineNode({
 *   kind: "shout",
 *   summary: "Says it loudly",
 *   config: { text: template(), write: channel() },
 *   effect: "pure",
 *   run: ({ text, write }) => ({ [write]: text.toUpperCase() }),
 * });
 * @throws TypeError for a name that no kind or field can have, and for a time that is none.
 */
export function defineNode<const Kind extends string, const S extends Shape>(
  definition: NodeDefinition<Kind, S>,
): DefinedKind<Kind, S> {
  const { kind, summary, config, effect, example } = definition;
  checkNames(kind, config);
  return {
    kind,
    summary,
    config,
    effect,
    sends: Object.values(config).some((field) => field instanceof Field && field.role === "target"),
    schema: documentSchema(config),
    defaults: defaultsOf(definition),
    ...(example === undefined ? {} : { example }),
    compile: (raw: Readonly<Record<string, unknown>>, compiler) => compileFields(definition, raw, compiler),
    ...("estimate" in definition ? { estimate: estimated(definition) } : {}),
    run: (compiled: Compiled, context) => runOnce(definition, compiled, context),
  };
}

/** As documents write kinds: an id, or ids with dots between them. */
const KIND = /^[A-Za-z][A-Za-z0-9_-]*(?:\.[A-Za-z][A-Za-z0-9_-]*)*$/;

function checkNames(kind: string, config: Shape): void {
  if (!KIND.test(kind) || kind.length > 64)
    throw new TypeError(`"${kind}" cannot be the name of a node kind. ${ID_HINT}`);
  const taken = Object.keys(config).find((name) => COMMON_FIELDS.has(name));
  if (taken === undefined) return;
  throw new TypeError(`The kind "${kind}" cannot have a field "${taken}": every node has one. Give it another name.`);
}

type AnyDefinition = Pick<NodeDefinition<string, Shape>, "config" | "reads" | "writes" | "retry" | "timeout">;

function defaultsOf({ retry, timeout }: AnyDefinition): NonNullable<AnyTaskKind["defaults"]> {
  const {
    attempts = NODE_DEFAULTS.retry.attempts,
    delay,
    max_delay,
  } = typeof retry === "number" ? { attempts: retry } : { ...retry };
  const delayMs = delay === undefined ? NODE_DEFAULTS.retry.delayMs : milliseconds(delay);
  const maxDelayMs =
    max_delay === undefined ? Math.max(NODE_DEFAULTS.retry.maxDelayMs, delayMs) : milliseconds(max_delay);
  return {
    retry: { attempts, delayMs, maxDelayMs },
    timeoutMs: timeout === undefined ? NODE_DEFAULTS.timeoutMs : milliseconds(timeout),
  };
}

function milliseconds(duration: Duration): number {
  const delayMs = durationMs(duration);
  if (delayMs >= 0) return delayMs;
  throw new TypeError(`"${duration}" is no duration; write one such as 250ms, 30s, 5m, 2h or 7d.`);
}

function compileFields(
  { config, reads = [], writes = [] }: AnyDefinition,
  raw: Readonly<Record<string, unknown>>,
  compiler: NodeCompiler,
): Compiled {
  const compiled = { fields: new Map<string, Source>(), reads: new Set(reads), writes: new Set(writes) };
  for (const name of reads) compileRead(name, [], compiler);
  for (const name of writes) compiler.channel(name, []);
  for (const [name, field] of Object.entries(config)) {
    const given = Object.hasOwn(raw, name) ? raw[name] : undefined;
    if (!(field instanceof Field) || given === undefined) compiled.fields.set(name, () => given);
    else compiled.fields.set(name, compileField(field, name, given, compiler));
    if (field instanceof Field && field.role === "writes" && typeof given === "string") compiled.writes.add(given);
    if (field instanceof Field && field.role === "reads" && typeof given === "string") compiled.reads.add(given);
  }
  return compiled;
}

/** `given` is what the field's schema let through: a text, or any JSON for the role `value`. */
function compileField(field: Field, name: string, given: unknown, compiler: NodeCompiler): Source {
  const path = [name];
  const text = String(given);
  switch (field.role) {
    case "template": {
      const compiled = compiler.template(text, path);
      return (scope) => compiled.render(scope);
    }
    case "expression": {
      const compiled = compiler.expression(text, path);
      return (scope) => checked(field, name, compiled.evaluate(scope));
    }
    case "value": {
      const compiled = compiler.value(given as Json, path);
      return (scope) => checked(field, name, compiled.evaluate(scope));
    }
    case "writes":
      compiler.channel(text, path);
      return () => text;
    case "reads":
      compileRead(text, path, compiler);
      return () => text;
    case "target":
      compiler.target(text, path, name);
      return () => text;
  }
}

/** An expression says what it reads, and is checked like any. */
function compileRead(channel: string, path: readonly string[], compiler: NodeCompiler): void {
  compiler.expression(`state[${JSON.stringify(channel)}]`, path);
}

function checked(field: Field, name: string, value: Json): unknown {
  const parsed = field.result?.safeParse(value);
  if (parsed === undefined) return value;
  if (parsed.success) return parsed.data;
  const where = [name, ...(parsed.error.issues[0]?.path ?? [])].join(".");
  throw failure("node_failed", `The field ${where} came to what the kind does not take: ${firstIssue(parsed.error)}.`);
}

function firstIssue(error: z.ZodError): string {
  return error.issues[0]?.message ?? "unknown reason";
}

/** Field by field what the shape says. */
function configIn<S extends Shape>(fields: Compiled["fields"], scope: Scope): Config<S> {
  return Object.fromEntries([...fields].map(([name, source]) => [name, source(scope)])) as Config<S>;
}

function estimated<S extends Shape>(definition: NodeDefinition<string, S>) {
  return ({ fields, reads }: Compiled, { scope, models }: Pick<NodeContext, "scope" | "models">): Estimate => {
    const given = definition.estimate?.(configIn<S>(fields, scope), estimateTools(scope, models, reads));
    return { tokens: given?.tokens ?? 0, costUsd: given?.costUsd ?? 0 };
  };
}

async function runOnce<S extends Shape>(
  definition: NodeDefinition<string, S>,
  { fields, reads, writes }: Compiled,
  context: NodeContext,
): Promise<NodeResult> {
  const { tools, result } = openTools(context, reads);
  const config = configIn<S>(fields, context.scope);
  const written = await attempt(definition, () => definition.run(config, tools));
  const entries = Object.entries(written ?? {}).flatMap(([channel, value]) =>
    value === undefined ? [] : [{ channel, value }],
  );
  const stray = entries.find(({ channel }) => !writes.has(channel));
  if (stray !== undefined) throw undeclared(definition.kind, stray.channel);
  return { writes: entries, ...result() };
}

/** What user code throws may pass with time, as far as anybody knows; the node's retry policy bounds it. */
async function attempt<T>({ kind }: { readonly kind: string }, work: () => T | Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (thrown) {
    if (thrown instanceof EdgewiseError) throw thrown;
    const text = toErrorRecord(thrown).message.replace(/^Unexpected: /, "");
    throw failure("node_failed", `The kind "${kind}" failed.`, { retryable: true, cause: text });
  }
}

function undeclared(kind: string, channel: string): EdgewiseError {
  const way = "Name it in the kind's `writes`, or by a field channel() of its configuration.";
  return failure("invalid_write", `The kind "${kind}" wrote "${channel}", which it does not declare. ${way}`);
}
