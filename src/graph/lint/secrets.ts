import type { Json, JsonObject } from "../../base/json.ts";
import { isJsonObject } from "../../base/json.ts";
import type { Found, Path, Problems } from "../problems.ts";
import { secretIn } from "./secret-patterns.ts";
import { report } from "./view.ts";

/** Secrets among the texts of a document, in values and in keys. What is found is never repeated. */
export function secretInText(document: JsonObject, problems: Problems): void {
  const found: Omit<Found, "severity">[] = [];
  const waiting: { readonly value: Json; readonly path: Path }[] = [{ value: document, path: [] }];
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    const { value, path } = next;
    const noun = typeof value === "string" ? secretIn(value) : undefined;
    if (noun !== undefined) found.push(finding(noun, path));
    for (const [key, child] of childrenOf(value)) {
      const below = typeof key === "string" ? secretIn(key) : undefined;
      // its path would be the secret
      if (below !== undefined) found.push(finding(below, path));
      else waiting.push({ value: child, path: [...path, key] });
    }
  }
  report({ problems }, "warning", found);
}

/** From the last to the first, for they are taken from the end. */
function childrenOf(value: Json): readonly (readonly [string | number, Json])[] {
  if (Array.isArray(value)) return (value as readonly Json[]).map((item, index) => [index, item] as const).reverse();
  return isJsonObject(value) ? Object.entries(value).reverse() : [];
}

function finding(noun: string, path: Path): Omit<Found, "severity"> {
  return {
    code: "secret_in_text",
    message: `This looks like ${noun}. Whoever may read the graph may read it, and every version keeps it.`,
    path,
    hint: "Take it out and have it replaced where it came from; hand it to the deployment as a secret instead.",
  };
}
