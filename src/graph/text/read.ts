import type { Json } from "../../base/json.ts";
import type { Problems } from "../problems.ts";
import { DEEPEST, LARGEST_TEXT, MOST_VALUES, TOO_MANY_VALUES } from "./bounds.ts";
import { readJson } from "./json-text.ts";
import type { Located } from "./located.ts";
import { readYaml } from "./yaml-text.ts";

/** A document as somebody hands it in. */
export type GraphSource = { readonly text: string; readonly type: "json" | "yaml" } | { readonly document: Json };

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

/** Refuses what is no JSON or too deep to walk, and the one key that many libraries cannot carry as data. */
function checked(document: Json, problems: Problems): boolean {
  return new Walk(problems).walk(document);
}

/** One path grows and shrinks: a copy for each of some hundred thousand values would cost more than reading them. */
class Walk {
  readonly #problems: Problems;
  readonly #path: (string | number)[] = [];
  #count = 0;

  constructor(problems: Problems) {
    this.#problems = problems;
  }

  /** False when nothing more is to be looked at. */
  walk(value: unknown): boolean {
    this.#count += 1;
    if (this.#path.length > DEEPEST)
      return this.#refuse("too_deep", `The document is nested more than ${DEEPEST} deep.`);
    if (this.#count > MOST_VALUES) return this.#refuse("too_large", TOO_MANY_VALUES);
    if (Array.isArray(value)) return value.every((item, index) => this.#below(index, item));
    if (typeof value === "object" && value !== null) {
      return Object.entries(value).every(([key, child]) => this.#below(key, child));
    }
    if (isJsonScalar(value)) return true;
    this.#problems.add({
      code: "not_json",
      message: `A value of type ${typeof value} is not JSON.`,
      path: [...this.#path],
    });
    return false;
  }

  #below(key: string | number, value: unknown): boolean {
    this.#path.push(key);
    if (key === "__proto__") {
      const message = 'The key "__proto__" is not allowed.';
      this.#problems.add({ code: "forbidden_key", message, path: [...this.#path], atKey: true });
    }
    // of a full list no more is wanted
    const goOn = this.#problems.full || this.walk(value);
    this.#path.pop();
    return goOn;
  }

  #refuse(code: string, message: string): false {
    this.#problems.add({ code, message, path: this.#path.slice(0, 5) });
    return false;
  }
}

function isJsonScalar(value: unknown): boolean {
  return value === null || typeof value === "string" || typeof value === "boolean" || Number.isFinite(value);
}
