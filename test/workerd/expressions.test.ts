import { expect, it } from "vitest";
import { compileExpression } from "../../src/graph/expression/compile.ts";
import { createLanguage } from "../../src/graph/expression/language.ts";
import { compileValueSchema } from "../../src/graph/value-schema/compile.ts";

const LANGUAGE = createLanguage({ channels: [] });

// what only the platform can answer: its time zones, its URLs
it.each([
  ["timestamp('2026-07-01T00:00:00Z').getHours('Europe/Berlin')", 2],
  ["timestamp('2026-01-01T00:00:00Z').getHours('America/New_York')", 19],
  ["timestamp('2026-01-01T00:00:00Z').getMinutes('Asia/Kolkata')", 30],
  ["timestamp('1890-01-01T00:00:00Z').getSeconds('Europe/Berlin')", 28],
])("%s is %j in workerd", (source, value) => {
  const { expression, mistakes } = compileExpression(source, LANGUAGE);
  expect(mistakes).toEqual([]);
  expect(expression.evaluate({ read: () => undefined })).toBe(value);
});

it("resolves references in workerd", () => {
  const compiled = compileValueSchema({
    $id: "https://a.example/b/c",
    $ref: "../d",
    $defs: { d: { $id: "../d", type: "null" } },
  });
  expect(compiled.ok && compiled.schema.check(1)?.message).toBe("it must be of type null");
});
