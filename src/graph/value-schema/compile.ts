import type { JsonObject } from "../../base/json.ts";
import type { ValueSchema } from "../plan.ts";
import { Compilation } from "./compilation.ts";
import { Exhausted, judge } from "./judging.ts";
import { SchemaMistake } from "./reading.ts";

export type CompiledSchema =
  | { readonly ok: true; readonly schema: ValueSchema }
  | { readonly ok: false; readonly path: readonly (string | number)[]; readonly message: string };

/**
 * A JSON Schema (2020-12) made ready to judge values; or the first place that is no schema, asks for another document,
 * has a pattern that is not linear-time, or is too large. Never throws, whatever the document.
 */
export function compileValueSchema(document: JsonObject): CompiledSchema {
  try {
    const root = new Compilation(document).root();
    return { ok: true, schema: { document, check: (value) => judge(root, value).fault } };
  } catch (thrown) {
    if (thrown instanceof SchemaMistake) return { ok: false, path: thrown.path, message: thrown.message };
    if (thrown instanceof Exhausted) return { ok: false, path: [], message: thrown.message };
    throw thrown;
  }
}
