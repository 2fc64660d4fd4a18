import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { ROOT } from "../sources.ts";
import { startTestServer, type TestServer } from "./server.ts";

const ANSWER = "Grass is green because of chlorophyll. [1]";

let server: TestServer;
beforeAll(async () => {
  server = await startTestServer();
});
afterAll(() => server.remove());

/** The README's snippet of that language that holds `word`, for this server instead of the usual one. */
function snippet(language: string, word: string): string {
  const readme = readFileSync(join(ROOT, "README.md"), "utf8");
  const found = [...readme.matchAll(/^```(\w+)\n([\s\S]*?)^```$/gm)].find(
    ([, name, text]) => name === language && text?.includes(word),
  )?.[2];
  if (found === undefined) throw new Error(`the README has no ${language} snippet with ${word}`);
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

it.each(["langgraph-sdk-1", "langgraph-sdk-2"])("the README's program streams the answer with %s", (sdk) => {
  const program = snippet("ts", "Client").replace("@langchain/langgraph-sdk", sdk);
  const output = run(process.execPath, ["--input-type=module", "--eval", program]);
  expect(output).toContain("metadata { run_id:");
  expect(output).toContain("chlorophyll. [1]");
});
