import { z } from "zod";
import { isJsonObject, type Json, type JsonObject } from "../base/json.ts";
import type { NodeCompiler } from "../graph/kinds.ts";
import type { ToolSpec } from "../models/contract.ts";

/** What providers take as the name of a tool; a node's id is one. */
export const TOOL_NAME = /^[A-Za-z_][A-Za-z0-9_-]{0,63}$/;

export const declarationSchema = z.strictObject({
  description: z.string().max(10_000).optional().describe("What it does, and when to call it"),
  parameters: z
    .record(z.string(), z.unknown())
    .optional()
    .describe("JSON Schema of its arguments, which are checked by it; anything if left out"),
});

/** Of a `tools` node: what is said of each tool, by its name. */
export const declarationsSchema = z.record(z.string(), declarationSchema);

export type Declarations = z.infer<typeof declarationsSchema>;

/** As a model is told. */
export function toolSpecs(declarations: Declarations): ToolSpec[] {
  return Object.entries(declarations).map(([name, { description, parameters }]) => ({
    name,
    description: description ?? "",
    parameters: (parameters ?? { type: "object", properties: {} }) as JsonObject,
  }));
}

/** What the `tools` node of that id says of its tools; undefined, and a problem, where there is no such node or it says nothing. */
export function declaredBy(id: string, path: readonly string[], compiler: NodeCompiler): ToolSpec[] | undefined {
  const node = compiler.node(id, path);
  if (node === undefined) return undefined;
  const said: Json | undefined = node["tools"];
  if (!isJsonObject(said) || Object.keys(said).length === 0) {
    const message = `The node "${id}" says nothing of tools that a model could be told.`;
    compiler.problem("invalid_value", message, path, {
      hint: "Name a node of kind tools, and give it the field tools.",
    });
    return undefined;
  }
  const parsed = declarationsSchema.safeParse(said);
  // what is wrong with them is said where they stand
  return parsed.success ? toolSpecs(parsed.data) : undefined;
}
