import type { EvidenceOptions, Goal } from "../../scripts/goal.ts";
import type { DocumentCase } from "./documents/case.ts";
import { fieldCases } from "./documents/fields.ts";
import { fuzzed } from "./documents/fuzz.ts";
import { HOSTILE } from "./documents/hostile.ts";
import { publishAll } from "./documents/http.ts";
import { jsonTextCases, jsonTexts } from "./documents/json-texts.ts";
import { judge } from "./documents/judge.ts";
import { semanticCases } from "./documents/semantic.ts";
import { jsonSuite, yamlSuite } from "./documents/suites.ts";
import { OtherEntries } from "./documents/others.ts";
import { none, Tally } from "./documents/tally.ts";
import { yamlTextCases } from "./documents/yaml-texts.ts";
import { prototypeChanges } from "./prototypes.ts";

/**
 * Bad documents: compiled here, each for itself and timed, and sent to a real server. The texts are made here from the
 * grammars; checkouts of the public suites are read too where they are named:
 * `npm run proof -- documents [seed=1] [json=JSONTestSuite/test_parsing] [yaml=yaml-test-suite/src]`.
 */
export async function run({ short, args }: EvidenceOptions): Promise<Goal[]> {
  const option = (name: string) => args.find((each) => each.startsWith(`${name}=`))?.slice(name.length + 1);
  const seed = Number(option("seed") ?? 1);
  const fuzz = short ? 500 : 10_000;
  prototypeChanges();

  const suites = suiteGoals(option("json"), option("yaml"));
  const fields = fieldCases();
  const semantic = semanticCases();
  const texts = [...jsonTextCases(jsonTexts()), ...yamlTextCases()];
  const written = [...HOSTILE, ...texts, ...semantic, ...fields, ...suites.cases];
  const tally = new Tally();
  const sent = [...written, ...Array.from({ length: fuzz }, (_, number) => number)].map((each) => {
    const document = typeof each === "number" ? fuzzed(seed, each) : each;
    const judged = judge(document);
    if (judged !== undefined) tally.add(document.name, judged);
    // fuzzed documents are made again when they are sent: ten thousand of them need not be kept
    return { each, accepted: judged?.accepted };
  });
  const others = new OtherEntries();
  for (const document of semantic) await others.hand(document);
  for (let number = 0; number < fuzz; number += 1) await others.hand(fuzzed(seed, number));
  const answers = await publishAll(
    (function* () {
      for (const { each, accepted } of sent) {
        yield { document: typeof each === "number" ? fuzzed(seed, each) : each, accepted };
      }
    })(),
  );
  return [
    {
      goal: "documents: texts of JSON and YAML, hostile ones, wrong graphs, wrong fields, fuzzed ones",
      figure: `${texts.length} + ${HOSTILE.length} + ${semantic.length} + ${fields.length} + ${fuzz} (seed ${seed})`,
      met: texts.length >= 669 && semantic.length + HOSTILE.length >= 260,
    },
    ...suites.goals,
    { goal: "compiled here, from JSON and YAML", figure: tally.summary, met: tally.enough },
    ...tally.goals(),
    ...others.goals(),
    {
      goal: "sent to a real server",
      figure: `${answers.count}: ${answers.published} published, ${answers.refused} refused; ${answers.others} to its other routes; slowest ${answers.slowest.ms.toFixed(0)} ms (${answers.slowest.name})`,
      met: answers.count === sent.length,
    },
    none("answers of 500 and above, or none at all", answers.broken),
    none("refusals without code, or without pointer and place where the text can be read", answers.unplaced),
    none("documents the server judges otherwise than compiling here", answers.disagreed),
  ];
}

function suiteGoals(json: string | undefined, yaml: string | undefined): { cases: DocumentCase[]; goals: Goal[] } {
  const cases: DocumentCase[] = [];
  const goals: Goal[] = [];
  if (json !== undefined) {
    const suite = jsonSuite(json);
    cases.push(...suite);
    const files = suite.filter(({ name }) => !name.endsWith("default")).length;
    goals.push({ goal: "JSONTestSuite: files", figure: `${files}`, met: files >= 318 });
  }
  if (yaml !== undefined) {
    const { cases: suite, count } = yamlSuite(yaml);
    cases.push(...suite);
    const rules = [...count.refusedByRule].map(([code, number]) => `${number} ${code}`).join(", ");
    goals.push({
      goal: "yaml-test-suite: read as the suite says, or refused by a rule of ours",
      figure: `${count.files} files, ${suite.length} tests: ${count.agreed} agreed, refused: ${rules}`,
      met: count.files >= 351,
    });
    goals.push(none("yaml-test-suite: read otherwise", count.differ));
  }
  return { cases, goals };
}
