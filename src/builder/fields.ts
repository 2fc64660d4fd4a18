import { z } from "zod";
import type { Json } from "../base/json.ts";
import { ID, ID_HINT } from "../graph/schema.ts";

/** What the text of a configuration's field stands for. */
export type Role = "template" | "expression" | "value" | "writes" | "reads" | "target";

/**
 * A field of {@link defineNode}'s `config` that is compiled with the graph, not taken as it is: `run` gets what it comes to.
 * `Value` is what `run` gets.
 */
export class Field<R extends Role = Role, Value = unknown, Optional extends boolean = boolean> {
  readonly role: R;
  /** What the result is checked by. */
  readonly result: z.ZodType<Value> | undefined;
  readonly isOptional: Optional;
  readonly description: string | undefined;

  constructor(role: R, result: z.ZodType<Value> | undefined, isOptional: Optional, description?: string) {
    this.role = role;
    this.result = result;
    this.isOptional = isOptional;
    this.description = description;
  }

  /** A document may leave it out; `run` gets undefined. */
  optional(): Field<R, Value, true> {
    return new Field(this.role, this.result, true, this.description);
  }

  /** Says in the language's JSON Schema what it is for. */
  describe(description: string): Field<R, Value, Optional> {
    return new Field(this.role, this.result, this.isOptional, description);
  }
}

/** Text with `{{ expression }}` holes; `run` gets the text. */
export function template(): Field<"template", string, false> {
  return new Field("template", undefined, false);
}

/** A CEL expression; `run` gets its value, which `schema` checks if given. */
export function expression(): Field<"expression", Json, false>;
export function expression<Value>(schema: z.ZodType<Value>): Field<"expression", Value, false>;
export function expression(schema?: z.ZodType): Field<"expression", unknown, false> {
  return new Field("expression", schema, false);
}

/** Any JSON whose texts, at any depth, are templates; `run` gets it with all of them filled in, checked by `schema` if given. */
export function value(): Field<"value", Json, false>;
export function value<Value>(schema: z.ZodType<Value>): Field<"value", Value, false>;
export function value(schema?: z.ZodType): Field<"value", unknown, false> {
  return new Field("value", schema, false);
}

/** The name of a channel: one that the node writes, unless it is said that it only reads it. `run` gets the name. */
export function channel(use?: "writes"): Field<"writes", string, false>;
export function channel(use: "reads"): Field<"reads", string, false>;
export function channel(use: "reads" | "writes" = "writes"): Field<"reads" | "writes", string, false> {
  return new Field(use, undefined, false);
}

/** A node, or "end", that an attempt may go or send to (`goto`, `send`): an edge of the graph. `run` gets its id. */
export function target(): Field<"target", string, false> {
  return new Field("target", undefined, false);
}

/** What a node's configuration consists of: fields to be compiled, and plain values by their zod schemas. */
export interface Shape {
  readonly [field: string]: Field | z.ZodType;
}

/** The configuration that `run` gets: every template filled in, every expression evaluated. */
export type Config<S extends Shape> = {
  readonly [Name in keyof S]: S[Name] extends Field<Role, infer Value, infer Optional>
    ? Value | (true extends Optional ? undefined : never)
    : S[Name] extends z.ZodType
      ? z.output<S[Name]>
      : never;
};

/** The zod schema of the configuration as documents write it. */
export function documentSchema(shape: Shape): z.ZodType<Readonly<Record<string, unknown>>> {
  return z.strictObject(
    Object.fromEntries(
      Object.entries(shape).map(([name, field]) => [name, field instanceof Field ? textOf(field) : field]),
    ),
  );
}

const DESCRIPTIONS: Readonly<Record<Role, string>> = {
  template: "Template",
  expression: "CEL expression",
  value: "A value whose texts are templates",
  writes: "Channel that is written",
  reads: "Channel that is read",
  target: "A node, or end",
};

function textOf(field: Field): z.ZodType {
  const { role, description, isOptional } = field;
  const schema =
    role === "value" ? z.json() : role === "writes" || role === "reads" ? z.string().regex(ID, ID_HINT) : z.string();
  const described = schema.describe(description ?? DESCRIPTIONS[role]);
  return isOptional ? described.optional() : described;
}
