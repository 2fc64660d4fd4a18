import { isJsonObject, type Json } from "../../src/base/json.ts";

/**
 * States as JSON. Those of one thread share most of what they hold: a message of five hundred states is written out once, and
 * its text taken from then on.
 */
export function statesAsJson(states: readonly Json[]): string {
  const known = new Map<Json, string>();
  return `[${states.map((state) => textOf(state, known)).join(",")}]`;
}

function textOf(state: Json, known: Map<Json, string>): string {
  const { values, ...rest } = state as { readonly values?: Json };
  if (!isJsonObject(values)) return JSON.stringify(state);
  const channels = Object.entries(values).map(([name, value]) => `${JSON.stringify(name)}:${listText(value, known)}`);
  const others = JSON.stringify(rest);
  return `{"values":{${channels.join(",")}}${others === "{}" ? "}" : `,${others.slice(1)}`}`;
}

function listText(value: Json, known: Map<Json, string>): string {
  if (!Array.isArray(value)) return JSON.stringify(value);
  return `[${(value as readonly Json[]).map((item) => itemText(item, known)).join(",")}]`;
}

function itemText(item: Json, known: Map<Json, string>): string {
  if (typeof item !== "object" || item === null) return JSON.stringify(item);
  const text = known.get(item) ?? JSON.stringify(item);
  known.set(item, text);
  return text;
}
