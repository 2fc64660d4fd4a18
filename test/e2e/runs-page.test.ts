import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { graphsOf } from "../docs/page.ts";
import { readSource } from "../sources.ts";
import { blocksOf, runBlocks } from "./page-commands.ts";
import { startTestServer, type TestServer } from "./server.ts";

const PAGE = readSource("docs/runs.md");

let server: TestServer;
beforeAll(async () => {
  server = await startTestServer();
});
afterAll(() => server.remove());

it("docs/runs.md: its commands, one after the other, answer as shown", async () => {
  const [graph] = graphsOf(PAGE);
  writeFileSync(join(server.state, "offer.yaml"), graph?.text ?? "");
  const blocks = blocksOf(PAGE, (command) =>
    command
      .replaceAll("localhost:8787", new URL(server.url).host)
      .replaceAll(".edgewise", server.state)
      .replaceAll("@offer.yaml", `@${join(server.state, "offer.yaml")}`),
  );
  expect(blocks.filter(({ answer }) => answer !== undefined).length).toBeGreaterThan(8);
  await runBlocks(blocks);
});
