import { describe, expect, it } from "vitest";
import { createApp } from "./app.ts";
import { needsNoKey } from "./auth.ts";
import { openApiDocument } from "./description.ts";

interface Operation {
  readonly summary?: string;
  readonly tags?: readonly string[];
  readonly security?: readonly unknown[];
  readonly responses: Record<string, unknown>;
}
const document = JSON.parse(JSON.stringify(openApiDocument(createApp()))) as {
  openapi: string;
  paths: Record<string, Record<string, Operation>>;
};
const operations = Object.entries(document.paths).flatMap(([path, item]) =>
  Object.entries(item).map(([method, operation]) => [`${method.toUpperCase()} ${path}`, operation] as const),
);

/** Every value under this name, wherever it stands. */
function valuesOf(name: string, value: unknown = document): readonly unknown[] {
  if (typeof value !== "object" || value === null) return [];
  return Object.entries(value).flatMap(([key, item]) => [...(key === name ? [item] : []), ...valuesOf(name, item)]);
}

describe("the API's description", () => {
  it.each(operations)("%s says what it does, and what a refusal looks like", (_, operation) => {
    expect(operation.summary).toMatch(/\S/);
    expect(operation.tags).toHaveLength(1);
    if (operation.security === undefined) expect(operation.responses).toHaveProperty("default");
  });

  it.each(operations)("%s is marked as public exactly if it is", (route, operation) => {
    const [method = "", path = ""] = route.split(" ");
    expect(operation.security?.length === 0).toBe(needsNoKey(method, path));
  });

  it("holds only patterns that any reader of JSON Schema understands", () => {
    const patterns = valuesOf("pattern") as string[];
    expect(patterns.length).toBeGreaterThan(5);
    for (const pattern of patterns) {
      expect(() => new RegExp(pattern, "u")).not.toThrow();
      expect(pattern).not.toMatch(/\/[a-z]*$/);
    }
  });

  it("refers to nothing that it does not hold", () => {
    for (const reference of valuesOf("$ref") as string[]) {
      if (reference === "/schema/graph.json") continue;
      const path = reference.replace(/^#\//, "").split("/");
      const target = path.reduce<unknown>((at, key) => (at as Record<string, unknown> | undefined)?.[key], document);
      expect(target, reference).toBeDefined();
    }
  });

  it("allows null where the API does", () => {
    expect(valuesOf("values")).toContainEqual(expect.objectContaining({ type: ["object", "null"] }));
  });
});
