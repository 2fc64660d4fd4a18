import { execFileSync } from "node:child_process";
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { Client } from "langgraph-sdk-1";
import { afterAll, beforeAll, expect, it } from "vitest";
import { fencesOf, graphsOf } from "../docs/page.ts";
import { readSource, ROOT } from "../sources.ts";
import { blocksOf, runBlocks } from "./page-commands.ts";
import { startTestServer, type TestServer } from "./server.ts";

const PAGE = readSource("docs/langgraph.md");
/** In the repository, where the client's package is found. */
const PROGRAM = join(ROOT, ".edgewise", `move-${process.pid}.mjs`);

// The old server is one of ours as well: it speaks the protocol, and holds what a LangGraph server would.
let old: TestServer;
let server: TestServer;
beforeAll(async () => {
  [old, server] = await Promise.all([startTestServer(), startTestServer()]);
});
afterAll(async () => {
  rmSync(PROGRAM, { force: true });
  await Promise.all([old?.remove(), server?.remove()]);
});

const clientOf = ({ url, key }: TestServer) => new Client({ apiUrl: url, apiKey: key });

/** An assistant, a thread with something said in it, an item, a schedule. */
async function fillOld(graph: string) {
  const headers = { "x-api-key": old.key, "content-type": "application/yaml" };
  await fetch(`${old.url}/graphs`, { method: "POST", headers, body: graph });
  const client = clientOf(old);
  const assistant = await client.assistants.create({
    graphId: "support",
    name: "Night shift",
    metadata: { team: "a" },
  });
  const thread = await client.threads.create({ metadata: { graph_id: "support", customer: "Ada" } });
  await client.runs.wait(thread.thread_id, "support", {
    input: { messages: [{ role: "user", content: "Hello. It rains." }] },
  });
  await client.store.putItem(["customers"], "ada", { likes: "tea" });
  await client.crons.create(assistant.assistant_id, { schedule: "0 9 * * 1", input: { messages: [] } } as never);
  return { assistant, thread };
}

function here(text: string): string {
  return text
    .replaceAll("localhost:8787", new URL(server.url).host)
    .replaceAll("localhost:2024", new URL(old.url).host)
    .replaceAll("$(cat .edgewise/key)", server.key)
    .replaceAll("drawing.json", join(server.state, "drawing.json"))
    .replaceAll("support.yaml", join(server.state, "support.yaml"))
    .replaceAll("move.mjs", PROGRAM);
}

it("docs/langgraph.md: a server is moved in at most ten steps, literally", async () => {
  const [graph] = graphsOf(PAGE);
  const program = fencesOf(PAGE).find(({ words }) => words[0] === "move.mjs")?.text ?? "";
  writeFileSync(join(server.state, "support.yaml"), graph?.text ?? "");
  mkdirSync(dirname(PROGRAM), { recursive: true });
  writeFileSync(PROGRAM, here(program).replace("@langchain/langgraph-sdk", "langgraph-sdk-1"));
  const { assistant, thread } = await fillOld(graph?.text ?? "");

  await runBlocks(blocksOf(PAGE, here), { LANGGRAPH_API_KEY: old.key });

  const steps = [...PAGE.matchAll(/^\*\*(\d+)\.\*\* /gm)].map(([, number]) => Number(number));
  expect(steps).toEqual(steps.map((_, at) => at + 1));
  expect(steps.length).toBeLessThanOrEqual(10);
  const client = clientOf(server);
  expect(await client.assistants.get(assistant.assistant_id)).toMatchObject({
    name: "Night shift",
    metadata: { team: "a" },
  });
  expect(await client.threads.get(thread.thread_id)).toMatchObject({ metadata: { customer: "Ada" } });
  const { values } = await client.threads.getState(thread.thread_id);
  const { messages } = values as { messages: { type: string; content: string }[] };
  expect(messages.map(({ type }) => type)).toEqual(["human", "ai", "human", "ai"]);
  expect(messages[0]?.content).toBe("Hello. It rains.");
  expect(await client.store.getItem(["customers"], "ada")).toMatchObject({ value: { likes: "tea" } });
  expect(await client.crons.search({ assistantId: assistant.assistant_id })).toMatchObject([{ schedule: "0 9 * * 1" }]);
});

it.each(["langgraph-sdk-1", "langgraph-sdk-2"])("docs/langgraph.md: its first program answers with %s", (sdk) => {
  const [first] = fencesOf(PAGE).filter(({ language }) => language === "js");
  const program = here(first?.text ?? "").replace("@langchain/langgraph-sdk", sdk);
  const answer = execFileSync(process.execPath, ["--input-type=module", "--eval", program], {
    cwd: ROOT,
    env: { ...process.env, EDGEWISE_KEY: server.key },
    encoding: "utf8",
  });
  expect(answer).toContain("chlorophyll");
});
