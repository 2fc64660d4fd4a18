import { readdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { parse } from "yaml";
import { fencesOf, graphsOf, idOf } from "../../test/docs/page.ts";
import type { Json } from "../base/json.ts";
import { nodeKinds } from "../nodes/registry.ts";
import { compileGraph } from "./compile.ts";
import { compileExpression } from "./expression/compile.ts";
import { FUNCTIONS, METHODS } from "./expression/functions.ts";
import { createLanguage } from "./expression/language.ts";
import { compileTemplate } from "./template.ts";
import { compileValue } from "./value-template.ts";

const ROOT = join(dirname(fileURLToPath(import.meta.url)), "..", "..");
const page = (name: string) => readFileSync(join(ROOT, "docs", name), "utf8");
const LANGUAGE = page("language.md");
const REFERENCE = page("reference.md");

describe("docs/language.md", () => {
  it.each(graphsOf(LANGUAGE).map(({ id, text }) => [id, text]))(
    "%s compiles without a warning or a hint",
    (_, text) => {
      const result = compileGraph({ text, type: "yaml" }, nodeKinds);
      expect(result.ok ? [...result.warnings, ...result.hints] : result.problems).toEqual([]);
    },
  );

  const broken = fencesOf(LANGUAGE).filter(({ words }) => words[0] === "broken");
  it.each(broken.map(({ text }) => [idOf(text), text]))("%s has the mistakes it says, where it says", (_, text) => {
    const result = compileGraph({ text, type: "yaml" }, nodeKinds);
    const problems = result.ok ? [...result.warnings, ...result.hints] : result.problems;
    const expected = [...text.matchAll(/# (\w+) (\d+):(\d+)$/gm)].map(([, code, line, column]) => [
      code,
      Number(line),
      Number(column),
    ]);
    expect(expected).not.toEqual([]);
    expect(problems.map(({ code, line, column }) => [code, line, column])).toEqual(expected);
  });

  it("shows values with holes, and what becomes of them", () => {
    const language = languageOf("n", "who");
    const state: Readonly<Record<string, Json>> = { n: 3, who: 'Ada "A"' };
    const scope = { read: (channel: string) => state[channel] };
    const rows = rowsOf(LANGUAGE, "written");
    expect(rows.length).toBeGreaterThan(2);
    for (const [written = "", becomes = ""] of rows) {
      const made = compileValue(parse(written) as Json, (source) => {
        const { hole, template, mistakes } = compileTemplate(source, language);
        expect(mistakes).toEqual([]);
        return (seen) => hole?.evaluate(seen) ?? template.render(seen);
      });
      expect([written, made.evaluate(scope)]).toEqual([written, JSON.parse(becomes)]);
    }
  });
});

describe("docs/reference.md", () => {
  it("shows expressions with their values", () => {
    const language = languageOf("x");
    const rows = rowsOf(REFERENCE, "expression");
    expect(rows.length).toBeGreaterThan(10);
    for (const [source = "", value = ""] of rows) {
      const { expression, mistakes } = compileExpression(source, language);
      expect([source, mistakes]).toEqual([source, []]);
      expect([source, expression.evaluate({ read: () => undefined })]).toEqual([source, JSON.parse(value)]);
    }
  });

  it("names every function", () => {
    const names = new Set([...FUNCTIONS.keys(), ...METHODS.keys()].map((name) => name.split("/")[0] ?? ""));
    const code = [...REFERENCE.matchAll(/`([^`]+)`/g)].map(([, span]) => span).join("\n");
    expect([...names].filter((name) => !new RegExp(`\\b${name}\\b`).test(code))).toEqual([]);
  });

  it("lists every code of a problem", () => {
    const listed = new Set([...REFERENCE.matchAll(/`([a-z]+(?:_[a-z]+)+|missing)`/g)].map(([, code]) => code));
    expect(usedCodes().size).toBeGreaterThan(50);
    expect([...usedCodes()].filter((code) => !listed.has(code))).toEqual([]);
  });
});

function languageOf(...channels: readonly string[]) {
  return createLanguage({ channels: channels.map((name) => ({ name, reducer: "last", conflict: "error" })) });
}

/** The code spans of the first two cells in the table whose head begins with that word. */
function rowsOf(text: string, head: string): readonly (readonly string[])[] {
  const table = new RegExp(`^\\| ${head}[^\\n]*\\n\\|[ :|-]+\\n((?:\\|[^\\n]*\\n)+)`, "m").exec(text)?.[1] ?? "";
  return [...table.matchAll(/^\| *`(.+?)` *\| *`([^`]+)` *\|$/gm)].map(([, one = "", other = ""]) => [
    one.replaceAll("\\|", "|"),
    other,
  ]);
}

/** Codes as they stand in the sources: literals after `code:`, and in calls that make mistakes or problems. */
function usedCodes(): ReadonlySet<string> {
  const graph = [/\bcode: "([a-z_]+)"/g, /JsonMistake\("([a-z_]+)"/g, /mistake\(\w+, "([a-z_]+)"/g];
  return new Set([
    ...graph.flatMap((pattern) => literals("graph", pattern)),
    // what else has a code there is a failure, not a problem
    ...literals("nodes", /\.problem\(\s*"([a-z_]+)"/g),
  ]);
}

function literals(part: string, pattern: RegExp): readonly string[] {
  const folder = join(ROOT, "src", part);
  return (
    readdirSync(folder, { recursive: true, encoding: "utf8" })
      // a broken JSON Schema has one code, whatever is wrong with it
      .filter((name) => name.endsWith(".ts") && !name.endsWith(".test.ts") && !name.startsWith("value-schema"))
      .flatMap((name) => [...readFileSync(join(folder, name), "utf8").matchAll(pattern)].map(([, code = ""]) => code))
  );
}
