import { z } from "zod";
import { type EdgewiseError, failure } from "../base/errors.ts";
import type { Json, JsonObject } from "../base/json.ts";
import type { NodeCompiler } from "../graph/kinds.ts";
import type { Expression, Scope, ValueTemplate } from "../graph/plan.ts";
import { durationMs } from "../graph/schema.ts";
import type { GivenAnswer, NodeContext, NodeKind, NodeResult, NodeWait } from "./contract.ts";
import { askInOrder, asks, compileQuestions, type Questions, questionsSchema } from "./gate-questions.ts";
import { longDuration } from "./long-duration.ts";

const MOST_NEEDED = 100;

const names = z.array(z.string().min(1)).min(1).max(100);

const approvers = z.strictObject({
  from: names
    .optional()
    .describe("Who may answer: texts with holes; a text that is one hole may give a list. Everybody if left out"),
  need: z
    .union([z.number().int().min(1).max(MOST_NEEDED), z.string()])
    .default(1)
    .describe("Answers wanted, each of another person: a number, or a CEL expression of one"),
  stop: z
    .string()
    .optional()
    .describe("CEL expression over `answer`, an answer's value: one for which it is true is the last, such as a no"),
});

const escalation = z.strictObject({
  after: longDuration.describe("How long after the question was asked first"),
  ask: z.unknown().optional().describe("Template of the value that is shown from then on"),
  from: names.optional().describe("Who may answer from then on, besides those before"),
});

export const schema = z
  .strictObject({
    when: z.string().optional().describe("CEL: it asks if this is true, and else goes on at once and writes nothing"),
    ask: z
      .unknown()
      .optional()
      .describe("Template of what is shown to who answers: any JSON whose texts may have holes"),
    questions: questionsSchema.optional().describe("In place of ask: several questions, asked in this order"),
    answer: z
      .record(z.string(), z.unknown())
      .optional()
      .describe("JSON Schema of an answer; one that does not fit is refused"),
    write: z
      .string()
      .optional()
      .describe("Channel for the answer; with approvers for `{answers: [{by, value}], stopped}`"),
    deadline: longDuration.optional().describe("After it the node fails with wait_expired; at most 366 days"),
    approvers: approvers.optional().describe("Who may answer, and how many have to"),
    escalate: z.array(escalation).min(1).max(20).optional().describe("When to ask again, and whom besides"),
  })
  .superRefine(checkAsked)
  .superRefine(checkTimes)
  .superRefine(({ approvers: asked, escalate }, context) => {
    if (asked?.from !== undefined) return;
    for (const [index, { from }] of (escalate ?? []).entries()) {
      if (from === undefined) continue;
      const message = "Everybody may answer already: say in approvers.from who may at first.";
      context.addIssue({ code: "custom", path: ["escalate", index, "from"], message });
    }
  });

type Config = z.infer<typeof schema>;

const OF_ONE_QUESTION = ["answer", "write", "approvers", "escalate"] as const;

/** One question, with all that belongs to it, or several. */
function checkAsked(config: Asked, context: z.RefinementCtx): void {
  if (config.questions === undefined) {
    const message = "A gate asks something: ask, or questions.";
    if (config.ask === undefined) context.addIssue({ code: "custom", path: ["ask"], message });
    return;
  }
  const said = ["ask", ...OF_ONE_QUESTION].find((field) => config[field as keyof Asked] !== undefined);
  if (said === undefined) return;
  const message = `A gate has either questions or ${said}; each question has its own ask, answer and write.`;
  context.addIssue({ code: "custom", path: [said], message });
}

type Asked = { readonly [Field in "ask" | "questions" | (typeof OF_ONE_QUESTION)[number]]?: unknown };

interface Times {
  readonly deadline?: string | number | undefined;
  readonly escalate?: readonly z.infer<typeof escalation>[] | undefined;
}

function checkTimes({ deadline, escalate }: Times, context: z.RefinementCtx): void {
  let before = 0;
  for (const [index, { after }] of (escalate ?? []).entries()) {
    const path = ["escalate", index, "after"];
    if (durationMs(after) <= before) {
      const message = index === 0 ? "This must be above 0." : "This must be after the escalation before it.";
      context.addIssue({ code: "custom", path, message });
    } else if (deadline !== undefined && durationMs(after) >= durationMs(deadline)) {
      context.addIssue({ code: "custom", path, message: "This must be before the deadline." });
    }
    before = durationMs(after);
  }
}

interface Stage {
  /** After the question was asked first, milliseconds. */
  readonly afterMs: number;
  readonly ask: ValueTemplate | undefined;
  /** Who may answer from then on, besides. */
  readonly from: ValueTemplate | undefined;
}

