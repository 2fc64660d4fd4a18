import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { run } from "../../scripts/graph/run.ts";
import { fencesOf, idOf } from "./page.ts";

/** Every document of the page, broken ones too, as a file `<id>.yaml` of the folder. */
export function writeDocuments(page: string, folder: string): void {
  for (const { language, words, text } of fencesOf(page)) {
    if (language !== "yaml" || (words[0] !== "graph" && words[0] !== "broken")) continue;
    writeFileSync(join(folder, `${idOf(text)}.yaml`), text);
  }
}

/** What `npm run graph -- …` prints in the folder, notes and results as on a terminal, without the closing count. */
export function play(command: string, folder: string): string {
  const words = /^npm run graph -- (.+)$/.exec(command)?.[1]?.split(" ");
  if (words === undefined) throw new Error(`${command} is no call of npm run graph`);
  const printed: string[] = [];
  const keep = (text: string) => void printed.push(text.replaceAll(`${folder}/`, ""));
  run(
    words.map((word) => (/\.(ya?ml|json|mmd)$/.test(word) ? join(folder, word) : word)),
    { result: keep, note: keep, isTerminal: false, style: (_, text) => text },
  );
  return printed.filter((line) => !/^\d+ files?: /.test(line)).join("");
}
