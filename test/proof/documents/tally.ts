import type { Goal } from "../../../scripts/goal.ts";
import type { Breach, Judged } from "./judge.ts";

/** What came of many documents, as goals. */
export class Tally {
  readonly #breaches = new Map<Breach, string[]>();
  readonly #slow: string[] = [];
  #slowest = { ms: 0, name: "" };
  #count = 0;
  #accepted = 0;
  #ms = 0;

  add(name: string, { ms, accepted, breaches }: Judged): void {
    this.#count += 1;
    this.#accepted += accepted ? 1 : 0;
    this.#ms += ms;
    if (ms > this.#slowest.ms) this.#slowest = { ms, name };
    if (ms > 1000) this.#slow.push(`${name} (${Math.round(ms)} ms)`);
    for (const [breach, what] of breaches) {
      this.#breaches.set(breach, [...(this.#breaches.get(breach) ?? []), `${name}: ${what}`]);
    }
  }

  get summary(): string {
    const slowest = `slowest ${this.#slowest.ms.toFixed(0)} ms (${this.#slowest.name})`;
    return `${this.#count} documents, ${this.#accepted} of them graphs; ${(this.#ms / this.#count).toFixed(2)} ms each, ${slowest}`;
  }

  get enough(): boolean {
    return this.#count > 0;
  }

  goals(): Goal[] {
    return [
      none("over one second", this.#slow),
      none("compiling throws", this.#breaches.get("thrown")),
      none("problems without code, pointer or place in the text", this.#breaches.get("unplaced")),
      none("documents after which a prototype or a global differs", this.#breaches.get("polluted")),
      none("documents judged otherwise than expected", this.#breaches.get("unexpected")),
    ];
  }
}

/** A goal of 0; the first few that break it are named. */
export function none(goal: string, found: readonly string[] = []): Goal {
  const which = found.length === 0 ? "" : `: ${found.slice(0, 5).join("; ").slice(0, 1000)}`;
  return { goal, figure: `${found.length}${which}`, met: found.length === 0 };
}
