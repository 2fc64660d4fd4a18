import { isJsonObject } from "../../base/json.ts";
import type { Json, JsonObject } from "../../base/json.ts";
import { compilePattern } from "../expression/pattern.ts";
import type { Pattern } from "../expression/pattern.ts";
import { PatternMistake } from "../expression/pattern-parse.ts";
import { anyKeywords } from "./any-keywords.ts";
import { identity } from "./equality.ts";
import { addSeen, FUEL, nothingSeen } from "./judging.ts";
import type { Check, Judge, Judging, Resource } from "./judging.ts";
import { listKeywords, unevaluatedItems } from "./list-keywords.ts";
import { logicKeywords } from "./logic-keywords.ts";
import { numberKeywords } from "./number-keywords.ts";
import { objectKeywords, unevaluatedProperties } from "./object-keywords.ts";
import { SchemaMistake } from "./reading.ts";
import type { SchemaPath, Source } from "./reading.ts";
import { referenceKeywords } from "./reference-keywords.ts";
import { Resources } from "./resources.ts";
import type { Home } from "./resources.ts";
import { textKeywords } from "./text-keywords.ts";

/** Places of all patterns of one schema together. */
const MOST_PLACES = 20_000;

/** Compiles each schema of a document once, one after the other: references make it a graph, and its depth is not ours. */
export class Compilation {
  readonly #document: JsonObject;
  readonly #resources: Resources;
  readonly #judges = new Map<JsonObject, Judge>();
  readonly #waiting: { readonly schema: JsonObject; readonly judge: Judge; readonly home: Home }[] = [];
  readonly #compiling: Judging;
  #places = 0;

  /** @throws SchemaMistake */
  constructor(document: JsonObject) {
    this.#document = document;
    this.#resources = new Resources(document);
    const resource = this.#homeOf(document).resource;
    this.#compiling = { fuel: FUEL, depth: 0, entered: { resource, before: undefined }, matchers: new Map() };
  }

  /** @throws SchemaMistake, Exhausted */
  root(): Judge {
    const root = this.#judge(this.#document, []);
    for (const { resource, name, schema } of this.#resources.dynamic)
      resource.dynamic.set(name, this.#judge(schema, []));
    for (let next = this.#waiting.pop(); next !== undefined; next = this.#waiting.pop()) {
      next.judge.checks.push(...this.#checks(next.schema, next.home));
    }
    return root;
  }

  #homeOf(schema: JsonObject): Home {
    const home = this.#resources.homes.get(schema);
    if (home !== undefined) return home;
    throw new Error("a schema outside of the document");
  }

  #judge(part: Json, path: SchemaPath): Judge {
    if (typeof part === "boolean") return this.#constant(part);
    if (!isJsonObject(part)) throw new SchemaMistake(path, "a schema must be an object, true or false");
    const known = this.#judges.get(part);
    if (known !== undefined) return known;
    const home = this.#homeOf(part);
    const judge: Judge = { resource: home.resource, checks: [] };
    this.#judges.set(part, judge);
    this.#waiting.push({ schema: part, judge, home });
    return judge;
  }

  #constant(fits: boolean): Judge {
    const never: Check = (_judging, _value, place) => ({ place, message: "nothing is allowed here" });
    return { resource: this.#compiling.entered.resource, checks: fits ? [] : [never] };
  }

  #checks(schema: JsonObject, { resource, path }: Home): readonly Check[] {
    const source: Source = {
      schema,
      path,
      judge: (part, at) => this.#judge(part, at),
      pattern: (text, at) => this.#pattern(text, at),
      reference: (ref, at) => this.#reference(ref, resource, at),
      identity: (value) => identity(this.#compiling, value),
    };
    const checks = [
      ...anyKeywords(source),
      ...numberKeywords(source),
      ...textKeywords(source),
      ...objectKeywords(source),
      ...listKeywords(source),
      ...referenceKeywords(source),
      ...logicKeywords(source),
    ];
    const last = [unevaluatedProperties(source), unevaluatedItems(source)].filter((check) => check !== undefined);
    return last.length === 0 ? checks : [watched([...checks, ...last])];
  }

  #reference(ref: string, from: Resource, path: SchemaPath): Judge {
    return this.#judge(this.#resources.find(ref, from, path), path);
  }

  #pattern(text: string, path: SchemaPath): Pattern {
    try {
      const pattern = compilePattern(text);
      this.#places += pattern.size;
      if (this.#places <= MOST_PLACES) return pattern;
    } catch (thrown) {
      if (!(thrown instanceof PatternMistake)) throw thrown;
      throw new SchemaMistake(path, thrown.message);
    }
    throw new SchemaMistake(path, "the patterns of this schema are too large together");
  }
}

/** Keywords of one schema, with what they have looked at noted for the unevaluated ones at their end. */
function watched(checks: readonly Check[]): Check {
  return (judging, value, place, seen) => {
    const own = nothingSeen();
    for (const check of checks) {
      const fault = check(judging, value, place, own);
      if (fault !== undefined) return fault;
    }
    if (seen !== undefined) addSeen(judging, seen, own);
    return undefined;
  };
}
