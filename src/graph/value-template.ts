import { isJsonObject } from "../base/json.ts";
import type { Json } from "../base/json.ts";
import type { Scope, ValueTemplate } from "./plan.ts";
import type { Path } from "./problems.ts";

type Evaluate = (scope: Scope) => Json;

/** Compiles a text with holes in it, which stands at that path of the value. */
type CompileText = (source: string, path: Path) => Evaluate;

/** A value whose texts, at any depth, are templates; keys are data. */
export function compileValue(value: Json, compileText: CompileText): ValueTemplate {
  const evaluate = compilePart(value, [], compileText);
  return { evaluate: evaluate ?? (() => value) };
}

/** Undefined for what has no hole in it, and so is itself. */
function compilePart(value: Json, path: Path, compileText: CompileText): Evaluate | undefined {
  if (typeof value === "string") return value.includes("{{") ? compileText(value, path) : undefined;
  if (Array.isArray(value)) return compileList(value, path, compileText);
  return isJsonObject(value) ? compileMapping(Object.entries(value), path, compileText) : undefined;
}

function compileList(list: readonly Json[], path: Path, compileText: CompileText): Evaluate | undefined {
  const parts = list.map((item, index) => compilePart(item, [...path, index], compileText));
  if (parts.every((part) => part === undefined)) return undefined;
  const items = list.map((item, index): Evaluate => parts[index] ?? (() => item));
  return (scope) => items.map((item) => item(scope));
}

function compileMapping(
  entries: readonly (readonly [string, Json])[],
  path: Path,
  compileText: CompileText,
): Evaluate | undefined {
  const parts = entries.map(([key, item]) => compilePart(item, [...path, key], compileText));
  if (parts.every((part) => part === undefined)) return undefined;
  const fields = entries.map(([key, item], index): [string, Evaluate] => [key, parts[index] ?? (() => item)]);
  // fromEntries defines properties: a key "__proto__" is data
  return (scope) => Object.fromEntries(fields.map(([key, field]) => [key, field(scope)]));
}
