import { execFileSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { graphsOf } from "../docs/page.ts";
import { readSource, ROOT } from "../sources.ts";
import { startTestServer, type TestServer } from "./server.ts";

const ANSWER = "Grass is green because of chlorophyll. [1]";

let server: TestServer;
beforeAll(async () => {
  server = await startTestServer();
});
afterAll(() => server.remove());

/** The page's snippet of that language that holds `word`, for this server instead of the usual one. */
function snippet(language: string, word: string, page = "README.md"): string {
  const found = [...readSource(page).matchAll(/^```(\w+)\n([\s\S]*?)^```$/gm)].find(
    ([, name, text]) => name === language && text?.includes(word),
  )?.[2];
  if (found === undefined) throw new Error(`${page} has no ${language} snippet with ${word}`);
  return found.replaceAll("localhost:8787", new URL(server.url).host).replaceAll(".edgewise", server.state);
}

function run(command: string, arguments_: readonly string[]): string {
  return execFileSync(command, arguments_, {
    cwd: ROOT,
    env: { ...process.env, EDGEWISE_KEY: server.key },
    encoding: "utf8",
    stdio: ["ignore", "pipe", "ignore"],
  });
}

it("the README's commands do as printed, and the first answer is one", () => {
  const output = run("sh", ["-c", snippet("sh", "curl")]);
  expect(output).toContain('"graph_id":"hello"');
  expect(output).toContain(ANSWER);
});

it("the first graph of docs/language.md is published and run as the page says", () => {
  const [first] = graphsOf(readSource("docs/language.md"));
  const file = join(server.state, "first.yaml");
  writeFileSync(file, first?.text ?? "");
  const output = run("sh", ["-c", snippet("sh", "first.yaml", "docs/language.md").replace("@first.yaml", `@${file}`)]);
  expect(output).toContain('"graph_id":"first"');
  expect(output).toContain(ANSWER);
});

it("examples/digest runs as its README says", () => {
  const output = run("sh", ["-c", snippet("sh", "digest", "examples/digest/README.md")]);
  expect(JSON.parse(output)).toMatchObject({ digest: expect.stringContaining("failed"), unread: [] });
});

it.each(["langgraph-sdk-1", "langgraph-sdk-2"])("the README's program streams the answer with %s", (sdk) => {
  const program = snippet("ts", "Client").replace("@langchain/langgraph-sdk", sdk);
  const output = run(process.execPath, ["--input-type=module", "--eval", program]);
  expect(output).toContain("metadata { run_id:");
  expect(output).toContain("chlorophyll. [1]");
});
