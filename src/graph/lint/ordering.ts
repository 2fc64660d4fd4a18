import type { Plan } from "../plan.ts";
import { sentTo } from "../sends.ts";
import { createTogether } from "./together.ts";
import type { Together } from "./together.ts";
import { MOST_FINDINGS, nameOf, report, trafficOf } from "./view.ts";
import type { LintView, Traffic } from "./view.ts";

/**
 * What one rule may spend on pairs of nodes that share a channel, about a nanosecond each. A graph in which thousands of
 * nodes write one channel is not looked at to the end.
 */
const MOST_WORK = 30_000_000;
const PER_PAIR = 200;
const PER_DEPTH = 20;
const PER_WORD = 4;

/** R4: a node sees what was written upstream of it, and nothing else. */
export function unorderedRead(view: LintView): void {
  const search = new Search(view.plan);
  const found: { code: string; message: string; path: string[]; hint: string }[] = [];
  for (const [channel, { readers, writers }] of trafficOf(view)) {
    for (const reader of readers) {
      if (found.length > MOST_FINDINGS * 5) break;
      const writer = writers.find((each) => search.beside(each, reader));
      if (writer === undefined) continue;
      const [reads, writes] = [nameOf(view.plan, reader), nameOf(view.plan, writer)];
      const turn = view.plan.topology.sharedLoops(reader, writer) > 0 ? " of the same turn" : "";
      const message = `"${reads}" reads "${channel}", which "${writes}" beside it writes: it never sees that write${turn}, however long it takes.`;
      const hint = `If it should, add { from: ${writes}, to: ${reads} }; a node sees what was written upstream of it.`;
      found.push({ code: "unordered_read", message, path: ["nodes", reads], hint });
    }
  }
  report(view, "warning", found);
}

/** R6: a channel without a reducer that nodes side by side write, and that is read before anybody has settled it. */
export function conflictAhead(view: LintView): void {
  const { plan } = view;
  const search = new Search(plan);
  const { byEdge } = sentTo(plan);
  const traffic = trafficOf(view);
  const found = plan.channels.flatMap(({ name, reducer, conflict }) => {
    if (reducer !== "last" || conflict === "last") return [];
    const used = traffic.get(name) ?? { readers: [], writers: [] };
    const inResult = plan.output.includes(name);
    const clash = search.clashOfSends(used, byEdge, inResult) ?? search.clash(used, inResult);
    if (clash === undefined) return [];
    const [one, other] = clash.writers.map((writer) => nameOf(plan, writer));
    const reader = clash.reader === "result" ? "the result" : `"${nameOf(plan, clash.reader)}"`;
    const sent = one === other;
    const who = sent
      ? `"${one}" writes "${name}" once for each item`
      : `"${one}" and "${other}" write "${name}" side by side`;
    const message = `${who}; where their values differ, ${reader} fails with conflicting_write.`;
    const way = sent ? "Give" : "Let one wait for the other (an edge), give";
    const hint = `${way} the channel a reducer, or conflict: last.`;
    return [{ code: "conflict_ahead", message, path: ["channels", name], atKey: true, hint }];
  });
  report(view, "warning", found);
}

interface Clash {
  readonly writers: readonly [number, number];
  readonly reader: number | "result";
}

class Search {
  readonly #plan: Plan;
  #together: Together | undefined;
  #left = MOST_WORK;

  constructor(plan: Plan) {
    this.#plan = plan;
  }

  /** Neither sees the other, and both may run. */
  beside(one: number, other: number): boolean {
    if (this.#left < 0 || one === other) return false;
    const { topology, nodes } = this.#plan;
    this.#spend(one, other);
    if (topology.reaches(one, other) || topology.reaches(other, one)) return false;
    this.#together ??= createTogether(this.#plan);
    this.#left -= (nodes.length / 32) * PER_WORD;
    return this.#together.mayBoth(one, other);
  }

  /** To ask whether one reaches the other goes up through the loops around both. */
  #spend(one: number, other: number): void {
    const { places } = this.#plan.topology;
    const depth = (places[one]?.region.depth ?? 0) + (places[other]?.region.depth ?? 0);
    this.#left -= PER_PAIR + depth * PER_DEPTH;
  }

  clash({ readers, writers }: Traffic, inResult: boolean): Clash | undefined {
    for (const [at, one] of writers.entries()) {
      for (const other of writers.slice(at + 1)) {
        if (this.#left < 0) return undefined;
        if (!this.beside(one, other)) continue;
        const reader = this.#readerOf([one, other], readers, writers, inResult);
        if (reader !== undefined) return { writers: [one, other], reader };
      }
    }
    return undefined;
  }

  /** Tasks of one node that are sent an item each write side by side. */
  clashOfSends({ readers, writers }: Traffic, sent: ReadonlySet<number>, inResult: boolean): Clash | undefined {
    for (const writer of writers) {
      if (this.#left < 0) return undefined;
      if (!sent.has(writer)) continue;
      const reader = this.#readerOf([writer, writer], readers, writers, inResult);
      if (reader !== undefined) return { writers: [writer, writer], reader };
    }
    return undefined;
  }

  /** Who sees both writes, and no later one that has seen them. */
  #readerOf(
    pair: readonly [number, number],
    readers: readonly number[],
    writers: readonly number[],
    inResult: boolean,
  ): number | "result" | undefined {
    const { topology } = this.#plan;
    for (const node of [...readers, ...writers]) this.#spend(pair[0], node);
    const seesBoth = (node: number): boolean => pair.every((writer) => topology.reaches(writer, node));
    const settlers = writers.filter(seesBoth);
    if (inResult && settlers.length === 0) return "result";
    return readers.find((node) => seesBoth(node) && !settlers.some((settler) => topology.reaches(settler, node)));
  }
}
