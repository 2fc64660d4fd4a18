import type { z } from "zod";
import type { Json, JsonObject } from "../base/json.ts";

/** A JSON Schema (2020-12) as a plain object. */
export interface JsonSchema {
  readonly [keyword: string]: unknown;
}

/** A zod schema, of which the document gets the JSON Schema, or a JSON Schema. */
export type Schema = z.core.$ZodType | JsonSchema;

interface TypeNames {
  readonly string: string;
  readonly number: number;
  readonly integer: number;
  readonly boolean: boolean;
  readonly null: null;
  readonly array: readonly Json[];
  readonly object: JsonObject;
}

/**
 * A zod schema that stands for a channel or a parameter. It is known by its internals: were it `S` itself, a mapping with a
 * misspelled field would be taken for an `S` too, and no mistake.
 */
interface Alone<S> extends z.core.$ZodType {
  readonly _zod: S & z.core.$ZodTypeInternals;
}

/** What a schema's values are, as far as a type can say it: exact for zod, the common keywords of a JSON Schema. */
export type ValueOf<S> = S extends z.core.$ZodType
  ? z.core.input<S>
  : S extends z.core.$ZodTypeInternals
    ? S["input"]
    : S extends { readonly const: infer Value }
      ? Value
      : S extends { readonly enum: readonly (infer Value)[] }
        ? Value
        : S extends { readonly type: "array"; readonly items: infer Items }
          ? readonly ValueOf<Items>[]
          : S extends { readonly type: infer Name extends keyof TypeNames }
            ? TypeNames[Name]
            : Json;

interface Described<S> {
  readonly schema?: S;
  readonly description?: string;
}

interface LastChannel<S> extends Described<S> {
  readonly reducer?: "last";
  readonly conflict?: "error" | "last";
  readonly default?: NoInfer<ValueOf<S>>;
}

interface ListChannel<S> extends Described<S> {
  readonly reducer: "append" | "union" | "messages";
  readonly default?: NoInfer<ValueOf<S> & readonly unknown[]>;
}

interface NumberChannel<S> extends Described<S> {
  readonly reducer: "sum" | "min" | "max";
  readonly default?: NoInfer<ValueOf<S> & number>;
}

interface MapChannel<S> extends Described<S> {
  readonly reducer: "merge";
  readonly default?: NoInfer<ValueOf<S> & { readonly [key: string]: unknown }>;
}

/** A channel as the document has it, or only its zod schema; `S` is the type of its schema. */
export type Channel<S> = Alone<S> | LastChannel<S> | ListChannel<S> | NumberChannel<S> | MapChannel<S>;

/** A parameter of a run, or only its zod schema. */
export type Parameter<S> = Alone<S> | ParameterFields<S>;

interface ParameterFields<S> extends Described<S> {
  readonly default?: NoInfer<ValueOf<S>>;
  readonly required?: boolean;
}
