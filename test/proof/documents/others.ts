import { Random } from "../../../src/engine/testing/random.ts";
import type { Goal } from "../../../scripts/goal.ts";
import { prototypeChanges } from "../prototypes.ts";
import type { DocumentCase } from "./case.ts";
import { ENTRIES, materialOf, tryEntry } from "./entries.ts";
import { none } from "./tally.ts";

/** Hands documents to everything that takes one beside the compiler. */
export class OtherEntries {
  readonly #thrown: string[] = [];
  readonly #wrong: string[] = [];
  readonly #slow: string[] = [];
  readonly #ms = new Map<string, number>();
  #slowest = { ms: 0, name: "" };
  #count = 0;

  async hand({ name, type, body }: DocumentCase): Promise<void> {
    if (typeof body !== "string") return;
    const material = materialOf(body, type);
    for (const [entry, apply] of Object.entries(ENTRIES)) {
      // a seed of its own for each: a finding is made again by its entry and document alone
      const { ms, thrown, wrong } = await tryEntry(apply, { ...material, random: new Random(entry, name) });
      const place = `${entry} of ${name}`;
      this.#count += 1;
      this.#ms.set(entry, (this.#ms.get(entry) ?? 0) + ms);
      if (ms > this.#slowest.ms) this.#slowest = { ms, name: place };
      if (ms > 1000) this.#slow.push(`${place} (${Math.round(ms)} ms)`);
      if (thrown !== undefined) this.#thrown.push(`${place}: ${thrown}`);
      if (wrong !== undefined) this.#wrong.push(`${place}: ${wrong}`);
    }
    this.#wrong.push(...prototypeChanges().map((change) => `${name}: ${change}`));
  }

  get findings(): readonly string[] {
    return [...this.#thrown, ...this.#wrong];
  }

  goals(): Goal[] {
    const each = [...this.#ms].map(([entry, ms]) => `${entry} ${((ms / this.#count) * this.#ms.size).toFixed(2)}`);
    const slowest = `slowest ${this.#slowest.ms.toFixed(0)} ms (${this.#slowest.name})`;
    return [
      {
        goal: "handed to edits, fixes, upgrades, diff, merge, links, drawings, pages, estimates, imports and schemas",
        figure: `${this.#count} times; ${slowest}; ms each: ${each.join(", ")}`,
        met: this.#count > 0,
      },
      none("of these over one second", this.#slow),
      none("of these that throw what has no type", this.#thrown),
      none("of these that give what they must not", this.#wrong),
    ];
  }
}
