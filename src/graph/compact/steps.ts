import { isJsonObject } from "../../base/json.ts";
import type { Json, JsonObject } from "../../base/json.ts";
import { undosIn } from "../compile-undo.ts";
import type { NodeKindSpec, NodeKindSpecs } from "../kinds.ts";
import { nearest } from "../problems.ts";
import type { Found, Path } from "../problems.ts";
import { ID_HINT } from "../schema.ts";
import { LARGEST_TEXT } from "../text/bounds.ts";
import { mentionsOf, writesByName } from "./fields.ts";
import type { Written } from "./fields.ts";

/** Fields that only steps have. */
export const STEP_FIELDS = ["id", "depends_on", "condition", "send"] as const;
/** What a step is that does not say it. */
export const DEFAULT_KIND = "model";

/** What a step follows, and where in the step that is said (nowhere, if it follows the one before it). */
export interface Dependency {
  readonly on: string;
  readonly path: Path;
}

export interface Step {
  /** Its place in the list. */
  readonly index: number;
  readonly id: string;
  /** The node it stands for. */
  readonly node: JsonObject;
  /** Fields of the node that the step leaves out. */
  readonly given: ReadonlySet<string>;
  readonly written: readonly Written[];
  readonly after: readonly Dependency[];
  readonly condition: Json | undefined;
  /** The list of which it is sent each item. */
  readonly send: Json | undefined;
}

/** What a document may still say with steps, in all its graphs. */
export interface Budget {
  steps: number;
  conditions: number;
}

/** Takes a mistake, `path` from the list of steps on. */
export type Report = (found: Found) => void;

/** The steps that can be made sense of, in their order. */
export function readSteps(raw: readonly Json[], kinds: NodeKindSpecs, budget: Budget, report: Report): readonly Step[] {
  const named = new Map<string, number>();
  const usable: { index: number; id: string; step: JsonObject }[] = [];
  for (const [index, step] of raw.entries()) {
    const id = idOf(step, index, named, report);
    if (id === undefined || !isJsonObject(step)) continue;
    named.set(id, index);
    usable.push({ index, id, step });
  }
  const drafts = usable.map(({ index, id, step }) => {
    const node = nodeOf(step, id, kinds);
    const spec = specOf(node, kinds);
    const mentions = spec === undefined ? { written: [], targets: [] } : mentionsOf(node, spec);
    return { index, id, step, node, ...mentions };
  });
  const targets = new Set(drafts.flatMap((draft) => draft.targets));
  const undos = undosIn(Object.fromEntries(drafts.map(({ id, node }) => [id, node])));
  const condition = conditionsWithin(budget, report);
  let last = "start";
  return drafts.map(({ index, id, step, node, written }): Step => {
    const before = targets.has(id) || undos.has(id) ? undefined : last;
    // a saga begins what undoes something: nothing leads to it, and nothing follows it
    if (!undos.has(id)) last = id;
    const after = dependencies({ id, index, before, raw: step["depends_on"] }, named, report);
    const given = new Set(Object.keys(node).filter((field) => !(field in step)));
    const send = sendOf(step["send"], index, after, report);
    return {
      index,
      id,
      node,
      given,
      written,
      after,
      send,
      condition: condition(step["condition"], index, after.length),
    };
  });
}

function idOf(step: Json, index: number, named: ReadonlyMap<string, number>, report: Report): string | undefined {
  if (!isJsonObject(step)) {
    report({ code: "invalid_type", message: "A step must be a mapping.", path: [index] });
    return undefined;
  }
  const id = step["id"];
  if (id === undefined) {
    const hint = "Every step has an id: that is what others depend on.";
    report({ code: "missing", message: '"id" is missing.', path: [index, "id"], hint });
    return undefined;
  }
  if (typeof id !== "string") {
    report({ code: "invalid_type", message: '"id" must be text.', path: [index, "id"] });
    return undefined;
  }
  if (id === "__proto__") {
    report({
      code: "invalid_id",
      message: '"__proto__" cannot be the id of a step.',
      path: [index, "id"],
      hint: ID_HINT,
    });
    return undefined;
  }
  const first = named.get(id);
  if (first === undefined) return id;
  const message = `There is a step "${id.slice(0, 80)}" before this one, the ${first + 1}. in the list.`;
  report({ code: "duplicate_step", message, path: [index, "id"], hint: "Give it an id of its own." });
  return undefined;
}

