import type { Json, JsonObject } from "../base/json.ts";
import type { Channel } from "./channels.ts";
import type { Mistake } from "./expression/build.ts";
import { compileExpression } from "./expression/compile.ts";
import type { Local } from "./expression/globals.ts";
import type { Language } from "./expression/language.ts";
import type { NodeKindSpecs } from "./kinds.ts";
import type { Expression, Plan, Template, ValueSchema, ValueTemplate } from "./plan.ts";
import { nearest } from "./problems.ts";
import type { Path, Problems } from "./problems.ts";
import { compileTemplate } from "./template.ts";
import type { CompiledTemplate } from "./template.ts";
import { compileValue } from "./value-template.ts";

/** What compiling one graph gathers while it goes through the parts. Paths are relative to that graph. */
export interface Compilation {
  readonly problems: Problems;
  readonly kinds: NodeKindSpecs;
  readonly channels: ReadonlyMap<string, Channel>;
  /** By channel, where it has one. */
  readonly schemas: ReadonlyMap<string, ValueSchema>;
  /** The nodes' ids and places. */
  readonly ids: ReadonlyMap<string, number>;
  /** The nodes as the document has them. */
  readonly rawNodes: JsonObject;
  readonly language: Language;
  /** Channels that some expression reads, and that some node writes. */
  readonly reads: Set<string>;
  readonly writes: Set<string>;
  /** Whether some expression fails without a payload; and the nodes (or the start) that have one, in themselves or their edges. */
  readonly needs: { payload: boolean };
  readonly needPayload: Set<number | "start">;
  /** Of the whole document, with all graphs in it. */
  readonly counts: { expressions: number; nodes: number };
  /** Compiles a graph that a node runs; `name` is for one in place, `problems` are at `source`. */
  inside(source: Json, name: string, problems: Problems, running: Running): InsideGraph | undefined;
}

/** How a node runs a graph. */
export interface Running {
  /** What its expressions may name besides. */
  readonly locals: readonly Local[];
  /** When it fails, what it has done is undone. */
  readonly undoes: boolean;
  /** Its frames begin at nodes that are called by their ids: those that no edge leads to. Else at what follows its start. */
  readonly calls: boolean;
}

/** A graph that a node runs, compiled without a mistake. */
export interface InsideGraph {
  readonly plan: Plan;
  readonly work: Compilation;
}

/** Expressions and holes of one document, so that compiling takes well under a second whoever wrote it. */
const MOST_EXPRESSIONS = 50_000;

/** Stands for what is not compiled; a graph with problems is never run. */
const NOTHING: Expression = { source: "", evaluate: () => null };

/** False once there are too many expressions, or so many problems that another would not be shown. */
function affords(work: Compilation, count: number, path: Path): boolean {
  if (work.problems.full) return false;
  const { counts } = work;
  if (counts.expressions <= MOST_EXPRESSIONS && counts.expressions + count > MOST_EXPRESSIONS) {
    const message = `A document has at most ${MOST_EXPRESSIONS} expressions.`;
    work.problems.add({ code: "too_large", message, path });
  }
  counts.expressions += count;
  return counts.expressions <= MOST_EXPRESSIONS;
}

/** Compiles the expression at a path; `wanted` is the type its place needs. */
export function compileExpressionAt(
  work: Compilation,
  source: string,
  path: Path,
  wanted?: "bool" | "list",
): Expression {
  if (!affords(work, 1, path)) return NOTHING;
  const compiled = compileExpression(source, work.language);
  noteReads(work, compiled);
  addMistakes(work, compiled.mistakes, path);
  const { type } = compiled;
  if (wanted !== undefined && !fits(type, wanted) && compiled.mistakes.length === 0) {
    const given = type === "int" ? "number" : type.replace(/<.*/, "");
    const rule = wanted === "bool" ? "A condition must be true or false" : "What is sent must be a list";
    const message = `${rule}; this one is a ${given}.`;
    work.problems.add({ code: "type_mismatch", message, path, within: { start: 0, end: source.length } });
  }
  return compiled.expression;
}

function fits(type: string, wanted: "bool" | "list"): boolean {
  return type === "dyn" || (wanted === "list" ? type.startsWith("list") : type === wanted);
}

export function compileTemplateAt(work: Compilation, source: string, path: Path): Template {
  return textAt(work, source, path).template;
}

/** Compiles a value whose texts, at any depth, are templates. */
export function compileValueAt(work: Compilation, value: Json, path: Path): ValueTemplate {
  return compileValue(value, (source, below) => {
    const { hole, template } = textAt(work, source, [...path, ...below]);
    return hole === undefined ? (scope) => template.render(scope) : (scope) => hole.evaluate(scope);
  });
}

function textAt(work: Compilation, source: string, path: Path): Pick<CompiledTemplate, "template" | "hole"> {
  if (!affords(work, source.split("{{").length - 1, path)) return { template: { source, render: () => "" } };
  const compiled = compileTemplate(source, work.language);
  noteReads(work, compiled);
  addMistakes(work, compiled.mistakes, path);
  return compiled;
}

/** The channel of that name; undefined, and a problem, when there is none. */
export function channelAt(work: Compilation, name: string, path: Path, atKey = false): Channel | undefined {
  const channel = work.channels.get(name);
  if (channel !== undefined || work.problems.full) return channel;
  const near = nearest(name, work.channels.keys());
  const hint = near === undefined ? "Declare it under channels." : `Did you mean "${near}"?`;
  const message = `There is no channel "${name.slice(0, 80)}".`;
  work.problems.add({ code: "unknown_channel", message, path, hint, atKey });
  return undefined;
}

/** The place of the node that an edge leads to; undefined, and a problem, when there is none. */
export function targetAt(work: Compilation, id: string, path: Path, does = "lead to"): number | undefined {
  const index = work.ids.get(id);
  if (index !== undefined || work.problems.full) return index;
  if (id === "start" || id === "end") {
    work.problems.add({ code: "dangling_edge", message: `An edge cannot ${does} ${id}.`, path });
    return undefined;
  }
  const near = nearest(id, work.ids.keys());
  const hint = near === undefined ? {} : { hint: `Did you mean "${near}"?` };
  work.problems.add({ code: "dangling_edge", message: `There is no node "${id.slice(0, 80)}".`, path, ...hint });
  return undefined;
}

function noteReads(
  work: Compilation,
  { reads, needsPayload }: { readonly reads: ReadonlySet<string>; readonly needsPayload: boolean },
): void {
  for (const channel of reads) work.reads.add(channel);
  work.needs.payload ||= needsPayload;
}

function addMistakes(work: Compilation, mistakes: readonly Mistake[], path: Path): void {
  for (const { code, message, hint, start, end } of mistakes) {
    work.problems.add({ code, message, path, within: { start, end }, ...(hint === undefined ? {} : { hint }) });
  }
}
