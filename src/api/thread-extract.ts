import { z } from "@hono/zod-openapi";
import { isJsonObject, type Json, type JsonObject } from "../base/json.ts";

/** `extract` of a search: values from within each thread, by paths such as `values.messages[-1].content`. */

const MEMBERS = ["values", "metadata", "config", "interrupts"] as const;
const MOST_PATHS = 10;
const MOST_PARTS = 32;
const PART = String.raw`(?:\.[^.[\]"'$\s]+|\[-?\d{1,9}\]|\["[^"]+"\]|\['[^']+'\])`;
const PATH = new RegExp(String.raw`^(?:\$\.)?(?:${MEMBERS.join("|")})(?:${PART}){0,${MOST_PARTS}}$`);
const A_PATH = `must be a path into ${MEMBERS.join(", ")}, such as values.messages[-1].content`;

export const Extract = z
  .record(
    z.string().regex(/^[A-Za-z_]\w{0,63}$/, "must be a name of letters, digits and _"),
    z.string().max(512).regex(PATH, A_PATH),
  )
  .refine((paths) => Object.keys(paths).length <= MOST_PATHS, `must have at most ${MOST_PATHS} paths`)
  .openapi({
    description: "Names and paths into the thread; their values are its `extracted`, null where there is nothing.",
    example: { last: "values.messages[-1].content" },
  });
export type Extract = z.output<typeof Extract>;

/** The member of a thread that a path begins with. */
export function memberOf(path: string): string {
  return path.replace(/^\$\./, "").replace(/[.[].*$/s, "");
}

export function extracted(thread: JsonObject, paths: Extract): JsonObject {
  return Object.fromEntries(Object.entries(paths).map(([name, path]) => [name, valueAt(thread, path)]));
}

function valueAt(thread: JsonObject, path: string): Json {
  const member = memberOf(path);
  let value: Json | undefined = thread[member];
  for (const [part] of path.slice(path.indexOf(member) + member.length).matchAll(new RegExp(PART, "g")))
    value = partOf(value, part);
  return value ?? null;
}

function partOf(value: Json | undefined, part: string): Json | undefined {
  const index = /^\[(-?\d+)\]$/.exec(part)?.[1];
  if (index !== undefined) return Array.isArray(value) ? (value as readonly Json[]).at(Number(index)) : undefined;
  const key = part.startsWith(".") ? part.slice(1) : part.slice(2, -2);
  return isJsonObject(value) && Object.hasOwn(value, key) ? value[key] : undefined;
}
