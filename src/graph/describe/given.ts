import type { Plan, ValueSchema } from "../plan.ts";
import { code, fenced, plain, table } from "./markdown.ts";

/** What expressions may name beside the state: variables and parameters, and what a run is started with. */
export function given(plan: Plan): string {
  return [variables(plan), parameters(plan), schema("Config", plan.configSchema), schema("Context", plan.contextSchema)]
    .filter((part) => part !== "")
    .join("\n\n");
}

/** More are counted, not listed. */
const MOST_LISTED = 100;

function variables(plan: Plan): string {
  const entries = Object.entries(plan.variables);
  if (entries.length === 0) return "";
  const rows = entries
    .slice(0, MOST_LISTED)
    .map(([name, value]) => [code(`vars.${name}`), code(JSON.stringify(value), 80)]);
  return `## Variables\n\n${table(["Variable", "Value"], rows)}${more(entries.length)}`;
}

function parameters(plan: Plan): string {
  if (plan.parameters.length === 0) return "";
  const described = descriptions(plan);
  const rows = plan.parameters
    .slice(0, MOST_LISTED)
    .map(({ name, required, default: initial, schema: taken }) => [
      code(`params.${name}`),
      required ? "yes" : "no",
      initial === undefined ? "–" : code(JSON.stringify(initial), 60),
      taken === undefined
        ? "anything"
        : code(JSON.stringify(taken.document["type"] ?? taken.document).replaceAll('"', ""), 60),
      described.get(name) ?? "–",
    ]);
  const head = ["Parameter", "Required", "Default", "Type", "What it is"];
  return `## Parameters\n\n${table(head, rows)}${more(plan.parameters.length)}`;
}

function descriptions(plan: Plan): ReadonlyMap<string, string> {
  const raw = plan.document["parameters"];
  const found = new Map<string, string>();
  for (const [name, parameter] of Object.entries(raw ?? {})) {
    const said: unknown = (parameter as { readonly description?: unknown } | null)?.description;
    if (typeof said === "string") found.set(name, plain(said, 300));
  }
  return found;
}

const LONGEST_SCHEMA = 8000;

function schema(title: string, said: ValueSchema | undefined): string {
  const text = said === undefined ? "" : JSON.stringify(said.document, null, 2);
  return text === "" || text.length > LONGEST_SCHEMA ? "" : `## ${title}\n\n${fenced("json", text)}`;
}

function more(count: number): string {
  return count > MOST_LISTED ? `\n\nAnd ${count - MOST_LISTED} more.` : "";
}
