import { type Json, isJsonObject, sameJson } from "../../../src/base/json.ts";
import { compileGraph, type CompileResult, type GraphSource, type Problem } from "../../../src/graph/compile.ts";
import { documentText } from "../../../src/graph/identity.ts";
import { Problems } from "../../../src/graph/problems.ts";
import { readSource } from "../../../src/graph/text/read.ts";
import { nodeKinds } from "../../../src/nodes/registry.ts";
import { prototypeChanges } from "../prototypes.ts";
import type { DocumentCase, Expected } from "./case.ts";

/** What was wrong, by the goal it breaks. */
export type Breach = "thrown" | "unplaced" | "polluted" | "unexpected";

export interface Judged {
  readonly ms: number;
  readonly accepted: boolean;
  readonly breaches: readonly (readonly [Breach, string])[];
}

/** Compiles one document here, as the server would, and looks at what came of it. */
export function judge(document: DocumentCase): Judged | undefined {
  if (typeof document.body !== "string") return undefined;
  const source: GraphSource = { text: document.body, type: document.type };
  const startedAt = performance.now();
  let result: CompileResult;
  try {
    result = compileGraph(source, nodeKinds);
  } catch (thrown) {
    const breach = ["thrown", String(thrown).slice(0, 200)] as const;
    return { ms: performance.now() - startedAt, accepted: false, breaches: [breach] };
  }
  const ms = performance.now() - startedAt;
  const polluted = prototypeChanges().map((change) => ["polluted", change] as const);
  const unplaced = placement(source, result).map((text) => ["unplaced", text] as const);
  const unexpected = surprise(result, document.expected).map((text) => ["unexpected", text] as const);
  return { ms, accepted: result.ok, breaches: [...polluted, ...unplaced, ...unexpected] };
}

/** Every problem has a code, a pointer that leads somewhere (or one key beyond) and, in a text, a place in it. */
function placement(source: GraphSource, result: CompileResult): string[] {
  const problems = result.ok ? result.warnings : result.problems;
  const faults = problems.flatMap((problem) => problemFaults(problem, source));
  if (!result.ok && !problems.some(({ severity }) => severity === "error")) faults.push("refused without an error");
  const value = problems.some(({ path }) => path !== "") ? readSource(source, new Problems())?.value : undefined;
  if (value === undefined) return faults;
  const lost = problems.filter(({ path }) => !leadsSomewhere(path, value));
  return [...faults, ...lost.map(({ code, path }) => `${code}: nothing is at ${path.slice(0, 100)}`)];
}

function problemFaults({ code, path, message, line, column }: Problem, source: GraphSource): string[] {
  const faults: string[] = [];
  if (!/^[a-z]+(?:_[a-z]+)*$/.test(code)) faults.push(`the code "${code}"`);
  if (!/^(?:\/|$)/.test(path)) faults.push(`${code}: the pointer "${path}"`);
  if (!/\S/.test(message) || message.length > 1000) faults.push(`${code}: a message of ${message.length} characters`);
  if (!("text" in source)) return faults;
  const lines = source.text.split("\n");
  const placed = line !== undefined && column !== undefined && line >= 1 && line <= lines.length && column >= 1;
  if (!placed || column > (lines[line - 1]?.length ?? 0) + 1) faults.push(`${code}: at line ${line}, column ${column}`);
  return faults;
}

function leadsSomewhere(pointer: string, value: Json): boolean {
  const parts = pointer.split("/").slice(1, -1);
  let at: Json | undefined = value;
  for (const part of parts) {
    const key = part.replaceAll("~1", "/").replaceAll("~0", "~");
    if (Array.isArray(at)) at = at[Number(key)] as Json | undefined;
    else at = isJsonObject(at) && Object.hasOwn(at, key) ? at[key] : undefined;
    if (at === undefined) return false;
  }
  return true;
}

function surprise(result: CompileResult, expected: Expected): string[] {
  if (expected.verdict === "either") return result.ok ? unstable(result) : [];
  if (!result.ok) {
    const found = result.problems.map(({ code, path }) => `${code} at "${path}"`).slice(0, 3);
    if (expected.verdict === "accepted") return [`refused: ${found.join(", ")}`];
    const { code, pointer, below } = expected;
    const fits = ({ code: given, path }: Problem) =>
      (code === undefined || given === code) &&
      (pointer === undefined || path === pointer || (below === true && path.startsWith(`${pointer}/`)));
    return result.problems.some(fits) ? [] : [`wanted ${code} at "${pointer}", not ${found.join(", ")}`];
  }
  if (expected.verdict === "refused") return [`accepted instead of ${expected.code ?? "refused"}`];
  const { holds } = expected;
  if (holds === undefined) return unstable(result);
  const held = result.plan.channels.find(({ name }) => name === "x")?.default ?? null;
  return sameJson(held, holds) ? unstable(result) : [`read as ${JSON.stringify(held).slice(0, 100)}`];
}

/** What was accepted is accepted again from what is stored of it, as the same graph. */
function unstable({ plan }: Extract<CompileResult, { ok: true }>): string[] {
  const again = compileGraph({ text: documentText(plan), type: "json" }, nodeKinds);
  if (!again.ok) return [`not accepted again: ${again.problems[0]?.message ?? ""}`];
  return again.plan.hash === plan.hash ? [] : ["another hash the second time"];
}
