import { isJsonObject } from "../base/json.ts";
import type { Json } from "../base/json.ts";
import type { ValueSchema } from "./plan.ts";
import type { Path, Problems } from "./problems.ts";
import { compileValueSchema } from "./value-schema/compile.ts";

/** Checks a JSON Schema; one that is none, or too large, is a problem, and the returned one takes everything. */
export function compileSchemaAt(problems: Problems, schema: Json, path: Path): ValueSchema {
  if (!isJsonObject(schema)) {
    problems.add({ code: "invalid_type", message: "A JSON Schema must be a mapping.", path });
    return { document: {}, check: () => undefined };
  }
  const compiled = compileValueSchema(schema);
  if (compiled.ok) return compiled.schema;
  const message = `This is no JSON Schema: ${compiled.message.replace(/\.$/, "")}.`;
  problems.add({ code: "invalid_schema", message, path: [...path, ...compiled.path] });
  return { document: schema, check: () => undefined };
}
