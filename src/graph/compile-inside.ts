import { isJsonObject } from "../base/json.ts";
import type { Json, JsonObject } from "../base/json.ts";
import type { Compilation, InsideGraph, Running } from "./compile-context.ts";
import { compileOneGraph } from "./compile-graph.ts";
import type { Session } from "./compile-graph.ts";
import { checkDepth } from "./compile-limits.ts";
import type { Standing } from "./compile-limits.ts";
import { compileNames } from "./compile-names.ts";
import type { Names } from "./compile-names.ts";
import { parsePart } from "./parse-part.ts";
import { nearest } from "./problems.ts";
import type { Problems } from "./problems.ts";
import { DEEPEST_GRAPH, GRAPH_NAME, GRAPH_NAME_HINT, namedGraphSchema, placedGraphSchema } from "./schema.ts";

const MOST_GRAPHS = 1000;

/** A graph, and the longest chain of nodes in it that run graphs within each other: their ids, outermost first. */
interface Nested extends InsideGraph {
  readonly chain: readonly string[];
}

/** A graph under `graphs`; what has been made of it, by how it is run. */
interface NamedGraph {
  readonly document: Json;
  readonly problems: Problems;
  /** Where the graphs stand that it may name. */
  readonly scope: NamedGraphs;
  readonly compiled: Map<string, Nested | undefined>;
  used: boolean;
  compiling: boolean;
}

/** What a graph may name: the graphs under its own `graphs`, and those of the graphs around it. */
export class NamedGraphs {
  readonly #graphs = new Map<string, NamedGraph>();
  readonly #outer: NamedGraphs | undefined;

  constructor(raw: Json | undefined, problems: Problems, outer?: NamedGraphs) {
    this.#outer = outer;
    const entries = isJsonObject(raw) ? Object.entries(raw) : [];
    if (entries.length > MOST_GRAPHS) {
      problems.add({ code: "too_large", message: `There are at most ${MOST_GRAPHS} graphs.`, path: ["graphs"] });
    }
    for (const [name, document] of entries.slice(0, MOST_GRAPHS)) {
      const path = ["graphs", name];
      if (!GRAPH_NAME.test(name)) {
        const message = `"${name.slice(0, 80)}" cannot be the name of a graph.`;
        problems.add({ code: "invalid_id", message, path, atKey: true, hint: GRAPH_NAME_HINT });
      }
      const below = problems.below(path);
      const rest = { compiled: new Map<string, undefined>(), used: false, compiling: false };
      this.#graphs.set(name, { document, problems: below, scope: this, ...rest });
    }
  }

  find(name: string): NamedGraph | undefined {
    return this.#graphs.get(name) ?? this.#outer?.find(name);
  }

