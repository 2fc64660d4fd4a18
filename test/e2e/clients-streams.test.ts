import { afterAll, beforeAll, expect, it } from "vitest";
import { playBrowser } from "../clients/browser.ts";
import { playCuts } from "../clients/cuts.ts";
import { BROWSER, CLIENTS, isInstalled } from "../clients/packages.ts";
import { playRemoteGraph } from "../clients/remote-graph.ts";
import type { Result } from "../clients/results.ts";
import { openStage, type Stage } from "../clients/stage.ts";

// Of `npm run proof -- clients`: what has packages of its own, and streams that are cut. The proof installs the packages.

let stage: Stage;
beforeAll(async () => {
  stage = await openStage(false);
});
afterAll(() => stage?.close());

const faults = (results: readonly Result[]) => results.filter(({ fault }) => fault !== undefined);

it("RemoteGraph runs our graphs, alone and as a node of a LangGraph.js graph", async ({ skip }) => {
  if (!(await isInstalled(CLIENTS)))
    skip("skipped: test/clients is not installed (npm run proof -- clients installs it)");
  const results = await playRemoteGraph(stage);
  expect(faults(results)).toEqual([]);
  expect(results.length).toBeGreaterThan(9);
});

it("useStream in a browser: tokens, questions, reload, branches, stop, errors, from another origin", async ({
  skip,
}) => {
  if (!(await isInstalled(BROWSER)))
    skip("skipped: test/browser is not installed (npm run proof -- clients installs it)");
  const results = await playBrowser(stage);
  if (results === undefined) return skip("skipped: no browser");
  expect(faults(results)).toEqual([]);
  expect(results.length).toBeGreaterThan(5);
});

// Last: it kills the server.
it("[G7] connections that are cut, and kill -9 in mid-stream: both clients have every frame once", async () => {
  const results = await playCuts(stage.server, 2);
  expect(faults(results)).toEqual([]);
});
