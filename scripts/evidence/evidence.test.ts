import { spawnSync } from "node:child_process";
import { expect, it } from "vitest";
import { ROOT } from "../local/repository.ts";
import { printGoals } from "./table.ts";

function evidence(...arguments_: string[]) {
  const { status, stdout } = spawnSync(process.execPath, ["scripts/evidence.mjs", ...arguments_], {
    cwd: ROOT,
    encoding: "utf8",
  });
  return { status, stdout };
}

it.each(["bench", "proof"])("npm run %s lists the names; one it does not know is refused with the list", (kind) => {
  const list = evidence(kind);
  expect(list).toMatchObject({ status: 0, stdout: expect.stringMatching(/^(Benchmarks|Proofs): /) });
  const refused = evidence(kind, "no-such-name");
  expect(refused.status).toBe(2);
  expect(refused.stdout).toBe(`There is no ${kind} named "no-such-name".\n${list.stdout}`);
});

it("a table of goals is Markdown; a missed one stands out, one that was not run says so", () => {
  const lines: string[] = [];
  printGoals({ line: (text = "") => void lines.push(text), write: () => {}, style: (_style, text) => text }, [
    { goal: "fast", figure: "3 ms", met: true },
    { goal: "small enough", figure: "2 MB", met: false },
    { goal: "faster than that", figure: "that is not here", met: "not run" },
  ]);
  expect(lines).toEqual([
    "| goal             | figure           | met     |",
    "|------------------|------------------|---------|",
    "| fast             | 3 ms             | yes     |",
    "| small enough     | 2 MB             | NO      |",
    "| faster than that | that is not here | not run |",
  ]);
});
