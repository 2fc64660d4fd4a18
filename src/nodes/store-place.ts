import { z } from "zod";
import { failure } from "../base/errors.ts";
import type { Json } from "../base/json.ts";
import { keyFault, namespaceFault } from "../storage/item-place.ts";
import type { NodeCompiler } from "../graph/kinds.ts";
import type { Scope, Template, ValueTemplate } from "../graph/plan.ts";

/** Where an item of the tenant's store lies, as a document writes it. */
export const placeShape = {
  namespace: z
    .union([z.array(z.string()).min(1).max(10), z.string()])
    .describe(
      "Templates of the namespace's parts, from the widest to the narrowest; a part has no dot. Or one hole that gives the list of them",
    ),
  key: z.string().describe("Template of the item's key in its namespace"),
};

/** The place for what the node sees; that it is one is the store's to check. */
export interface Place {
  readonly namespace: ValueTemplate;
  readonly key: Template;
}

/** What is written out is checked now, what comes from holes by the store. */
export function compilePlace(
  { namespace, key }: { readonly namespace: string | readonly string[]; readonly key: string },
  compiler: NodeCompiler,
): Place {
  const at = (index: number): readonly (string | number)[] =>
    typeof namespace === "string" ? ["namespace"] : ["namespace", index];
  const isText = typeof namespace === "string";
  if (isText && !/^\s*\{\{[\s\S]*\}\}\s*$/.test(namespace))
    report(
      "must be a list of parts, or one hole that gives the list, as in {{ config.place }}",
      ["namespace"],
      compiler,
    );
  const parts = isText ? [namespace] : namespace;
  parts.forEach((part, index) => {
    report(part.includes("{{") ? undefined : namespaceFault([part]), at(index), compiler);
  });
  report(key.includes("{{") ? undefined : keyFault(key), ["key"], compiler);
  return { namespace: namespaceOf(namespace, compiler), key: compiler.template(key, ["key"]) };
}

/** A list's parts are texts, whatever their holes give; a single hole gives the whole list. */
function namespaceOf(namespace: string | readonly string[], compiler: NodeCompiler): ValueTemplate {
  if (typeof namespace === "string") return compiler.value(namespace, ["namespace"]);
  const parts = namespace.map((part, index) => compiler.template(part, ["namespace", index]));
  return { evaluate: (scope) => parts.map((part) => part.render(scope)) };
}

function report(fault: string | undefined, path: readonly (string | number)[], compiler: NodeCompiler): void {
  if (fault !== undefined) compiler.problem("invalid_value", fault, path);
}

/** @throws EdgewiseError `expression_failed` where a namespace is no list of texts */
export function placeOf({ namespace, key }: Place, scope: Scope): readonly [namespace: string[], key: string] {
  return [partsOf(namespace.evaluate(scope)), key.render(scope)];
}

function partsOf(given: Json): string[] {
  const parts: readonly Json[] = Array.isArray(given) ? given : [given];
  if (parts.length > 0 && parts.every((part) => typeof part === "string")) return [...parts];
  const text = JSON.stringify(given).slice(0, 100);
  throw failure("expression_failed", `A namespace is a list of texts, from the widest to the narrowest, not ${text}.`);
}
