import { EdgewiseError } from "../../src/base/errors.ts";
import type { PlanNode } from "../../src/graph/plan.ts";

/** The times an attempt has: in all, until it streams something, and between two pieces of that. Ends with the first missed. */
export class Deadlines {
  readonly #node: PlanNode;
  readonly #missed: (reason: EdgewiseError) => void;
  readonly #total: ReturnType<typeof setTimeout>;
  #quiet: ReturnType<typeof setTimeout> | undefined;

  constructor(node: PlanNode, missed: (reason: EdgewiseError) => void) {
    this.#node = node;
    this.#missed = missed;
    this.#total = this.#after(node.timeoutMs, "did not finish");
    const { firstMs = node.idleMs } = node;
    if (firstMs !== undefined) this.#quiet = this.#after(firstMs, "streamed nothing");
  }

  /** Something was streamed. */
  heard(): void {
    clearTimeout(this.#quiet);
    const { idleMs } = this.#node;
    this.#quiet = idleMs === undefined ? undefined : this.#after(idleMs, "streamed nothing more");
  }

  over(): void {
    clearTimeout(this.#total);
    clearTimeout(this.#quiet);
  }

  #after(ms: number, what: string): ReturnType<typeof setTimeout> {
    const message = `Node "${this.#node.id}" ${what} within ${ms} ms.`;
    return setTimeout(() => this.#missed(new EdgewiseError({ code: "model_timeout", message, retryable: true })), ms);
  }
}

/** Of moments, those that there are. */
export function earliest(times: readonly (number | undefined)[]): number | undefined {
  const known = times.filter((time) => time !== undefined);
  return known.length === 0 ? undefined : Math.min(...known);
}
