import type { Json } from "../../base/json.ts";
import { toPointer } from "../../base/pointer.ts";
import type { Problems } from "../problems.ts";
import { MOST_VALUES, TOO_MANY_VALUES } from "./bounds.ts";
import type { Located } from "./located.ts";

/**
 * JSON (RFC 8259) with positions. `JSON.parse` says neither where a value stood nor that a key came twice,
 * so the text is read here once more by hand; strings and numbers are still converted by `JSON.parse`.
 */
export function readJson(
  text: string,
  problems: Problems,
  maxDepth: number,
): { value: Json; root: Located } | undefined {
  try {
    return new JsonReader(text, problems, maxDepth).read();
  } catch (thrown) {
    if (!(thrown instanceof JsonMistake)) throw thrown;
    const span = { start: thrown.at, end: Math.min(thrown.at + 1, text.length) };
    problems.add({ code: thrown.code, message: thrown.message, path: [], span });
    return undefined;
  }
}

class JsonMistake extends Error {
  readonly code: string;
  readonly at: number;
  constructor(code: string, message: string, at: number) {
    super(message);
    this.code = code;
    this.at = at;
  }
}

interface Read {
  readonly value: Json;
  readonly located: Located;
}

const NUMBER = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y;
const WHITE = /[ \t\n\r]*/y;
const ESCAPE = /\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4})/y;

class JsonReader {
  readonly #text: string;
  readonly #problems: Problems;
  readonly #maxDepth: number;
  readonly #path: (string | number)[] = [];
  #at = 0;
  #count = 0;

  constructor(text: string, problems: Problems, maxDepth: number) {
    this.#text = text;
    this.#problems = problems;
    this.#maxDepth = maxDepth;
  }

  read(): { value: Json; root: Located } {
    this.#skipWhite();
    const { value, located } = this.#value();
    this.#skipWhite();
    if (this.#at < this.#text.length) throw this.#unexpected("the end of the document");
    return { value, root: located };
  }

  #value(): Read {
    const start = this.#at;
    this.#count += 1;
    if (this.#count > MOST_VALUES) throw new JsonMistake("too_large", TOO_MANY_VALUES, start);
    const first = this.#text[start];
    if (first === "{") return this.#object();
    if (first === "[") return this.#array();
    if (first === '"') {
      const value = this.#string();
      return { value, located: { span: { start, end: this.#at }, written: "quoted", text: value } };
    }
    const value = this.#scalar();
    return { value, located: { span: { start, end: this.#at } } };
  }

  #scalar(): Json {
    for (const [word, value] of [
      ["true", true],
      ["false", false],
      ["null", null],
    ] as const) {
      if (this.#text.startsWith(word, this.#at)) {
        this.#at += word.length;
        return value;
      }
    }
    const number = this.#take(NUMBER);
    if (number === "") throw this.#unexpected("a value");
    const value = Number(number);
    if (!Number.isFinite(value)) {
      this.#problems.add({
        code: "number_too_large",
        message: `${number.slice(0, 40)} is too large a number.`,
        path: [...this.#path],
      });
    }
    return Number.isFinite(value) ? value : 0;
  }

  #string(): string {
    const start = this.#at;
    let at = start + 1;
    let escaped = false;
    for (let code = this.#text.charCodeAt(at); code !== 0x22; code = this.#text.charCodeAt(at)) {
      if (Number.isNaN(code)) throw new JsonMistake("invalid_json", "This string is not closed.", start);
      if (code < 0x20) {
        throw new JsonMistake("invalid_json", "A string holds no control characters; write an escape such as \\n.", at);
      }
      escaped ||= code === 0x5c;
      at += code === 0x5c ? this.#escapeLength(at) : 1;
    }
    this.#at = at + 1;
    const raw = this.#text.slice(start, this.#at);
    if (!escaped) return raw.slice(1, -1);
    const value: unknown = JSON.parse(raw);
    return String(value);
  }

  #escapeLength(at: number): number {
    ESCAPE.lastIndex = at;
    const found = ESCAPE.exec(this.#text);
    if (found !== null) return found[0].length;
    throw new JsonMistake("invalid_json", "JSON does not have this escape.", at);
  }

  #array(): Read {
    const start = this.#enter();
    const value: Json[] = [];
    const children: Located[] = [];
    this.#skipWhite();
    while (this.#text[this.#at] !== "]") {
      if (value.length > 0) this.#expect(",", 'a comma or "]"');
      this.#skipWhite();
      this.#path.push(value.length);
      const item = this.#value();
      this.#path.pop();
      children.push(item.located);
      value.push(item.value);
      this.#skipWhite();
    }
    this.#at += 1;
    return { value, located: { span: { start, end: this.#at }, children } };
  }

  #object(): Read {
    const start = this.#enter();
    const entries = new Map<string, Json>();
    const children = new Map<string, Located>();
    this.#skipWhite();
    while (this.#text[this.#at] !== "}") {
      if (entries.size > 0 || children.size > 0) this.#expect(",", 'a comma or "}"');
      this.#skipWhite();
      this.#entry(entries, children);
      this.#skipWhite();
    }
    this.#at += 1;
    // fromEntries defines properties, so that "__proto__" is a key like any other
    return { value: Object.fromEntries(entries), located: { span: { start, end: this.#at }, children } };
  }

  #entry(entries: Map<string, Json>, children: Map<string, Located>): void {
    const key = { start: this.#at, end: this.#at };
    if (this.#text[this.#at] !== '"') throw this.#unexpected("a key in double quotes");
    const name = this.#string();
    key.end = this.#at;
    if (entries.has(name)) {
      const message = `The key "${name}" stands twice in this object.`;
      this.#problems.add({ code: "duplicate_key", message, path: [...this.#path, name], span: key });
    }
    this.#skipWhite();
    this.#expect(":", "a colon");
    this.#skipWhite();
    this.#path.push(name);
    const { value, located } = this.#value();
    this.#path.pop();
    entries.set(name, value);
    children.set(name, { ...located, key });
  }

  #enter(): number {
    if (this.#path.length >= this.#maxDepth) {
      const message = `The document is nested more than ${this.#maxDepth} deep at ${toPointer(this.#path.slice(0, 5))}/…`;
      throw new JsonMistake("too_deep", message, this.#at);
    }
    this.#at += 1;
    return this.#at - 1;
  }

  #expect(character: string, name: string): void {
    if (this.#text[this.#at] !== character) throw this.#unexpected(name);
    this.#at += 1;
  }

  #unexpected(wanted: string): JsonMistake {
    const found = this.#text[this.#at];
    const shown = found === undefined ? "the text ends" : `found ${JSON.stringify(found)}`;
    return new JsonMistake("invalid_json", `Expected ${wanted}, but ${shown}.`, this.#at);
  }

  #skipWhite(): void {
    this.#take(WHITE);
  }

  #take(pattern: RegExp): string {
    pattern.lastIndex = this.#at;
    const found = pattern.exec(this.#text)?.[0] ?? "";
    this.#at += found.length;
    return found;
  }
}
