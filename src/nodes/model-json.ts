import type { Json } from "../base/json.ts";

export type ReadAnswer = { readonly ok: true; readonly value: Json } | { readonly ok: false; readonly fault: string };

/** As deep as a document may be, so that everything that walks values can walk it. */
const DEEPEST = 100;
const FENCE = "```";

/** The JSON value that an answer consists of, or holds in a code fence: models put one around what they take for code. */
export function readJsonAnswer(text: string): ReadAnswer {
  const whole = parse(text);
  const fenced = whole.ok ? undefined : inFence(text);
  return fenced === undefined ? whole : parse(fenced);
}

/** What stands between the first fence's line and the last fence. */
function inFence(text: string): string | undefined {
  const open = text.indexOf(FENCE);
  const line = text.indexOf("\n", open);
  const close = text.lastIndexOf(FENCE);
  return open === -1 || line === -1 || close <= line ? undefined : text.slice(line + 1, close);
}

function parse(text: string): ReadAnswer {
  if (text.trim() === "") return { ok: false, fault: "it is empty" };
  try {
    const value = JSON.parse(text) as Json;
    const fault = unkeepable(value);
    return fault === undefined ? { ok: true, value } : { ok: false, fault };
  } catch (thrown) {
    return { ok: false, fault: `it is not JSON (${thrown instanceof Error ? thrown.message : String(thrown)})` };
  }
}

/** What `JSON.parse` takes and nobody can carry on: level by level, since a hostile answer is as deep as it is long. */
function unkeepable(value: Json): string | undefined {
  let level: readonly Json[] = [value];
  for (let depth = 0; level.length > 0; depth += 1) {
    if (depth > DEEPEST) return `it nests more than ${DEEPEST} deep`;
    const below: Json[] = [];
    for (const item of level) {
      if (typeof item === "number" && !Number.isFinite(item)) return "it has a number too large to keep";
      if (typeof item !== "object" || item === null) continue;
      if (Object.hasOwn(item, "__proto__")) return 'it has the key "__proto__", which is not allowed';
      for (const child of Object.values(item)) below.push(child as Json);
    }
    level = below;
  }
  return undefined;
}
