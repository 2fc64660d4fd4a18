import type { Json, JsonObject } from "../../base/json.ts";
import { isJsonObject } from "../../base/json.ts";
import type { Path, Problems } from "../problems.ts";
import { mentionsIn } from "./mentions.ts";
import type { Mentions } from "./mentions.ts";
import { report } from "./view.ts";

/** Variables, parameters and graphs that a document declares and never names again. */
export function unusedNames(document: JsonObject, problems: Problems): void {
  const graphs = Object.entries(mappingOf(document["graphs"]));
  const declares = [document, ...graphs.map(([, graph]) => mappingOf(graph))].some(
    (graph) => graph["variables"] !== undefined || graph["parameters"] !== undefined,
  );
  if (!declares && graphs.length === 0) return;
  const mentions = mentionsIn(document);
  const found = [
    ...unusedIn(document, [], mentions),
    ...graphs.flatMap(([name, graph]) => unusedIn(mappingOf(graph), ["graphs", name], mentions)),
    ...graphs.flatMap(([name]) => (mentions.texts.has(name) ? [] : [unused([], "graphs", name)])),
  ];
  report({ problems }, "warning", found);
}

function unusedIn(graph: JsonObject, at: Path, { globals }: Mentions) {
  const uses = (root: string, name: string): boolean => globals.has(`${root}.${name}`) || globals.has(`${root}.*`);
  // a run gives parameters in its context or its config, and they may be read from there too
  const [variables, parameters] = [
    Object.keys(mappingOf(graph["variables"])),
    Object.keys(mappingOf(graph["parameters"])),
  ];
  return [
    ...variables.filter((name) => !uses("vars", name)).map((name) => unused(at, "variables", name)),
    ...parameters
      .filter((name) => !["params", "context", "config"].some((root) => uses(root, name)))
      .map((name) => unused(at, "parameters", name)),
  ];
}

/** By the field that declares them. */
const DECLARED = {
  variables: { code: "unused_variable", noun: "variable" },
  parameters: { code: "unused_parameter", noun: "parameter" },
  graphs: { code: "unused_graph", noun: "graph" },
} as const;

function unused(at: Path, field: keyof typeof DECLARED, name: string) {
  const { code, noun } = DECLARED[field];
  const path = [...at, field, name];
  const named = `the ${noun} "${name.slice(0, 80)}"`;
  const fix = { says: `Remove ${named}`, edits: [{ path }] };
  return { code, message: `Nothing uses ${named}.`, path, atKey: true, fix };
}

function mappingOf(value: Json | undefined): JsonObject {
  return isJsonObject(value) ? value : {};
}
