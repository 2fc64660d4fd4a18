import type { Json } from "../base/json.ts";
import { targetAt } from "./compile-context.ts";
import type { Compilation } from "./compile-context.ts";
import { parsePart } from "./parse-part.ts";
import type { Breakpoints } from "./plan.ts";
import { breakpointsSchema } from "./schema.ts";

/** Where a graph's runs stop until they are told to go on; undefined where it says nothing of it. */
export function compileBreakpoints(raw: Json | undefined, work: Compilation): Breakpoints | undefined {
  if (raw === undefined) return undefined;
  const parsed = parsePart(breakpointsSchema, raw, ["breakpoints"], work.problems);
  if (parsed === undefined) return undefined;
  for (const place of ["before", "after"] as const) {
    const names = parsed[place];
    if (names === "*") continue;
    for (const [index, id] of names.entries()) targetAt(work, id, ["breakpoints", place, index], "break at");
  }
  return parsed;
}
