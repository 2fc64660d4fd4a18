import { z } from "zod";
import { nearest } from "./problems.ts";
import type { Path, Problems } from "./problems.ts";

/** Of one part a hostile text could make this many mistakes; more say nothing new. */
const MOST_ISSUES = 50;

/**
 * Checks one part of a document by its schema; what is wrong becomes problems below `path`.
 * A part whose only fault is keys too many is still given back, so that the rest of it is checked too.
 */
export function parsePart<T>(
  schema: z.ZodType<T>,
  value: unknown,
  path: Path,
  problems: Problems,
  alsoKnown: Iterable<string> = [],
): T | undefined {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const known = [...keysOf(schema), ...alsoKnown];
  const { issues } = parsed.error;
  for (const issue of issues.slice(0, MOST_ISSUES)) addIssue(issue, value, path, problems, known);
  const extra = new Set(
    issues.flatMap((issue) => (issue.code === "unrecognized_keys" && issue.path.length === 0 ? issue.keys : [])),
  );
  if (extra.size === 0 || typeof value !== "object" || value === null) return undefined;
  const rest = Object.fromEntries(Object.entries(value).filter(([key]) => !extra.has(key)));
  return schema.safeParse(rest).data;
}

function addIssue(
  issue: z.core.$ZodIssue,
  value: unknown,
  path: Path,
  problems: Problems,
  known: readonly string[],
): void {
  const at = [...path, ...issue.path.map((part) => (typeof part === "symbol" ? String(part) : part))];
  const name = at.length === 0 ? "The document" : `"${String(at.at(-1)).slice(0, 80)}"`;
  const given = issue.path.reduce<unknown>(childOf, value);
  if (issue.code === "unrecognized_keys") {
    for (const key of issue.keys.slice(0, MOST_ISSUES))
      addUnknownKey(key, at, problems, issue.path.length === 0 ? known : []);
  } else if (given === undefined) {
    problems.add({ code: "missing", message: `${name} is missing.`, path: at });
  } else if (issue.code === "invalid_union") {
    const branch = nearestBranch(issue);
    if (branch === undefined) problems.add({ code: "invalid_value", message: unionMessage(name, issue), path: at });
    else for (const each of branch) addIssue(each, given, at, problems, []);
  } else if (issue.code === "invalid_type") {
    const message = `${name} must be ${TYPE_NAMES[issue.expected] ?? issue.expected}.`;
    problems.add({ code: "invalid_type", message, path: at });
  } else {
    problems.add({ code: "invalid_value", message: valueMessage(name, issue), path: at });
  }
}

function childOf(value: unknown, key: PropertyKey): unknown {
  return typeof value === "object" && value !== null && Object.hasOwn(value, key)
    ? (value as Record<PropertyKey, unknown>)[key]
    : undefined;
}

const TYPE_NAMES: Readonly<Record<string, string>> = {
  record: "a mapping",
  object: "a mapping",
  array: "a list",
  string: "text",
  number: "a number",
  int: "a whole number",
  boolean: "true or false",
};

function valueMessage(name: string, issue: z.core.$ZodIssue): string {
  if (issue.code === "invalid_value") {
    return `${name} must be ${issue.values.map((value) => JSON.stringify(value)).join(" or ")}.`;
  }
  if (issue.code === "too_small") {
    return `${name} must be ${issue.inclusive === false ? "above" : "at least"} ${issue.minimum}${unitOf(issue.origin)}.`;
  }
  if (issue.code === "too_big") {
    return `${name} must be ${issue.inclusive === false ? "below" : "at most"} ${issue.maximum}${unitOf(issue.origin)}.`;
  }
  return issue.message.endsWith(".") ? issue.message : `${name}: ${issue.message}.`;
}

function unitOf(origin: string): string {
  if (origin === "string") return " characters";
  return origin === "array" ? " items" : "";
}

function unionMessage(name: string, issue: z.core.$ZodIssueInvalidUnion): string {
  const types = issue.errors.flatMap((errors) =>
    errors.flatMap((each) => (each.code === "invalid_type" ? [TYPE_NAMES[each.expected] ?? each.expected] : [])),
  );
  return types.length === 0 ? `${name} is not valid here.` : `${name} must be ${[...new Set(types)].join(" or ")}.`;
}

function addUnknownKey(key: string, path: Path, problems: Problems, known: readonly string[]): void {
  const hint = hintFor(key, known);
  const message = `The key "${key.slice(0, 80)}" has no meaning here.`;
  problems.add({
    code: "unknown_key",
    message,
    path: [...path, key],
    atKey: true,
    ...(hint === undefined ? {} : { hint }),
  });
}

function hintFor(key: string, known: readonly string[]): string | undefined {
  const near = nearest(key, known);
  if (near !== undefined) return `Did you mean "${near}"?`;
  // no key of ours has a space: this is the rest of a text, cut at its comma
  if (key.includes(" "))
    return "Inside of { } a comma ends a text: put the text before it in quotes, with all that follows.";
  return known.length > 0 ? `Known are ${known.join(", ")}.` : undefined;
}

/** Of a union's alternatives the one that was meant: the only one that got the type right. */
function nearestBranch(issue: z.core.$ZodIssueInvalidUnion): readonly z.core.$ZodIssue[] | undefined {
  const branches = issue.errors.filter(
    (errors) => !errors.some((each) => each.code === "invalid_type" && each.path.length === 0),
  );
  return branches.length === 1 ? branches[0] : undefined;
}

function keysOf(schema: z.ZodType): readonly string[] {
  return schema instanceof z.ZodObject ? Object.keys(schema.shape) : [];
}
