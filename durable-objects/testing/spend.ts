import { beforeEach } from "vitest";
import { failure } from "../../src/base/errors.ts";
import type { NodeResult } from "../../src/nodes/contract.ts";
import { ownKind } from "./own-kind.ts";

/** A kind made for tests, `spend`: reserves ten tokens and a cent for each attempt, and says what it has used. */

export const ESTIMATE = { tokens: 10, costUsd: 0.01 };

interface Behaviour {
  /** Tokens, at a thousandth of a dollar each; null: it does not say. Ten where left out. */
  readonly uses?: number | null;
  /** Milliseconds. */
  readonly takes?: number;
  /** So many attempts fail, and may be made again. */
  readonly fails?: number;
  /** Comes to no end by itself. */
  readonly hangs?: boolean;
  readonly writes?: string;
}

/** Of nodes, or of items of theirs (`node 2`). */
export const behaviour = new Map<string, Behaviour>();
/** What has begun, in its order. */
export const begun: string[] = [];
/** Tokens: what was billed, what attempts under way are let go with, and the most that both came to. */
export const till = { billed: 0, open: 0, most: 0 };

/** For a file's tests: there is the kind, and nothing is spent before each of them. */
export function spending(): void {
  beforeEach(() => {
    behaviour.clear();
    begun.length = 0;
    Object.assign(till, { billed: 0, open: 0, most: 0 });
    ownKind(
      "spend",
      ({ node, scope, attempt, signal }) => {
        const item = scope.globals?.["item"];
        return spend(item === undefined ? node : `${node} ${JSON.stringify(item)}`, attempt, signal);
      },
      () => ESTIMATE,
    );
  });
}

async function spend(name: string, attempt: number, signal: AbortSignal): Promise<NodeResult> {
  const { uses = ESTIMATE.tokens, takes = 1, fails = 0, hangs = false, writes = name } = behaviour.get(name) ?? {};
  begun.push(name);
  till.open += ESTIMATE.tokens;
  till.most = Math.max(till.most, till.billed + till.open);
  try {
    if (hangs) await new Promise((_, reject) => signal.addEventListener("abort", () => reject(new Error("cut"))));
    await scheduler.wait(takes);
    if (attempt <= fails) throw failure("node_failed", `${name} is busy`, { retryable: true });
  } finally {
    till.open -= ESTIMATE.tokens;
    till.billed += signal.aborted ? ESTIMATE.tokens : (uses ?? ESTIMATE.tokens);
  }
  const said = uses === null ? {} : { usage: usageOf(uses) };
  return { writes: [{ channel: "log", value: writes }], ...said };
}

function usageOf(uses: number): NonNullable<NodeResult["usage"]> {
  return { inputTokens: uses, outputTokens: 0, unit: "tokens", costUsd: uses / 1000, model: "test/spend" };
}
