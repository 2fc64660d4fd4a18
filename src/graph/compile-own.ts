import { isJsonObject } from "../base/json.ts";
import type { JsonObject } from "../base/json.ts";
import { channelAt, compileExpressionAt, compileTemplateAt, compileValueAt, targetAt } from "./compile-context.ts";
import type { Compilation, InsideGraph } from "./compile-context.ts";
import { compileSchemaAt } from "./compile-schema.ts";
import type { Local } from "./expression/globals.ts";
import { withLocals } from "./expression/language.ts";
import type { Inside, NodeCompiler, NodeKindSpec } from "./kinds.ts";
import { parsePart } from "./parse-part.ts";
import type { Effect, PlanEdge, SharedChannels } from "./plan.ts";
import type { Path } from "./problems.ts";
import { COMMON_FIELDS } from "./schema.ts";

/** What a node's kind has made of the fields that are its own. */
export interface OwnPart {
  readonly compiled: unknown;
  readonly effect: Effect;
  readonly targets: PlanEdge[];
  readonly inside: InsideGraph | undefined;
  readonly shares: SharedChannels | undefined;
  /** The graph's, with what this node alone reads and writes. */
  readonly work: Compilation;
}

interface RawNode {
  readonly id: string;
  readonly config: JsonObject;
  readonly path: Path;
}

/** Hands a node's own fields to its kind. Undefined, and problems, where they do not fit its schema. */
export function compileOwn(spec: NodeKindSpec, node: RawNode, around: Compilation): OwnPart | undefined {
  const config = parsePart(spec.schema, node.config, node.path, around.problems, COMMON_FIELDS);
  if (config === undefined) return undefined;
  const work: Compilation = { ...around, reads: new Set(), writes: new Set(), needs: { payload: false } };
  const gathered: Gathered = { targets: [], inside: undefined };
  try {
    const compiled = spec.compile(config as never, compilerOf(node, spec, work, gathered));
    const shares = spec.shares?.(compiled as never);
    if (shares !== undefined) noteShared(shares, gathered, work);
    return { compiled, shares, effect: spec.effectOf?.(compiled as never) ?? spec.effect, work, ...gathered };
  } catch (thrown) {
    // a kind may come from anybody's code
    const said = thrown instanceof Error ? thrown.message : String(thrown);
    const message = `The kind "${spec.kind}" could not compile this node: ${said}`;
    work.problems.add({ code: "kind_failed", message, path: node.path });
    return undefined;
  }
}

interface Gathered {
  readonly targets: PlanEdge[];
  inside: InsideGraph | undefined;
}

function compilerOf({ id, path }: RawNode, spec: NodeKindSpec, work: Compilation, gathered: Gathered): NodeCompiler {
  const sends = spec.sends === true;
  // what a map says of its items, on the state outside
  const knowing = (locals: readonly Local[]): Compilation =>
    locals.length === 0 ? work : { ...work, language: withLocals(work.language, locals) };
  return {
    expression: (source, below, locals = []) => compileExpressionAt(knowing(locals), source, [...path, ...below]),
    template: (source, below) => compileTemplateAt(work, source, [...path, ...below]),
    value: (value, below, locals = []) => compileValueAt(knowing(locals), value, [...path, ...below]),
    schema: (schema, below) => compileSchemaAt(work.problems, schema, [...path, ...below]),
    channel(name, below, use = "writes") {
      const channel = channelAt(work, name, [...path, ...below]);
      if (channel === undefined) return undefined;
      if (use !== "reads") work.writes.add(name);
      if (use !== "writes") work.reads.add(name);
      const { reducer, default: initial } = channel;
      const schema = work.schemas.get(name);
      return {
        reducer,
        ...(initial === undefined ? {} : { default: initial }),
        ...(schema === undefined ? {} : { schema }),
      };
    },
    target: (to, below, label) => void addTarget(to, [...path, ...below], work, gathered.targets, { label, sends }),
    inside(source, below, locals) {
      const found = work.inside(source, id, work.problems.below([...path, ...below]), {
        locals,
        undoes: spec.holds === true,
        calls: spec.calls === true,
      });
      gathered.inside = found;
      return found === undefined ? undefined : insideOf(found, work, path);
    },
    node(id, below) {
      const known = targetAt(work, id, [...path, ...below], "be") === undefined ? undefined : work.rawNodes[id];
      return isJsonObject(known) ? known : undefined;
    },
    problem: (code, message, below, more) => work.problems.add({ code, message, path: [...path, ...below], ...more }),
  };
}

/** Together, of one edge, before the rest is left out. */
const LONGEST_LABELS = 100;

/** Declares an edge that a task takes by naming it; answers where it leads. Where it is named again the labels are joined. */
export function addTarget(
  id: string,
  path: Path,
  work: Compilation,
  targets: PlanEdge[],
  { label, sends = false }: { readonly label?: string | undefined; readonly sends?: boolean },
): PlanEdge["to"] | undefined {
  const to = id === "end" ? "end" : targetAt(work, id, path);
  if (to === undefined) return undefined;
  const place = targets.findIndex((edge) => edge.to === to);
  const before = targets[place]?.condition;
  const known = before?.kind === "goto" ? before : undefined;
  const said = labelsOf(known?.label, label);
  const sent = (sends && to !== "end") || known?.sends === true;
  const condition: PlanEdge["condition"] = {
    kind: "goto",
    ...(said === undefined ? {} : { label: said }),
    ...(sent ? { sends: true } : {}),
  };
  targets[place === -1 ? targets.length : place] = { to, condition };
  return to;
}

function labelsOf(before: string | undefined, label: string | undefined): string | undefined {
  if (before === undefined || label === undefined) return before ?? label;
  if (before.endsWith(" …")) return before;
  return before.length + label.length > LONGEST_LABELS ? `${before}, …` : `${before}, ${label}`;
}

/** What the node says about the graph that it runs stands in the node, so that is where its problems are. */
function insideOf({ plan, work: inner }: InsideGraph, outer: Compilation, path: Path): Inside {
  const work: Compilation = { ...inner, problems: outer.problems };
  const common = plan.channels.flatMap(({ name, reducer }) => {
    const around = outer.channels.get(name);
    return around === undefined ? [] : [{ name, sameReducer: around.reducer === reducer }];
  });
  return {
    plan,
    common,
    expression: (source, below) => compileExpressionAt(work, source, [...path, ...below]),
    channel(name, below) {
      const channel = channelAt(work, name, [...path, ...below]);
      // what a frame begins with is written there
      if (channel !== undefined) inner.writes.add(name);
      return channel;
    },
  };
}

/** A frame begins with what its task sees of a shared channel, and what it writes there leaves with it (R10). */
function noteShared({ begin, leave }: SharedChannels, { inside }: Gathered, work: Compilation): void {
  const written = new Set(inside?.plan.nodes.flatMap(({ writes }) => writes));
  for (const channel of begin) work.reads.add(channel);
  for (const channel of leave) if (written.has(channel)) work.writes.add(channel);
}
