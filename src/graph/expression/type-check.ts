import type { ASTNode } from "@marcbachmann/cel-js";

/** A type as the library's checker handles it. Its declarations leave the checker out; the version is pinned. */
interface Type {
  readonly kind: string;
  readonly name: string;
  isDynOrBool(): boolean;
  unify(registry: unknown, other: Type): Type | null;
}

interface Checker {
  readonly registry: unknown;
  readonly intType: Type;
  readonly dynType: Type;
  check(node: ASTNode, context: unknown): Type;
  getType(name: string): Type;
}

type Check = (checker: Checker, node: ASTNode, context: unknown) => Type;

/** What the library's nodes have beside what is declared. */
interface CheckedNode {
  readonly meta: { readonly check: Check };
  setMeta(key: "check" | "macro", value: Check | undefined): void;
}

export interface TypeMistake {
  readonly message: string;
  readonly start: number;
  readonly end: number;
}

/**
 * The library's type check, made to fit JSON: one number type (so `1` and `2.5` mix), `null` fits everywhere,
 * both branches of a condition and the items of lists may differ.
 * The tree is changed for it, so it must have been compiled for evaluation before.
 */
export function checkTypes(source: string, tree: ASTNode, check: () => Checked): { type: string } | TypeMistake {
  loosen(tree);
  const result = check();
  if (result.valid) return { type: leavingType(result.type ?? "dyn") };
  const error = result.error as LibraryError | undefined;
  // the library points a field's mistake at the field's name alone
  const { start, end } = error?.node ?? error?.range ?? { start: 0, end: source.length };
  return { message: inOurWords(error?.summary ?? error?.message ?? "the types do not fit"), start, end };
}

/** The type of what an evaluation gives: times leave it as text. */
function leavingType(type: string): string {
  return type.replaceAll("double", "int").replaceAll(TIME_TYPES, "string");
}

const TIMESTAMP = "google.protobuf.Timestamp";
const DURATION = "google.protobuf.Duration";
const TIME_TYPES = /google\.protobuf\.(?:Timestamp|Duration)/g;

interface LibraryError {
  readonly summary?: string;
  readonly message?: string;
  readonly node?: { readonly start: number; readonly end: number };
  readonly range?: { readonly start: number; readonly end: number };
}

export interface Checked {
  readonly valid: boolean;
  readonly type?: string;
  readonly error?: unknown;
}

function override(node: ASTNode, make: (original: Check) => Check): void {
  const checked = node as unknown as CheckedNode;
  checked.setMeta("check", make(checked.meta.check));
}

function loosen(node: ASTNode): void {
  if (node.op === "value" && typeof node.args === "number") override(node, () => (checker) => checker.intType);
  else if (node.op === "value" && node.args === null) override(node, () => (checker) => checker.dynType);
  else if (node.op === "call" && node.args[0] === "double") (node.args as [string, ASTNode[]])[0] = "int";
  else if (node.op === "call" && node.args[0] === "has") asks(node);
  else if (node.op === "call" && node.args[0] === "default") override(node, fallback);
  else if ((node.op === "call" && GENERIC.has(node.args[0])) || (node.op === "rcall" && GENERIC.has(node.args[0])))
    override(node, bound);
  else if (node.op === "+") override(node, concatenation);
  // the library gives the parts of what is empty a type that has no operators
  else if (node.op === "list" && node.args.length === 0)
    override(node, () => (checker) => checker.getType("list<dyn>"));
  else if (node.op === "map" && node.args.length === 0)
    override(node, () => (checker) => checker.getType("map<string, dyn>"));
  else if (node.op === "?:") override(node, choice);
  for (const child of childrenOf(node)) loosen(child);
}

/** What `has` may ask for has been checked by our own compiler, which allows `state["x"]` too. */
function asks(node: ASTNode): void {
  (node as unknown as CheckedNode).setMeta("macro", undefined);
  override(node, () => (checker) => checker.getType("bool"));
}

function concatenation(original: Check): Check {
  return (checker, node, context) => {
    if (node.op !== "+") return original(checker, node, context);
    const [left, right] = node.args.map((part) => checker.check(part, context));
    // the library says of duration + timestamp that it is a duration
    if (left?.name === DURATION && right?.name === TIMESTAMP) return right;
    if (left?.kind !== "list" || right?.kind !== "list") return original(checker, node, context);
    return left.unify(checker.registry, right) ?? checker.getType("list<dyn>");
  };
}

/** Functions of ours whose result is of the type of what they are given. */
const GENERIC: ReadonlySet<string> = new Set(["reverse", "distinct", "sort", "slice", "first", "last", "values"]);

/** Where the library could not tell that type, it names it by a letter, which no operator takes. */
function bound(original: Check): Check {
  return (checker, node, context) => {
    const type = original(checker, node, context);
    const name = type.name.replaceAll(/\b[A-Z]\b/g, "dyn");
    return name === type.name ? type : name === "dyn" ? checker.dynType : checker.getType(name);
  };
}

/** `default(state.x, y)`: what is asked for has been checked by our own compiler; either may come of it. */
function fallback(original: Check): Check {
  return (checker, node, context) => {
    if (node.op !== "call" || node.args[1].length !== 2) return original(checker, node, context);
    const [one, other] = node.args[1].map((part) => checker.check(part, context));
    return (one && other && one.unify(checker.registry, other)) ?? checker.dynType;
  };
}

function choice(original: Check): Check {
  return (checker, node, context) => {
    if (node.op !== "?:") return original(checker, node, context);
    const [condition, yes, no] = node.args.map((part) => checker.check(part, context));
    if (condition === undefined || yes === undefined || no === undefined || !condition.isDynOrBool()) {
      return original(checker, node, context);
    }
    return yes.unify(checker.registry, no) ?? checker.dynType;
  };
}

export function childrenOf(node: ASTNode): readonly ASTNode[] {
  if (node.op === "value" || node.op === "id") return [];
  if (node.op === "." || node.op === ".?") return [node.args[0]];
  if (node.op === "call") return node.args[1];
  if (node.op === "rcall") return [node.args[1], ...node.args[2]];
  if (node.op === "map") return node.args.flat();
  return node.op === "!_" || node.op === "-_" ? [node.args] : node.args;
}

function inOurWords(message: string): string {
  return message
    .replace(/^no such overload: /, "there is no ")
    .replace(/^found no matching overload for /, "there is no ")
    .replaceAll(TIMESTAMP, "timestamp")
    .replaceAll(DURATION, "duration")
    .replace(/\b(?:int|double)\b/g, "number")
    .replace(/\bdyn\b/g, "any")
    .replace(/\bmap<string, any>/g, "map")
    .replace(/\blist<any>/g, "list");
}
