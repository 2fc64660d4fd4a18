import type { Json } from "../../base/json.ts";
import type { Path, Problems } from "../problems.ts";
import { readJson } from "./json-text.ts";
import type { Located } from "./located.ts";
import { readYaml } from "./yaml-text.ts";

/** A document as somebody hands it in. */
export type GraphSource = { readonly text: string; readonly type: "json" | "yaml" } | { readonly document: Json };

export const LARGEST_TEXT = 1024 * 1024;
export const DEEPEST = 100;

export interface ReadDocument {
  readonly value: Json;
  readonly root?: Located;
}

/** A source's text, without the byte order mark some editors put before it. */
export function textOf(source: GraphSource): string | undefined {
  return "document" in source ? undefined : source.text.replace(/^\uFEFF/, "");
}

/** Reads a source into plain data; undefined when what is left is not worth looking at. */
export function readSource(source: GraphSource, problems: Problems): ReadDocument | undefined {
  if ("document" in source) return checked(source.document, problems) ? { value: source.document } : undefined;
  if (source.text.length > LARGEST_TEXT) {
    problems.add({
      code: "too_large",
      message: `A document may have ${LARGEST_TEXT} characters; this has ${source.text.length}.`,
      path: [],
    });
    return undefined;
  }
  const text = textOf(source) ?? "";
  const read = source.type === "json" ? readJson(text, problems, DEEPEST) : readYaml(text, problems, DEEPEST);
  return read !== undefined && checked(read.value, problems) ? read : undefined;
}

/** More values than a text of the largest size can hold. */
const MOST_VALUES = 600_000;

/** Refuses what is no JSON or too deep to walk, and the one key that many libraries cannot carry as data. */
function checked(document: Json, problems: Problems): boolean {
  const stack: { value: unknown; path: Path }[] = [{ value: document, path: [] }];
  let count = 0;
  for (let top = stack.pop(); top !== undefined && !problems.full; top = stack.pop()) {
    const { value, path } = top;
    count += 1;
    if (path.length > DEEPEST || count > MOST_VALUES) {
      const [code, message] =
        count > MOST_VALUES
          ? ["too_large", "The document has too many values."]
          : ["too_deep", `The document is nested more than ${DEEPEST} deep.`];
      problems.add({ code, message, path: path.slice(0, 5) });
      return false;
    }
    if (typeof value === "object" && value !== null) pushChildren(stack, value, path, problems);
    else if (!isJsonScalar(value)) {
      problems.add({ code: "not_json", message: `A value of type ${typeof value} is not JSON.`, path });
      return false;
    }
  }
  return true;
}

function isJsonScalar(value: unknown): boolean {
  return value === null || typeof value === "string" || typeof value === "boolean" || Number.isFinite(value);
}

function pushChildren(stack: { value: unknown; path: Path }[], value: object, path: Path, problems: Problems): void {
  const isList = Array.isArray(value);
  for (const [key, child] of Object.entries(value)) {
    const childPath = [...path, isList ? Number(key) : key];
    if (key === "__proto__") {
      problems.add({
        code: "forbidden_key",
        message: 'The key "__proto__" is not allowed.',
        path: childPath,
        atKey: true,
      });
    }
    stack.push({ value: child, path: childPath });
  }
}
