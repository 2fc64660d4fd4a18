import { nearest } from "../problems.ts";
import type { Found, Path } from "../problems.ts";
import { Problems } from "../problems.ts";
import { STEP_FIELDS } from "./steps.ts";
import type { Step } from "./steps.ts";

/** Where the parts of an expanded graph were written. Paths are from that graph on. */
export interface Origins {
  readonly nodes: ReadonlyMap<string, Step>;
  /** By place in the expanded list of edges. */
  readonly edges: readonly { readonly step: Step; readonly path: Path }[];
  /** Channels that nobody declared: where they are first named. */
  readonly channels: ReadonlyMap<string, Path>;
}

/** A graph of the document that was written compactly, or has others in it that were. */
export interface Scope {
  /** Undefined for a graph that was written at length. */
  readonly origins: Origins | undefined;
  /** Graphs within it, by where they stand once it is expanded. */
  readonly inner: readonly { readonly path: Path; readonly scope: Scope }[];
}

/** Where a part of the expanded document was written. */
export function originOf(scope: Scope, path: Path): Path {
  for (const { path: lead, scope: below } of scope.inner) {
    if (lead.length <= path.length && lead.every((part, index) => part === path[index])) {
      return [...ownOrigin(scope.origins, lead), ...originOf(below, path.slice(lead.length))];
    }
  }
  return ownOrigin(scope.origins, path);
}

function ownOrigin(origins: Origins | undefined, path: Path): Path {
  const [part, name, ...rest] = path;
  if (origins === undefined) return path;
  if (part === "nodes") return name === undefined ? ["steps"] : inStep(origins.nodes.get(String(name)), rest);
  if (part === "edges") return name === undefined ? ["steps"] : inEdge(origins.edges[Number(name)], rest);
  const channel = part === "channels" && name !== undefined ? origins.channels.get(String(name)) : undefined;
  return channel ?? path;
}

function inStep(step: Step | undefined, rest: Path): Path {
  if (step === undefined) return ["steps"];
  const [field] = rest;
  if (field !== undefined && step.given.has(String(field))) {
    return field === "write" ? ["steps", step.index, "id"] : ["steps", step.index];
  }
  return ["steps", step.index, ...rest];
}

function inEdge(edge: Origins["edges"][number] | undefined, [field, ...rest]: Path): Path {
  if (edge === undefined) return ["steps"];
  const { step, path } = edge;
  if (field === "when") return ["steps", step.index, "condition", ...rest];
  if (field === "send") return ["steps", step.index, "send", ...rest];
  return field === "to" ? ["steps", step.index, "id"] : ["steps", step.index, ...path];
}

/** Takes problems of an expanded document and passes them on to where it was written. */
export class ExpandedProblems extends Problems {
  readonly #around: Problems;
  readonly #scope: Scope;

  constructor(around: Problems, scope: Scope) {
    super();
    this.#around = around;
    this.#scope = scope;
  }

  override add(given: Found): void {
    const found = this.#withoutForeignFix(given);
    const path = originOf(this.#scope, found.path);
    const last = path.at(-1);
    // an empty list of steps, or one in a circle, has been said in its own words
    if (found.code === "no_start" && last === "steps") return;
    const atKey = found.atKey === true && last === found.path.at(-1);
    if (found.code !== "unknown_key" || typeof path.at(-2) !== "number" || path.at(-3) !== "steps") {
      this.#around.add({ ...found, path, ...this.#atId(found, path), ...(found.atKey === undefined ? {} : { atKey }) });
      return;
    }
    const near = nearest(String(last), STEP_FIELDS);
    this.#around.add({ ...found, path, ...(near === undefined ? {} : { hint: `Did you mean "${near}"?` }) });
  }

  /** What is wrong with a node's id stands at its key; a step's is a field. */
  #atId(found: Found, path: Path): { readonly path: Path } | Record<never, never> {
    const isStep = found.atKey === true && typeof path.at(-1) === "number" && path.at(-2) === "steps";
    return isStep ? { path: [...path, "id"] } : {};
  }

  /** A fix of what only stands in the expanded document mends nothing in the one that was written. */
  #withoutForeignFix({ fix, ...found }: Found): Found {
    const stays = (path: Path): boolean => JSON.stringify(originOf(this.#scope, path)) === JSON.stringify(path);
    return fix !== undefined && fix.edits.every(({ path }) => stays(path)) ? { ...found, fix } : found;
  }

  override get full(): boolean {
    return this.#around.full;
  }

  override get failed(): boolean {
    return this.#around.failed;
  }
}
