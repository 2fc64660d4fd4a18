import { nodeKinds } from "../../../nodes/registry.ts";
import { compileGraph } from "../../compile.ts";
import type { Problem } from "../../problems.ts";

/** Warnings and hints of a graph, whose text begins with its channels. @throws Error where it does not compile. */
export function findingsOf(yaml: string): readonly Problem[] {
  const result = compileGraph({ text: `edgewise: 1\nid: lint\n${yaml}`, type: "yaml" }, nodeKinds);
  if (!result.ok) throw new Error(JSON.stringify(result.problems, undefined, 1));
  return [...result.warnings, ...result.hints];
}

/** The findings with one code, as `severity path`. */
export function found(code: string, yaml: string): readonly string[] {
  return findingsOf(yaml)
    .filter((problem) => problem.code === code)
    .map(({ severity, path }) => `${severity} ${path}`);
}
