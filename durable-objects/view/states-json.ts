import { failure } from "../../src/base/errors.ts";
import { isJsonObject, type Json } from "../../src/base/json.ts";

/** Longest answer in UTF-16 units: objects may hand on 32 MiB at once, and have 128 MB for all they do. */
export const MAX_ANSWER = 16 * 1024 * 1024;

/**
 * States as JSON. Those of one thread share most of what they hold: a message of five hundred states is written out once, and
 * its text taken from then on.
 * @throws EdgewiseError `invalid_request` for more than {@link MAX_ANSWER}
 */
export function statesAsJson(states: readonly Json[], most = MAX_ANSWER): string {
  const known = new Map<Json, string>();
  const texts: string[] = [];
  let size = 0;
  for (const state of states) {
    const text = textOf(state, known);
    size += text.length + 1;
    if (size > most) throw tooMuch(texts.length, most);
    texts.push(text);
  }
  return `[${texts.join(",")}]`;
}

function tooMuch(fitting: number, most: number): Error {
  const advice = `ask for fewer by \`limit\` (${fitting} fit), or for less of each by \`select\``;
  return failure("invalid_request", `These states are longer than ${most} characters: ${advice}.`, {
    pointer: "/limit",
  });
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
