import type { Plan } from "../../src/graph/plan.ts";
import { frameOf } from "../log/places.ts";
import type { RunRow } from "../log/rows.ts";
import type { StreamMode } from "../thread-api.ts";
import { namespaceOf } from "./frame-names.ts";

/** What somebody asks of a run's stream. */
export interface Wish {
  readonly modes: readonly StreamMode[];
  /** What goes on in frames too (R10), under the frame's name. */
  readonly subgraphs: boolean;
  /** Only what is in frames whose names begin so; all if left out. "" is the run itself. */
  readonly namespaces?: readonly string[];
}

/** Names are kept by frame, and there may be very many of those: so many at once. */
const MOST_NAMES = 1_000;

/** Who is shown what: modes, frames, and what both together are called. */
export class Audience {
  readonly #plan: Plan;
  readonly #lineage: string;
  readonly #wish: Wish;
  readonly #modes: ReadonlySet<StreamMode>;
  readonly #names = new Map<string, string>();

  constructor(plan: Plan, { lineage }: Pick<RunRow, "lineage">, wish: Wish) {
    this.#plan = plan;
    this.#lineage = lineage;
    this.#wish = wish;
    this.#modes = new Set(wish.modes);
  }

  wants(...modes: readonly StreamMode[]): boolean {
    return modes.some((mode) => this.#modes.has(mode));
  }

  /** Whether anything that goes on there is shown. @param frame with what the names of its tasks begin; "" for the run itself */
  sees(frame: string): boolean {
    if (frame !== "" && !this.#wish.subgraphs) return false;
    return this.#wish.namespaces?.some((wanted) => isWithin(this.namespace(frame), wanted)) ?? true;
  }

  /** Where what a task says is shown. @param isFormer it was written when all of that was shown as the run's own */
  heardIn(task: string, isFormer: boolean): string {
    return isFormer && !this.#wish.subgraphs ? "" : frameAround(task);
  }

  /** `values`, or `values|node:<uuid>` in a frame. */
  nameOf(event: string, frame: string): string {
    const namespace = this.namespace(frame);
    return namespace === "" ? event : `${event}|${namespace}`;
  }

  namespace(frame: string): string {
    if (frame === "") return "";
    const known = this.#names.get(frame);
    if (known !== undefined) return known;
    const place = frameOf(frame);
    const name = place === undefined ? "" : namespaceOf(this.#plan, this.#lineage, place);
    if (this.#names.size >= MOST_NAMES) this.#names.clear();
    this.#names.set(frame, name);
    return name;
  }
}

/** With what the names of a task's siblings begin: "" for one of the run itself. */
export function frameAround(task: string): string {
  return task.slice(0, task.lastIndexOf("/") + 1);
}

/** `outer` is around `outer:<uuid>` and whatever is in it; "" is the run's own graph, and nothing in it. */
function isWithin(namespace: string, wanted: string): boolean {
  if (wanted === "" || namespace === wanted) return namespace === wanted;
  return namespace.startsWith(`${wanted}|`) || namespace.startsWith(`${wanted}:`);
}
