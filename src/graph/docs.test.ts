import { readdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { nodeKinds } from "../nodes/registry.ts";
import { compileGraph } from "./compile.ts";
import { compileExpression } from "./expression/compile.ts";
import { createLanguage } from "./expression/language.ts";

const ROOT = join(dirname(fileURLToPath(import.meta.url)), "..", "..");
const PAGE = readFileSync(join(ROOT, "docs", "language.md"), "utf8");

function fences(kind: string): string[] {
  return [...PAGE.matchAll(/^```(\S+)(?: (\S+))?\n([\s\S]*?)^```$/gm)]
    .filter(([, language, word]) => `${language} ${word}` === kind)
    .map(([, , , text]) => text ?? "");
}

/** Fences with the id of their graph. */
function named(kind: string): [id: string, text: string][] {
  return fences(kind).map((text) => [/^id: (.*)$/m.exec(text)?.[1] ?? "a graph", text]);
}

/** Where problems come from. */
const SOURCES = join(ROOT, "src", "graph");

describe("docs/language.md", () => {
  it.each(named("yaml graph"))("%s compiles without a warning", (_, text) => {
    const result = compileGraph({ text, type: "yaml" }, nodeKinds);
    expect(result.ok ? result.warnings : result.problems).toEqual([]);
  });

  it.each(named("yaml broken"))("%s has the mistakes it says, where it says", (_, text) => {
    const result = compileGraph({ text, type: "yaml" }, nodeKinds);
    const problems = result.ok ? result.warnings : result.problems;
    const expected = [...text.matchAll(/# (\w+) (\d+):(\d+)$/gm)].map(([, code, line, column]) => [
      code,
      Number(line),
      Number(column),
    ]);
    expect(expected).not.toEqual([]);
    expect(problems.map(({ code, line, column }) => [code, line, column])).toEqual(expected);
  });

  it("shows expressions with their values", () => {
    const language = createLanguage({ channels: [{ name: "x", reducer: "last", conflict: "error" }] });
    const rows = [...PAGE.matchAll(/^\| *`(.+?)` *\| *`([^`]+)` *\|$/gm)];
    expect(rows.length).toBeGreaterThan(10);
    for (const [, source = "", value = ""] of rows) {
      const { expression, mistakes } = compileExpression(source.replaceAll("\\|", "|"), language);
      expect([source, mistakes]).toEqual([source, []]);
      expect([source, expression.evaluate({ read: () => undefined })]).toEqual([source, JSON.parse(value)]);
    }
  });

  it("lists every code of a problem", () => {
    expect(fences("yaml graph").length).toBeGreaterThan(2);
    const listed = new Set([...PAGE.matchAll(/`([a-z]+(?:_[a-z]+)+|missing)`/g)].map(([, code]) => code));
    expect([...usedCodes()].filter((code) => !listed.has(code))).toEqual([]);
  });
});

/** Codes as they stand in the sources: literals after `code:`, and in calls that make mistakes. */
function usedCodes(): ReadonlySet<string> {
  const files = readdirSync(SOURCES, { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith(".ts") && !name.endsWith(".test.ts"))
    .map((name) => join(SOURCES, name));
  const text = files.map((file) => readFileSync(file, "utf8")).join("\n");
  const codes = new Set<string>();
  for (const pattern of [/\bcode: "([a-z_]+)"/g, /JsonMistake\("([a-z_]+)"/g, /mistake\(\w+, "([a-z_]+)"/g]) {
    for (const [, code = ""] of text.matchAll(pattern)) codes.add(code);
  }
  return codes;
}
