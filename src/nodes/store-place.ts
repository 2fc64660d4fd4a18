import { z } from "zod";
import { keyFault, namespaceFault } from "../storage/item-place.ts";
import type { NodeCompiler } from "../graph/kinds.ts";
import type { Scope, Template } from "../graph/plan.ts";

/** Where an item of the tenant's store lies, as a document writes it. */
export const placeShape = {
  namespace: z
    .array(z.string())
    .min(1)
    .max(10)
    .describe("Templates of the namespace's parts, from the widest to the narrowest; a part has no dot"),
  key: z.string().describe("Template of the item's key in its namespace"),
};

/** The place for what the node sees; that it is one is the store's to check. */
export interface Place {
  readonly namespace: readonly Template[];
  readonly key: Template;
}

/** What is written out is checked now, what comes from holes by the store. */
export function compilePlace(
  { namespace, key }: { readonly namespace: readonly string[]; readonly key: string },
  compiler: NodeCompiler,
): Place {
  namespace.forEach((part, index) => {
    report(part.includes("{{") ? undefined : namespaceFault([part]), ["namespace", index], compiler);
  });
  report(key.includes("{{") ? undefined : keyFault(key), ["key"], compiler);
  return {
    namespace: namespace.map((part, index) => compiler.template(part, ["namespace", index])),
    key: compiler.template(key, ["key"]),
  };
}

function report(fault: string | undefined, path: readonly (string | number)[], compiler: NodeCompiler): void {
  if (fault !== undefined) compiler.problem("invalid_value", fault, path);
}

export function placeOf({ namespace, key }: Place, scope: Scope): readonly [namespace: string[], key: string] {
  return [namespace.map((part) => part.render(scope)), key.render(scope)];
}
