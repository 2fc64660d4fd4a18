import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { parse } from "yaml";
import { type Json, sameJson } from "../../../src/base/json.ts";
import { Problems } from "../../../src/graph/problems.ts";
import { readSource } from "../../../src/graph/text/read.ts";
import { aroundJson, type DocumentCase, EITHER, REFUSED } from "./case.ts";

/** What became of a public suite's files. */
export interface SuiteCount {
  readonly files: number;
  readonly agreed: number;
  /** Refused by a rule of ours, by its code: what JSON cannot say, or a graph never holds. */
  readonly refusedByRule: ReadonlyMap<string, number>;
  readonly differ: readonly string[];
}

/** https://github.com/nst/JSONTestSuite (MIT), `test_parsing/`: y_ is to be accepted, n_ refused, i_ either. */
export function jsonSuite(folder: string): readonly DocumentCase[] {
  return readdirSync(folder)
    .filter((name) => name.endsWith(".json"))
    .flatMap((file): DocumentCase[] => {
      const bytes = readFileSync(join(folder, file));
      const [name, text] = [`suite ${file}`, utf8(bytes)];
      if (text === undefined) return [{ name, type: "json", body: bytes, expected: REFUSED }];
      const ours = /duplicated_key/.test(file) ? REFUSED : { verdict: "accepted" as const };
      const expected = file.startsWith("y_") ? ours : file.startsWith("n_") ? REFUSED : EITHER;
      return [
        { name, type: "json", body: bytes, expected: REFUSED },
        { name: `${name} as a default`, type: "json", body: aroundJson(text), expected },
      ];
    });
}

function utf8(bytes: Uint8Array): string | undefined {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return undefined;
  }
}

interface YamlSuiteTest {
  readonly yaml: string;
  readonly json?: string;
  readonly fail: boolean;
}

/** https://github.com/yaml/yaml-test-suite (MIT), `src/`: what JSON it stands for, or that it is no YAML. */
export function yamlSuite(folder: string): { readonly cases: readonly DocumentCase[]; readonly count: SuiteCount } {
  const files = readdirSync(folder).filter((name) => name.endsWith(".yaml"));
  const refusedByRule = new Map<string, number>();
  const differ: string[] = [];
  const cases: DocumentCase[] = [];
  let agreed = 0;
  for (const file of files) {
    for (const [index, test] of testsOf(readFileSync(join(folder, file), "utf8")).entries()) {
      const name = `suite ${file} ${index}`;
      cases.push({ name, type: "yaml", body: test.yaml, expected: REFUSED });
      const outcome = compare(test);
      if (outcome === "agreed") agreed += 1;
      else if (outcome.startsWith("rule ")) {
        const code = outcome.slice(5);
        refusedByRule.set(code, (refusedByRule.get(code) ?? 0) + 1);
      } else differ.push(`${name}: ${outcome}`);
    }
  }
  return { cases, count: { files: files.length, agreed, refusedByRule, differ } };
}

/** White space is written visibly. */
function testsOf(text: string): YamlSuiteTest[] {
  const tests: YamlSuiteTest[] = [];
  // a test that says no text of its own is about writing the one before it in another way
  for (const test of parse(text) as Partial<YamlSuiteTest>[]) {
    if (test.yaml !== undefined)
      tests.push({
        yaml: invisible(test.yaml),
        fail: test.fail ?? false,
        ...(typeof test.json === "string" && { json: test.json }),
      });
  }
  return tests;
}

function invisible(text: string): string {
  return text
    .replaceAll("␣", " ")
    .replace(/—*»/g, "\t")
    .replaceAll("⇔", "\ufeff")
    .replaceAll("↵", "")
    .replaceAll("←", "\r")
    .replace(/∎\n$/, "");
}

function compare({ yaml, json, fail }: YamlSuiteTest): string {
  const problems = new Problems();
  const read = readSource({ text: yaml, type: "yaml" }, problems);
  const codes = problems.list(yaml, undefined).map(({ code }) => code);
  if (fail) return problems.failed || read === undefined ? "agreed" : "accepted, and is no YAML";
  if (problems.failed || read === undefined) {
    const rule = codes.find((code) => code !== "invalid_yaml");
    if (rule !== undefined) return `rule ${rule}`;
    const documents = json === undefined ? 0 : json.trim().split("\n").length;
    return json === undefined || documents === 0 || isSeveral(json)
      ? "rule several documents"
      : `refused: ${problems.list(yaml, undefined)[0]?.message ?? "nothing"}`;
  }
  // no document at all is nothing, which is no graph
  if (json === undefined || (json.trim() === "" && read.value === null)) return "agreed";
  if (isSeveral(json)) return "accepted, and is several documents";
  return sameJson(read.value, JSON.parse(json) as Json)
    ? "agreed"
    : `read as ${JSON.stringify(read.value).slice(0, 80)}`;
}

function isSeveral(json: string): boolean {
  if (json.trim() === "") return false;
  try {
    JSON.parse(json);
    return false;
  } catch {
    return true;
  }
}
