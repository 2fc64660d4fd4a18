import { z } from "zod";
import { type EdgewiseError, failure, toErrorRecord } from "../../src/base/errors.ts";
import { canonicalJson, type Json } from "../../src/base/json.ts";
import { hash, Random } from "../../src/engine/testing/random.ts";
import type { Scope } from "../../src/graph/plan.ts";
import type { NodeContext, NodeKind, NodeResult, NodeWait } from "../../src/nodes/contract.ts";
import type { Answer, ServiceCall } from "./provider.ts";

/** How a node of the simulator behaves: what it does follows from what it sees, and how it fails from its attempt. */
const schema = z.strictObject({
  seed: z.number(),
  to: z.array(z.string()).default([]),
  /** Channels that it reads. */
  sees: z.array(z.string()),
  /** Channels that it may write. */
  writes: z.array(z.string()).default([]),
  /** By attempt; what comes after them is "ok". */
  answers: z.array(z.enum(["ok", "retryable", "patience", "final", "hangs"])).default([]),
  pieces: z.number().default(0),
  steps: z.number().default(0),
  latencyMs: z.number().default(5),
  waitMs: z.number().optional(),
  signal: z.string().optional(),
  deadlineMs: z.number().optional(),
  unsafe: z.boolean().default(false),
  /** Answers in the turn in which it is asked, and calls nothing. */
  pure: z.boolean().default(false),
});
export type ActConfig = z.input<typeof schema>;
type Config = z.output<typeof schema>;

export const RETRY_AFTER_MS = 3_000;
/** The most that a run's list of marks may have before its nodes lose interest in going on. */
const LONG = 14;

/** What the nodes call outside. */
export interface Service {
  call(call: ServiceCall, answer: Answer, latencyMs: number, tokens: number, signal: AbortSignal): Promise<Json>;
}

/** How the service says no. */
export function refusalOf(answer: Exclude<Answer, { readonly kind: "ok" }>): EdgewiseError {
  const retryable = answer.kind === "retryable";
  const after = retryable && answer.retryAfterMs !== undefined ? { retryAfterMs: answer.retryAfterMs } : {};
  return failure("node_failed", `The service says ${answer.kind}.`, { retryable, ...after });
}

/** Tokens, in and out. A call takes at most ten. */
export const ESTIMATE = 12;

let provider: Service | undefined;

export function serveBy(of: Service): void {
  provider = of;
}

/** All that a node sees, conflicts included, as one text. */
export function digestOf(sees: readonly string[], read: Scope["read"]): string {
  return sees
    .map((name) => {
      try {
        const value = read(name);
        return value === undefined ? "absent" : canonicalJson(value);
      } catch (thrown) {
        return toErrorRecord(thrown).code;
      }
    })
    .join(" | ");
}

export const act: NodeKind<Config, Config> = {
  kind: "act",
  summary: "Behaves as the simulator wants it to",
  schema: schema as never,
  effect: "idempotent",
  compile(config, compiler) {
    config.to.forEach((to, index) => compiler.target(to, ["to", index]));
    for (const name of [...config.sees, ...config.writes]) compiler.channel(name, ["sees"]);
    return config;
  },
  // More than any call costs: what is reserved is never exceeded.
  estimate: ({ pure }) => ({ tokens: pure ? 0 : ESTIMATE, costUsd: 0 }),
  effectOf: ({ unsafe }) => (unsafe ? "unsafe" : "idempotent"),
  run(config, context) {
    const { waitMs, signal, deadlineMs } = config;
    if (context.resumed === undefined && signal !== undefined) {
      return {
        waitUntil: deadlineMs === undefined ? null : context.now + deadlineMs,
        signal: { name: signal, key: null },
      };
    }
    if (context.resumed === undefined && waitMs !== undefined) return { waitUntil: context.now + waitMs };
    return config.pure ? resultOf(config, context.scope, context.node) : perform(config, context);
  },
};

async function perform(config: Config, context: NodeContext): Promise<NodeResult | NodeWait> {
  const service = provider;
  if (service === undefined) throw new Error("There is no service.");
  const { attempt, idempotencyKey: key, node } = context;
  const seen = digestOf(config.sees, (name) => context.scope.read(name));
  for (let piece = 0; piece < config.pieces; piece += 1) {
    context.say(`${node}.${piece} `);
    if (piece % 2 === 1) context.emit({ piece });
    if (piece % 3 === 0) await scheduler.wait(1 + (piece % 4));
  }
  for (let number = 0; number < config.steps; number += 1) {
    const step = `step ${number}`;
    const call = { key, attempt, step, node, seen };
    await context.once(step, () => service.call(call, { kind: "ok" }, 2, 0, context.signal));
  }
  const answer = answerOf(config.answers[attempt - 1]);
  const tokens = tokensOf(config, context);
  const call = { key, attempt, step: null, node, seen };
  await service.call(call, answer, config.latencyMs, tokens, context.signal);
  const usage = { inputTokens: tokens, outputTokens: 1, unit: "tokens", costUsd: tokens, model: "sim/act" } as const;
  return { ...resultOf(config, context.scope, node), usage };
}

function answerOf(name: Config["answers"][number] = "ok"): Answer {
  return name === "patience" ? { kind: "retryable", retryAfterMs: RETRY_AFTER_MS } : { kind: name };
}

function tokensOf(config: Config, context: NodeContext): number {
  return 1 + (hash(`${config.seed} ${context.idempotencyKey}`) % 9);
}

/** Only what it sees decides: the same in every attempt, at every time. */
export function resultOf(config: Config, scope: Scope, node: string): NodeResult {
  const digest = digestOf(config.sees, (name) => scope.read(name));
  const item = canonicalJson([scope.globals?.item ?? null, scope.globals?.index ?? null, scope.payload ?? null]);
  const random = new Random(config.seed, digest, item);
  const log = sizeOf(scope);
  const eager = log > LONG ? 0 : log > 6 ? 0.4 : 0.75;
  const goto = config.to.filter(() => random.chance(eager));
  const mark = `${node}:${(hash(digest + item) % 46656).toString(36)}`;
  const writes = config.writes.flatMap((channel) =>
    random.chance(channel === "log" ? 0.8 : 0.4) ? [{ channel, value: valueOf(channel, random, mark) }] : [],
  );
  return { writes, goto };
}

function sizeOf(scope: Scope): number {
  const log = scope.read("log");
  return Array.isArray(log) ? log.length : 0;
}

function valueOf(channel: string, random: Random, mark: string): Json {
  if (channel === "log") return mark;
  if (channel === "object") return { [`k${random.below(3)}`]: mark };
  // Few different values: some writes that have not seen each other must be equal (R6).
  return channel === "plain" ? random.below(3) : mark;
}
