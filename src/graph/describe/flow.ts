import { isJsonObject } from "../../base/json.ts";
import type { JsonObject } from "../../base/json.ts";
import { compileExpression } from "../expression/compile.ts";
import { createLanguage } from "../expression/language.ts";
import type { Language } from "../expression/language.ts";
import type { NodeCompiler, NodeKindSpec } from "../kinds.ts";
import type { Effect, Plan, PlanNode } from "../plan.ts";
import { COMMON_FIELDS } from "../schema.ts";
import { compileTemplate } from "../template.ts";

/** What a description says of a kind, where the kind says it; those of `src/nodes` do. */
export interface DescribedKind extends NodeKindSpec {
  readonly summary?: string;
  /** `pure` kinds compute: they ask nobody, so they cost nothing and take no time to speak of. */
  readonly effect: Effect;
}
export type DescribedKinds = ReadonlyMap<string, DescribedKind>;

/** The channels a node touches, by name, in the order of its configuration. */
export interface NodeFlow {
  /** In its own expressions and templates, and in the conditions of its edges. */
  readonly reads: readonly string[];
  readonly writes: readonly string[];
}

/**
 * What each node reads and writes. Only its kind knows what a configuration means, so the kind compiles it once more, and
 * what it asks for is written down. Undefined for a node of a kind that is not among these, or that fails.
 */
export function flowOf(plan: Plan, kinds: DescribedKinds): readonly (NodeFlow | undefined)[] {
  const language = createLanguage(plan.channels.filter(({ name }) => /^[A-Za-z]/.test(name)));
  const nodes = plan.document["nodes"];
  return plan.nodes.map((node) => {
    const raw = isJsonObject(nodes) ? nodes[node.id] : undefined;
    const spec = kinds.get(node.kind);
    return spec === undefined || !isJsonObject(raw) ? undefined : nodeFlow(plan, node, raw, spec, language);
  });
}

function nodeFlow(
  plan: Plan,
  node: PlanNode,
  raw: JsonObject,
  spec: DescribedKind,
  language: Language,
): NodeFlow | undefined {
  const reads = new Set<string>();
  const writes = new Set<string>();
  const note = (channels: ReadonlySet<string>): void => {
    for (const channel of channels) reads.add(channel);
  };
  const compiler: NodeCompiler = {
    expression(source) {
      const compiled = compileExpression(source, language);
      note(compiled.reads);
      return compiled.expression;
    },
    template(source) {
      const compiled = compileTemplate(source, language);
      note(compiled.reads);
      return compiled.template;
    },
    channel(name) {
      const channel = plan.channels.find((candidate) => candidate.name === name);
      if (channel !== undefined) writes.add(name);
      return channel;
    },
    value: (value) => ({ evaluate: () => value }),
    schema: (schema) => ({ document: schema as JsonObject, check: () => undefined }),
    target: () => undefined,
    inside: () => undefined,
    problem: () => undefined,
  };
  const own = Object.fromEntries(Object.entries(raw).filter(([key]) => !COMMON_FIELDS.has(key)));
  try {
    // the plan is checked, so this parses; a kind may come from anybody's code, so it may still throw
    spec.compile(spec.schema.parse(own) as never, compiler);
  } catch {
    return undefined;
  }
  for (const { condition } of node.edges) {
    if (condition.kind === "when") note(compileExpression(condition.expression.source, language).reads);
  }
  return { reads: [...reads], writes: [...writes] };
}