/** The step's own fields, with its kind, and the channel it writes where it only says what it does. */
function nodeOf(step: JsonObject, id: string, kinds: NodeKindSpecs): JsonObject {
  const own = Object.entries(step).filter(([key]) => !(STEP_FIELDS as readonly string[]).includes(key));
  const fields = Object.fromEntries([["kind", DEFAULT_KIND], ...own]) as JsonObject;
  const spec = specOf(fields, kinds);
  return spec !== undefined && !("write" in step) && writesByName(spec) ? { ...fields, write: id } : fields;
}

function specOf({ kind }: JsonObject, kinds: NodeKindSpecs): NodeKindSpec | undefined {
  return typeof kind === "string" ? kinds.get(kind) : undefined;
}

interface Dependent {
  readonly id: string;
  readonly index: number;
  /** What it follows if it does not say; nothing, if another step names it as the next one. */
  readonly before: string | undefined;
  readonly raw: Json | undefined;
}

function dependencies(step: Dependent, named: ReadonlyMap<string, number>, report: Report): readonly Dependency[] {
  const { raw, index } = step;
  if (raw === undefined) return step.before === undefined ? [] : [{ on: step.before, path: [] }];
  if (typeof raw === "string") return checked({ on: raw, path: ["depends_on"] }, step, named, report);
  if (!Array.isArray(raw)) {
    const hint = "Leave it out to follow the step before, or write [] to follow start.";
    const message = '"depends_on" must be the id of a step or a list of ids.';
    report({ code: "invalid_type", message, path: [index, "depends_on"], hint });
    return [];
  }
  const list = raw as readonly Json[];
  if (list.length === 0) return [{ on: "start", path: ["depends_on"] }];
  return list.flatMap((on, place) => {
    const path = ["depends_on", place];
    if (typeof on === "string") return checked({ on, path }, step, named, report);
    report({
      code: "invalid_type",
      message: "What a step depends on must be the id of a step.",
      path: [index, ...path],
    });
    return [];
  });
}

function checked(
  dependency: Dependency,
  step: Dependent,
  named: ReadonlyMap<string, number>,
  report: Report,
): readonly Dependency[] {
  const { on } = dependency;
  const path = [step.index, ...dependency.path];
  if (on === step.id) {
    const hint = "Leave it out; a loop needs nodes and edges.";
    report({ code: "depends_on_itself", message: `The step "${on.slice(0, 80)}" depends on itself.`, path, hint });
    return [];
  }
  if (named.has(on)) return [dependency];
  const message = `There is no step "${on.slice(0, 80)}".`;
  report({ code: "unknown_step", message, path, hint: hintFor(on, named) });
  return [];
}

function hintFor(on: string, named: ReadonlyMap<string, number>): string {
  if (on === "start") return "Write depends_on: [] for a step that follows start.";
  const near = nearest(on, named.keys());
  return near === undefined ? "Name the id of a step in this list." : `Did you mean "${near}"?`;
}

/** Each of several edges would send all items, so that every item would come as often. */
function sendOf(send: Json | undefined, index: number, after: readonly Dependency[], report: Report): Json | undefined {
  if (send === undefined || after.length === 1) return send;
  const message = after.length === 0 ? "Nothing but a choice leads to this step." : `It follows ${after.length} steps.`;
  const hint = "Let it follow one step that comes after what it waits for.";
  report({
    code: "send_needs_one",
    message: `A step with send follows one step. ${message}`,
    path: [index, "send"],
    hint,
  });
  return undefined;
}

/** A condition stands on every edge into its step; all of them are at most as long as a document may be. */
function conditionsWithin(budget: Budget, report: Report) {
  return (condition: Json | undefined, index: number, times: number): Json | undefined => {
    if (typeof condition !== "string") return condition;
    if (budget.conditions < 0) return undefined;
    budget.conditions -= condition.length * times;
    if (budget.conditions >= 0) return condition;
    const message = `The conditions, counted for each dependency, are longer than ${LARGEST_TEXT} characters.`;
    report({ code: "too_large", message, path: [index, "condition"] });
    return undefined;
  };
}