interface Compiled {
  readonly when: Expression | undefined;
  readonly questions: Questions | undefined;
  /** The first begins at once. */
  readonly stages: readonly Stage[];
  readonly deadlineMs: number | undefined;
  readonly schema: JsonObject | undefined;
  readonly write: string | undefined;
  readonly need: number | Expression;
  readonly stop: Expression | undefined;
  /** The node says `approvers`: what is written names who answered. */
  readonly many: boolean;
}

/** Asks somebody outside, and goes on with the answer. Meanwhile nothing runs and nothing is paid for (R8). */
export const gate: NodeKind<Config, Compiled> = {
  kind: "gate",
  summary: "Asks people outside, and goes on with what they answer",
  schema,
  effect: "pure",
  example: `edgewise: 1
id: publish
channels:
  text: { schema: { type: string }, default: We are open on Sundays now. }
  decision: { schema: { type: object, required: [yes] } }
  result: { schema: { type: string } }
output: [result]
nodes:
  ask:
    kind: gate
    ask: { question: May this go out?, text: "{{ state.text }}" }
    answer: { type: object, properties: { yes: { type: boolean } }, required: [yes], additionalProperties: false }
    write: decision
    deadline: 7d
  publish: { kind: transform, set: { result: "'Published: ' + state.text" } }
  drop: { kind: transform, set: { result: "'Dropped.'" } }
edges:
  - { from: start, to: ask }
  - { from: ask, to: publish, when: state.decision.yes }
  - { from: ask, to: drop, else: true }
`,
  compile(config, compiler) {
    const { when, questions, answer, write, approvers: asked, deadline } = config;
    const deadlineMs = deadline === undefined ? undefined : durationMs(deadline);
    if (write !== undefined) compiler.channel(write, ["write"]);
    if (answer !== undefined) compiler.schema(answer as JsonObject, ["answer"]);
    checkNeed(config, compiler);
    return {
      when: when === undefined ? undefined : compiler.expression(when, ["when"]),
      questions: questions && compileQuestions(questions, deadlineMs, compiler),
      stages: questions === undefined ? stagesOf(config, compiler) : [],
      deadlineMs,
      schema: answer as JsonObject | undefined,
      write,
      need:
        typeof asked?.need === "string" ? compiler.expression(asked.need, ["approvers", "need"]) : (asked?.need ?? 1),
      stop: asked?.stop === undefined ? undefined : compiler.expression(asked.stop, ["approvers", "stop"], ["answer"]),
      many: asked !== undefined,
    };
  },
  run(compiled, context) {
    const { when, questions } = compiled;
    // what it has begun to ask it goes on to ask
    if (context.answers.length === 0 && context.resumed === undefined && !asks(when, context.scope)) return NOTHING;
    if (questions !== undefined) return askInOrder(questions, context);
    const { passed, next } = placeIn(compiled, context);
    const reached = compiled.stages.slice(0, passed + 1);
    const from = allowed(reached, context.scope);
    const need = needed(compiled.need, context.scope);
    const { counted, stopped } = count(compiled.stop, need, from, context);
    if (stopped || counted.length >= need) return resultOf(compiled, counted, stopped);
    if (next === "over") throw expired(need, counted, context.node);
    checkPossible(compiled.stages, need, from, context.scope);
    return waitFor(compiled, reached, { need, from, until: next }, context.scope);
  },
};

const NOTHING: NodeResult = { writes: [] };

function stagesOf({ ask, approvers: asked, escalate }: Config, compiler: NodeCompiler): readonly Stage[] {
  const from = asked?.from;
  const first: Stage = {
    afterMs: 0,
    ask: compiler.value((ask ?? null) as Json, ["ask"]),
    from: from && compiler.value(from, ["approvers", "from"]),
  };
  const later = (escalate ?? []).map((stage, index): Stage => {
    const path = ["escalate", index];
    return {
      afterMs: durationMs(stage.after),
      ask: stage.ask === undefined ? undefined : compiler.value(stage.ask as Json, [...path, "ask"]),
      from: stage.from && compiler.value(stage.from, [...path, "from"]),
    };
  });
  return [first, ...later];
}

/** More answers than there are people would be waited for in vain. Names in holes are counted when the node runs. */
function checkNeed({ approvers: asked, escalate }: Config, compiler: NodeCompiler): void {
  if (asked?.from === undefined || typeof asked.need === "string") return;
  const people = new Set([...asked.from, ...(escalate ?? []).flatMap(({ from }) => from ?? [])]);
  if (asked.need <= people.size || [...people].some((name) => name.includes("{{"))) return;
  const message = `${asked.need} answers are needed, and only ${people.size} may answer.`;
  compiler.problem("invalid_value", message, ["approvers", "need"]);
}

/**
 * How many escalations have been reached, and until when it waits now. By the waits that have ended, and by the clock: after
 * a long rest several may be due at once.
 */