  *names(): Generator<string> {
    yield* this.#graphs.keys();
    if (this.#outer !== undefined) yield* this.#outer.names();
  }

  *unused(): Generator<[string, NamedGraph]> {
    for (const entry of this.#graphs) if (!entry[1].used) yield entry;
  }
}

/** Where a graph stands: what it may name, and how deep in others it is. */
interface Surroundings {
  readonly graphs: NamedGraphs;
  readonly names: Names;
  readonly depth: number;
}

/** Compiles the document's own graph and those that it runs. */
export function compileNested(
  document: JsonObject,
  { id, name }: { readonly id: string; readonly name: string },
  problems: Problems,
  session: Session,
): InsideGraph | undefined {
  const graphs = new NamedGraphs(document["graphs"], problems);
  const names = compileNames(document, problems);
  const around = { graphs, names, depth: 0 };
  const compiled = compileAt(
    document,
    { id, name, standing: "outermost", problems, locals: [], undoes: false, calls: false },
    around,
    session,
  );
  compileUnused(around, session);
  return compiled;
}

interface Target extends Running {
  readonly id: string;
  readonly name: string;
  readonly standing: Standing;
  readonly problems: Problems;
}

function compileAt(document: JsonObject, target: Target, around: Surroundings, session: Session): Nested | undefined {
  let chain: readonly string[] = [];
  const inside: Compilation["inside"] = (source, name, problems, running) => {
    const found =
      typeof source === "string"
        ? compileNamed(source, running, problems, around, session)
        : compilePlaced(source, { id: name, name, standing: "placed", problems, ...running }, around, session);
    if (found !== undefined && found.chain.length >= chain.length) chain = [name, ...found.chain];
    return found;
  };
  const compiled = compileOneGraph(document, { ...target, names: around.names, inside }, session);
  if (compiled === undefined) return undefined;
  checkDepth(compiled.plan.limits, chain, target.problems);
  return { ...compiled, chain };
}

function compilePlaced(source: Json, target: Target, around: Surroundings, session: Session): Nested | undefined {
  const { problems } = target;
  if (isTooDeep(around.depth + 1, problems)) return undefined;
  const head = parsePart(placedGraphSchema, source, [], problems);
  if (!isJsonObject(source)) return undefined;
  const name = head?.name ?? target.name;
  return compileAt(source, { ...target, name }, { ...around, depth: around.depth + 1 }, session);
}

function compileNamed(
  name: string,
  running: Running,
  problems: Problems,
  around: Surroundings,
  session: Session,
): Nested | undefined {
  const graph = around.graphs.find(name);
  if (graph === undefined) {
    if (!problems.full) addUnknown(name, around.graphs, problems);
    return undefined;
  }
  graph.used = true;
  if (graph.compiling) {
    const message = `The graph "${name}" would run inside of itself without end.`;
    problems.add({ code: "endless_nesting", message, path: [], hint: "A loop of edges repeats; a graph cannot." });
    return undefined;
  }
  const { locals, undoes, calls } = running;
  const key = [...locals, ...(undoes ? ["undo"] : []), ...(calls ? ["call"] : [])].sort().join();
  if (!graph.compiled.has(key) && !isTooDeep(around.depth + 1, problems)) {
    graph.compiled.set(key, compileDefinition(name, graph, running, around.depth + 1, session));
  }
  const found = graph.compiled.get(key);
  return found === undefined || isTooDeep(around.depth + 1 + found.chain.length, problems) ? undefined : found;
}

function compileDefinition(
  name: string,
  graph: NamedGraph,
  running: Running,
  depth: number,
  session: Session,
): Nested | undefined {
  const { document, problems, scope } = graph;
  const head = parsePart(namedGraphSchema, document, [], problems);
  if (!isJsonObject(document)) return undefined;
  graph.compiling = true;
  const graphs = new NamedGraphs(document["graphs"], problems, scope);
  const names = compileNames(document, problems);
  const target = { id: head?.id ?? name, name: head?.name ?? name, standing: "named" as const, problems, ...running };
  const around = { graphs, names, depth };
  const compiled = compileAt(document, target, around, session);
  compileUnused(around, session);
  graph.compiling = false;
  return compiled;
}

/** What nobody runs is checked all the same, as if by a map and a saga in one, where the most is known; the linter warns of it. */
function compileUnused(around: Surroundings, session: Session): void {
  for (const [name, graph] of around.graphs.unused()) {
    if (graph.problems.full) return;
    const running = { locals: ["item", "index"] as const, undoes: true, calls: false };
    compileNamed(name, running, graph.problems, around, session);
  }
}

function isTooDeep(depth: number, problems: Problems): boolean {
  if (depth <= DEEPEST_GRAPH) return false;
  problems.add({ code: "too_deep", message: `Graphs are nested at most ${DEEPEST_GRAPH} deep.`, path: [] });
  return true;
}

/** The message of `unknown_graph`: who knows more of that graph can tell by it which one is meant. */
export function unknownGraphText(name: string): string {
  return `There is no graph "${name.slice(0, 80)}".`;
}

function addUnknown(name: string, graphs: NamedGraphs, problems: Problems): void {
  const near = nearest(name, graphs.names());
  const hint = near === undefined ? "Put it under graphs, or write the graph here." : `Did you mean "${near}"?`;
  problems.add({ code: "unknown_graph", message: unknownGraphText(name), path: [], hint });
}
