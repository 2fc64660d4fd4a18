import type { ASTNode } from "@marcbachmann/cel-js";
import type { Json } from "../../base/json.ts";
import type { Builder } from "./build.ts";
import { burn, burnText, Fault } from "./frame.ts";
import type { Frame, Run } from "./frame.ts";
import { addTimes, subtractTimes } from "./time-functions.ts";
import { asBool, asNumber, compare, equal, finite, isList, isMap, typeName } from "./values.ts";

type Binary = (frame: Frame, left: Json, right: Json) => Json;

/**
 * Numbers are JSON's: `7 / 2` is 3.5 whatever the numbers came from (`int(7 / 2)` is 3), and `%` is the remainder
 * with the sign of the left side. CEL's integer division would make a result depend on whether a number happens to be whole.
 */
const BINARY: ReadonlyMap<string, Binary> = new Map<string, Binary>([
  ["==", equal],
  ["!=", (frame, left, right) => !equal(frame, left, right)],
  ["<", (frame, left, right) => compare(frame, left, right) < 0],
  ["<=", (frame, left, right) => compare(frame, left, right) <= 0],
  [">", (frame, left, right) => compare(frame, left, right) > 0],
  [">=", (frame, left, right) => compare(frame, left, right) >= 0],
  ["+", add],
  ["-", subtract],
  ["*", (_frame, left, right) => finite(asNumber(left, "the left side of *") * asNumber(right, "the right side of *"))],
  ["/", (_frame, left, right) => finite(asNumber(left, "the left side of /") / divisor(right, "/"))],
  ["%", (_frame, left, right) => finite(asNumber(left, "the left side of %") % divisor(right, "%"))],
  ["in", contains],
]);

type Operator = Extract<
  ASTNode,
  { op: "==" | "!=" | "<" | "<=" | ">" | ">=" | "+" | "-" | "*" | "/" | "%" | "in" | "&&" | "||" | "!_" | "-_" }
>;

export function isOperator(node: ASTNode): node is Operator {
  return BINARY.has(node.op) || node.op === "&&" || node.op === "||" || node.op === "!_" || node.op === "-_";
}

export function buildOperator(builder: Builder, node: Operator): Run {
  if (node.op === "!_") {
    const run = builder.build(node.args);
    return (frame) => !asBool(run(frame), "what follows !");
  }
  if (node.op === "-_") {
    const run = builder.build(node.args);
    return (frame) => finite(-asNumber(run(frame), "what follows -"));
  }
  const [left, right] = [builder.build(node.args[0]), builder.build(node.args[1])];
  if (node.op === "&&" || node.op === "||") return logical(left, right, node.op);
  const apply = BINARY.get(node.op);
  if (apply === undefined) return builder.mistake(node, "unsupported_expression", `"${node.op}" is not supported.`);
  return (frame) => apply(frame, left(frame), right(frame));
}

/** CEL's: one side that decides is enough, even if the other failed. */
function logical(left: Run, right: Run, name: "&&" | "||"): Run {
  const decisive = name === "||";
  return (frame) => {
    try {
      if (asBool(left(frame), `the left side of ${name}`) === decisive) return decisive;
    } catch (thrown) {
      if (!(thrown instanceof Fault) || !thrown.absorbable) throw thrown;
      if (asBool(right(frame), `the right side of ${name}`) === decisive) return decisive;
      throw thrown;
    }
    return asBool(right(frame), `the right side of ${name}`);
  };
}

function subtract(frame: Frame, left: Json, right: Json): Json {
  return (
    subtractTimes(frame, left, right) ??
    finite(asNumber(left, "the left side of -") - asNumber(right, "the right side of -"))
  );
}

function add(frame: Frame, left: Json, right: Json): Json {
  if (typeof left === "number" && typeof right === "number") return finite(left + right);
  if (typeof left === "string" && typeof right === "string") {
    burnText(frame, left.length + right.length);
    return left + right;
  }
  if (isList(left) && isList(right)) {
    burn(frame, left.length + right.length);
    return [...left, ...right];
  }
  const time = addTimes(frame, left, right);
  if (time !== undefined) return time;
  const hint =
    typeof left === "string" || typeof right === "string" ? "; make text of the other with string() or json()" : "";
  throw new Fault(`${typeName(left)} + ${typeName(right)} is not defined${hint}`);
}

function divisor(value: Json, name: string): number {
  const number = asNumber(value, `the right side of ${name}`);
  if (number === 0) throw new Fault("division by zero");
  return number;
}

function contains(frame: Frame, item: Json, where: Json): boolean {
  if (isList(where)) return where.some((other) => equal(frame, item, other));
  if (isMap(where)) return typeof item === "string" && Object.hasOwn(where, item);
  throw new Fault(`in needs a list or a map on its right, not ${typeName(where)}`);
}
