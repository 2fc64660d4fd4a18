import { z } from "zod";
import { EdgewiseError, failure } from "../base/errors.ts";
import type { Json } from "../base/json.ts";
import type { Expression, Scope } from "../graph/plan.ts";
import type { CompositeKind, Turn } from "./contract.ts";
import { compilePassage, evaluateAll, insideFields, type Passage } from "./inside.ts";

/** Turns of a loop that says nothing of their number. */
const MOST_TURNS = 100;
const MOST_TURNS_COUNTED = 100_000;

export const schema = z
  .strictObject({
    over: z.string().optional().describe("CEL expression of a list: a turn for each item, one after the other"),
    times: z
      .union([z.number().int().min(0), z.string()])
      .optional()
      .describe("How many turns: a number, or CEL"),
    while: z.string().optional().describe("CEL on the state inside: there is another turn while it is true"),
    until: z.string().optional().describe("CEL on the state inside after a turn: there is no other when it is true"),
    max: z
      .number()
      .int()
      .min(1)
      .max(MOST_TURNS_COUNTED)
      .optional()
      .describe("Turns after which the loop fails (step_limit); 100 where neither over nor times bounds it"),
    ...insideFields,
  })
  .refine(({ over, times }) => over === undefined || times === undefined, {
    path: ["times"],
    message: "A loop has either over or times.",
  })
  .refine((config) => [config.over, config.times, config.while, config.until].some((bound) => bound !== undefined), {
    message: "Say when the loop ends: over, times, while or until.",
  });

interface Compiled extends Passage {
  readonly id: string;
  readonly over: Expression | undefined;
  readonly times: Expression | number | undefined;
  readonly while: Expression | undefined;
  readonly until: Expression | undefined;
  readonly max: number;
}

/** Runs a graph turn by turn, each beginning with the state that the one before it left (0013). */
export const loop: CompositeKind<z.infer<typeof schema>, Compiled> = {
  kind: "loop",
  summary: "Runs a graph turn by turn, each on the state that the last one left",
  schema,
  effect: "pure",
  many: true,
  carries: true,
  example: `edgewise: 1
id: halve
channels:
  number: { default: 100, schema: { type: number } }
  turns: { schema: { type: integer } }
nodes:
  shrink:
    kind: loop
    until: state.number < 10
    max: 20
    input: { number: state.number }
    output: { number: state.number, turns: state.turns }
    graph:
      channels:
        number: { schema: { type: number } }
        turns: { reducer: sum, default: 0 }
      nodes:
        half: { kind: transform, set: { number: state.number / 2, turns: "1" } }
      edges:
        - { from: start, to: half }
edges:
  - { from: start, to: shrink }
`,
  compile(config, compiler) {
    const { over, times, while: goesOn, until, max } = config;
    const inside = compiler.inside(config.graph as never, ["graph"], ["item", "index"]);
    const counted = over !== undefined || times !== undefined;
    return {
      ...compilePassage(config, inside, compiler, ["item", "index"]),
      id: inside?.plan.id ?? "",
      over: over === undefined ? undefined : compiler.expression(over, ["over"]),
      times: typeof times === "string" ? compiler.expression(times, ["times"]) : times,
      while: goesOn === undefined ? undefined : inside?.expression(goesOn, ["while"]),
      until: until === undefined ? undefined : inside?.expression(until, ["until"]),
      max: max ?? (counted ? MOST_TURNS_COUNTED : MOST_TURNS),
    };
  },
  shares: ({ shares }) => shares,
  open: () => ({ items: [], concurrency: 1, tolerant: false }),
  next(compiled, turn) {
    const { index, inside } = turn;
    if (index > 0 && isTrue(compiled.until, () => inside(index - 1), "until")) return undefined;
    const item = itemAt(compiled, turn);
    if (item === undefined) return undefined;
    if (compiled.while !== undefined && !isTrue(compiled.while, () => inside(index, item), "while")) return undefined;
    if (index < compiled.max) return item;
    throw failure("step_limit", `The loop has made ${index} turns; raise its max, or let it end.`);
  },
  enter: ({ input }, scope) => ({ writes: evaluateAll(input, scope) }),
  leave: ({ output }, scope) => evaluateAll(output, scope),
  /** What is shared leaves turn by turn; outputs are those of the last one. */
  close(_, ends) {
    const shared = ends.flatMap((end) => {
      if (end.ok) return end.shared;
      throw new EdgewiseError(end.error);
    });
    const last = ends.at(-1);
    return last?.ok === true ? [...shared, ...last.writes] : shared;
  },
};

/** Undefined when the items or the turns are at their end; null where a turn has no item. */
function itemAt({ over, times }: Compiled, { index, outside }: Turn): Json | undefined {
  if (over !== undefined) {
    const items = over.evaluate(outside);
    if (!Array.isArray(items))
      throw failure("expression_failed", `\`over\` must be a list; "${over.source.slice(0, 200)}" is none.`);
    return items[index] as Json | undefined;
  }
  if (times === undefined) return null;
  const count = typeof times === "number" ? times : times.evaluate(outside);
  if (typeof count !== "number") throw failure("expression_failed", "`times` must be a number.");
  return index < count ? null : undefined;
}

function isTrue(expression: Expression | undefined, scope: () => Scope, field: string): boolean {
  if (expression === undefined) return false;
  const value = expression.evaluate(scope());
  if (typeof value === "boolean") return value;
  throw failure("condition_failed", `\`${field}\` must be true or false: "${expression.source.slice(0, 200)}".`);
}
