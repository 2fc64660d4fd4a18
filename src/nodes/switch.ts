import { z } from "zod";
import { failure } from "../base/errors.ts";
import type { Json } from "../base/json.ts";
import type { NodeCompiler } from "../graph/kinds.ts";
import type { Expression, Scope } from "../graph/plan.ts";
import type { NodeKind } from "./contract.ts";

const target = z.string().describe("A node, or end");

export const schema = z
  .strictObject({
    on: z.string().optional().describe("CEL expression whose value picks among cases that are a mapping"),
    cases: z
      .union([
        z.record(z.string(), target).describe("Value to target, a node or end"),
        z
          .array(z.strictObject({ when: z.string().describe("CEL expression, true or false"), to: target }))
          .min(1)
          .max(1000)
          .describe("Conditions with their targets; the first that is true wins"),
      ])
      .describe(
        "A mapping of the values of `on` to targets, or a list of `{when, to}` of which the first that is true wins",
      ),
    else: target.optional().describe("Target where no case fits: a node, or end. Without it no edge is taken then"),
  })
  .refine(({ on, cases }) => (on === undefined) === Array.isArray(cases), {
    message: "A switch has either on and a mapping of values to targets, or a list of {when, to} without on.",
  });

type Config = z.infer<typeof schema>;

interface Compiled {
  /** The target for what the node sees; undefined where no case fits. */
  readonly pick: (scope: Scope) => string | undefined;
  readonly otherwise: string | undefined;
}

/** Takes one of several edges, which it declares itself. */
export const choice: NodeKind<Config, Compiled> = {
  kind: "switch",
  summary: "Takes one of several ways",
  schema,
  effect: "pure",
  example: `edgewise: 1
id: triage
channels:
  kind: { schema: { type: string }, default: question }
  answer: { schema: { type: string } }
output: [answer]
nodes:
  sort:
    kind: switch
    on: state.kind
    cases: { question: reply, complaint: apologize }
    else: end
  reply: { kind: transform, set: { answer: "'Here is how.'" } }
  apologize: { kind: transform, set: { answer: "'We are sorry.'" } }
edges:
  - { from: start, to: sort }
`,
  compile({ on, cases, else: otherwise }, compiler) {
    if (otherwise !== undefined) compiler.target(otherwise, ["else"], "else");
    const pick = Array.isArray(cases) ? byCondition(cases, compiler) : byValue(on ?? "", cases, compiler);
    return { pick, otherwise };
  },
  run({ pick, otherwise }, { scope }) {
    const to = pick(scope) ?? otherwise;
    return to === undefined ? { writes: [] } : { writes: [], goto: [to] };
  },
};

function byValue(on: string, cases: Readonly<Record<string, string>>, compiler: NodeCompiler): Compiled["pick"] {
  const targets = new Map(Object.entries(cases));
  for (const [value, to] of targets) compiler.target(to, ["cases", value], value);
  const expression = compiler.expression(on, ["on"]);
  return (scope) => targets.get(textOf(expression.evaluate(scope), expression));
}

/** A scalar as a key of `cases` spells it: a text as it is, anything else as JSON. */
function textOf(value: Json, { source }: Expression): string {
  if (typeof value === "string") return value;
  if (typeof value !== "object" || value === null) return JSON.stringify(value);
  const what = Array.isArray(value) ? "a list" : "a map";
  const message = `The expression "${source.slice(0, 200)}" of on gave ${what}; a case is a text, a number, true, false or null.`;
  throw failure("expression_failed", message);
}

function byCondition(
  cases: readonly { readonly when: string; readonly to: string }[],
  compiler: NodeCompiler,
): Compiled["pick"] {
  const ways = cases.map(({ when, to }, index) => {
    compiler.target(to, ["cases", index, "to"], when);
    return { to, condition: compiler.expression(when, ["cases", index, "when"]) };
  });
  return (scope) => ways.find(({ condition }) => holds(condition, scope))?.to;
}

function holds(condition: Expression, scope: Scope): boolean {
  const value = condition.evaluate(scope);
  if (typeof value === "boolean") return value;
  const given = JSON.stringify(value).slice(0, 100);
  throw failure(
    "condition_failed",
    `The case "${condition.source.slice(0, 200)}" must be true or false, not ${given}.`,
  );
}
