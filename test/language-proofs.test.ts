import { describe, expect, it } from "vitest";
import { Random } from "../src/engine/testing/random.ts";
import type { DocumentCase } from "./proof/documents/case.ts";
import { fieldCases } from "./proof/documents/fields.ts";
import { fuzzed } from "./proof/documents/fuzz.ts";
import { jsonTextCases, jsonTexts } from "./proof/documents/json-texts.ts";
import { tryEntry } from "./proof/documents/entries.ts";
import { judge } from "./proof/documents/judge.ts";
import { OtherEntries } from "./proof/documents/others.ts";
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

  it("what edits, mends, draws, compares, imports and estimates documents gives what it must, whatever comes", {
    timeout: 60_000,
  }, async () => {
    const others = new OtherEntries();
    const sizes = semanticCases().filter(({ body }) => body.length < 5000);
    for (const document of [...sizes, ...Array.from({ length: 200 }, (_, at) => fuzzed(3, at))])
      await others.hand(document);
    expect(others.findings).toEqual([]);
  });

  it("a wrong result, and what is thrown without a type, would be found", async () => {
    const material = { text: "", type: "json", value: null, plan: undefined, random: new Random("none") } as const;
    const broken = () => {
      throw new TypeError("broken");
    };
    expect(await tryEntry(broken, material)).toMatchObject({ thrown: "TypeError: broken" });
    expect(await tryEntry(() => () => "wrong", material)).toMatchObject({ wrong: "wrong" });
  });

  it("[property 15] expressions reach nothing of the host, and are worth what other rules say", {
    timeout: 60_000,
  }, async () => {
    const goals = await run({ short: true, args: ["seed=2"] });
    expect(goals.filter(({ goal, met }) => !met && !goal.includes("one second"))).toEqual([]);
  });
});
