import { spawnSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { fencesOf, graphsOf } from "../docs/page.ts";
import { readSource, ROOT } from "../sources.ts";
import { startTestServer, type TestServer } from "./server.ts";

const PAGE = readSource("docs/runs.md");
/** Between what the blocks print. */
const MARK = "--- the next block ---";

let server: TestServer;
beforeAll(async () => {
  server = await startTestServer();
});
afterAll(() => server.remove());

/** The page's commands in their order, for this server, each with the answer that is shown behind it. */
function blocks(): readonly { readonly text: string; readonly answer: unknown }[] {
  const [, ...fences] = fencesOf(PAGE).filter(({ language }) => language === "sh" || language === "json");
  return fences.flatMap(({ language, text }, at) => {
    if (language !== "sh") return [];
    const next = fences[at + 1];
    const command = text
      .replaceAll("localhost:8787", new URL(server.url).host)
      .replaceAll(".edgewise", server.state)
      .replaceAll("@offer.yaml", `@${join(server.state, "offer.yaml")}`);
    return [{ text: command, answer: next?.language === "json" ? shown(JSON.parse(next.text)) : undefined }];
  });
}

/** Objects may hold more than is shown, lists may not. */
function shown(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(shown);
  if (typeof value !== "object" || value === null) return value;
  return expect.objectContaining(Object.fromEntries(Object.entries(value).map(([name, each]) => [name, shown(each)])));
}

it("docs/runs.md: its commands, one after the other, answer as shown", () => {
  const [graph] = graphsOf(PAGE);
  writeFileSync(join(server.state, "offer.yaml"), graph?.text ?? "");
  const commands = blocks();
  expect(commands.filter(({ answer }) => answer !== undefined).length).toBeGreaterThan(8);
  const script = commands.map(({ text }) => text).join(`\necho; echo "${MARK}"\n`);
  const { stdout, stderr } = spawnSync("sh", ["-eu", "-c", script], { cwd: ROOT, encoding: "utf8" });
  const printed = stdout.split(MARK).map((text) => text.trim());
  expect(printed, stderr).toHaveLength(commands.length);
  for (const [at, { text, answer }] of commands.entries()) {
    if (answer === undefined) continue;
    const last = answersIn(printed[at] ?? "").at(-1);
    expect(last, `${text}\n${printed[at]}`).toEqual(answer);
  }
});

/** JSON values printed one after the other, without anything between them; `runs/wait` begins with white space. */
function answersIn(text: string): readonly unknown[] {
  const answers: unknown[] = [];
  for (let from = 0, to = 1; to <= text.length; to += 1) {
    if (text[to] !== undefined && !/[\s[{]/.test(text[to] ?? "")) continue;
    try {
      answers.push(JSON.parse(text.slice(from, to)));
      from = to;
    } catch {
      // not yet whole
    }
  }
  return answers;
}