function placeIn(
  { stages, deadlineMs }: Compiled,
  { since, now, expired: ended }: NodeContext,
): { readonly passed: number; readonly next: number | null | "over" } {
  const points = [...stages.slice(1).map(({ afterMs }) => afterMs), ...(deadlineMs === undefined ? [] : [deadlineMs])];
  const due = Math.max(ended, points.filter((point) => since + point <= now).length);
  const point = points[due];
  const isOver = deadlineMs !== undefined && due >= points.length;
  const next = point === undefined ? null : since + point;
  return { passed: Math.min(due, stages.length - 1), next: isOver ? "over" : next };
}

/** Who may answer by now; undefined: everybody. */
function allowed(reached: readonly Stage[], scope: Scope): readonly string[] | undefined {
  if (reached[0]?.from === undefined) return undefined;
  return [...new Set(reached.flatMap(({ from }) => (from === undefined ? [] : namesIn(from.evaluate(scope)))))];
}

function namesIn(value: Json): readonly string[] {
  return (Array.isArray(value) ? (value as readonly Json[]) : [value]).flatMap((entry) => {
    if (Array.isArray(entry)) return namesIn(entry);
    if (typeof entry === "string" && entry !== "") return [entry];
    const given = JSON.stringify(entry).slice(0, 100);
    throw failure("expression_failed", `from gave ${given}; who may answer is named by a text, or a list of texts.`);
  });
}

function needed(need: number | Expression, scope: Scope): number {
  if (typeof need === "number") return need;
  const value = need.evaluate(scope);
  if (typeof value === "number" && Number.isInteger(value) && value >= 1 && value <= MOST_NEEDED) return value;
  const given = JSON.stringify(value).slice(0, 100);
  const message = `need, "${need.source.slice(0, 200)}", gave ${given}; it must be a whole number from 1 to ${MOST_NEEDED}.`;
  throw failure("expression_failed", message);
}

interface Counted {
  readonly counted: readonly GivenAnswer[];
  readonly stopped: boolean;
}

/** The answers that count: of each person the first, until there are enough or one stops it. */
function count(
  stop: Expression | undefined,
  need: number,
  from: readonly string[] | undefined,
  context: NodeContext,
): Counted {
  const counted: GivenAnswer[] = [];
  const people = new Set<string>();
  for (const given of context.answers) {
    const { by, value } = given;
    // Without a name nobody knows whether two answers are of one person.
    if (by === null ? from !== undefined || need > 1 : from?.includes(by) === false || people.has(by)) continue;
    if (by !== null) people.add(by);
    counted.push(given);
    if (stop !== undefined && isStop(stop, context.scope, value)) return { counted, stopped: true };
    if (counted.length >= need) break;
  }
  return { counted, stopped: false };
}

function isStop(stop: Expression, scope: Scope, answer: Json): boolean {
  const stops = stop.evaluate({ ...scope, globals: { ...scope.globals, answer } });
  if (typeof stops === "boolean") return stops;
  const given = JSON.stringify(stops).slice(0, 100);
  throw failure("condition_failed", `stop, "${stop.source.slice(0, 200)}", must be true or false, not ${given}.`);
}

function resultOf({ write, many }: Compiled, counted: readonly GivenAnswer[], stopped: boolean): NodeResult {
  if (write === undefined) return { writes: [] };
  const answers = counted.map(({ by, value }) => ({ by, value }));
  const value = many ? { answers, stopped } : (answers[0]?.value ?? null);
  return { writes: [{ channel: write, value }] };
}

function expired(need: number, counted: readonly GivenAnswer[], node: string): EdgewiseError {
  const answers = counted.map(({ by, value }) => ({ by, value }));
  const came = need === 1 ? "No answer" : `Only ${counted.length} of ${need} answers`;
  return failure("wait_expired", `${came} to "${node}" came in time.`, { details: { need, answers } });
}

/** @throws EdgewiseError when even with everybody who will be asked there cannot be enough answers */
function checkPossible(
  stages: readonly Stage[],
  need: number,
  from: readonly string[] | undefined,
  scope: Scope,
): void {
  if (from === undefined || from.length >= need) return;
  const all = allowed(stages, scope) ?? [];
  if (all.length >= need) return;
  const message = `${need} answers are needed, and only ${all.length} may answer: ${all.slice(0, 20).join(", ")}.`;
  throw failure("expression_failed", message);
}

function waitFor(
  compiled: Compiled,
  reached: readonly Stage[],
  {
    need,
    from,
    until,
  }: { readonly need: number; readonly from: readonly string[] | undefined; readonly until: number | null },
  scope: Scope,
): NodeWait {
  const shown = reached.findLast(({ ask }) => ask !== undefined)?.ask;
  return {
    waitUntil: until,
    ask: {
      key: "",
      value: shown?.evaluate(scope) ?? null,
      ...(compiled.schema === undefined ? {} : { schema: compiled.schema }),
      ...(from === undefined ? {} : { from }),
      ...(need > 1 && from === undefined ? { named: true } : {}),
    },
  };
}
