import { describe, expect, it } from "vitest";
import type { DocumentCase } from "./proof/documents/case.ts";
import { fieldCases } from "./proof/documents/fields.ts";
import { fuzzed } from "./proof/documents/fuzz.ts";
import { jsonTextCases, jsonTexts } from "./proof/documents/json-texts.ts";
import { judge } from "./proof/documents/judge.ts";
import { semanticCases } from "./proof/documents/semantic.ts";
import { yamlTextCases } from "./proof/documents/yaml-texts.ts";
import { run } from "./proof/expressions.proof.ts";

const breaches = (documents: readonly DocumentCase[]): string[] =>
  documents.flatMap((document) =>
    (judge(document)?.breaches ?? []).map((breach) => `${document.name}: ${breach.join(" ")}`),
  );

/** Without the clock, and without a server: `npm run proof -- documents` and `expressions` have both. */
describe("the proofs of the language, in short", () => {
  it.each<[string, () => readonly DocumentCase[]]>([
    ["a JSON text is read as JSON.parse reads it, or refused with its place", () => jsonTextCases(jsonTexts())],
    ["a YAML text is read as it was written, or refused with its place", yamlTextCases],
    ["a field takes what it takes, and a wrong one is pointed at", fieldCases],
    ["a graph that makes no sense is refused with code and place", semanticCases],
    [
      "a fuzzed document is a graph or has problems with places",
      () => Array.from({ length: 300 }, (_, at) => fuzzed(2, at)),
    ],
  ])("%s", { timeout: 60_000 }, (_, documents) => {
    expect(breaches(documents())).toEqual([]);
  });

  it("expressions reach nothing of the host, and are worth what other rules say", { timeout: 60_000 }, async () => {
    const goals = await run({ short: true, args: ["seed=2"] });
    expect(goals.filter(({ goal, met }) => !met && !goal.includes("one second"))).toEqual([]);
  });
});
