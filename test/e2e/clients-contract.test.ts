import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { playChatUi } from "../clients/agent-chat-ui.ts";
import { fits, play } from "../clients/case.ts";
import { GROUPS } from "../clients/cases/all.ts";
import { VERSIONS, type Version } from "../clients/contract.ts";
import { openStage, type Stage } from "../clients/stage.ts";

// The short form of `npm run proof -- clients`: both lines of the published client, unchanged, against a real server. What takes
// a minute (a schedule that fires, heartbeats) and the other client in open mode are the proof's.

const SIDES: readonly (readonly [version: Version, isOpen: boolean])[] = [
  ...VERSIONS.map((version) => [version, false] as const),
  ["1.15.0", true],
];
const stages: { keyed?: Stage; open?: Stage } = {};

beforeAll(async () => {
  [stages.keyed, stages.open] = await Promise.all([openStage(false), openStage(true)]);
});
afterAll(async () => {
  await Promise.all(Object.values(stages).map((stage) => stage.close()));
});

const stageOf = (isOpen: boolean): Stage => {
  const stage = isOpen ? stages.open : stages.keyed;
  if (stage === undefined) throw new Error("The servers did not start.");
  return stage;
};

describe.each(SIDES)("langgraph-sdk %s, open: %s", (version, isOpen) => {
  for (const [group, cases] of Object.entries(GROUPS)) {
    const fitting = cases.filter((one) => fits(version, one) && one.long !== true);
    describe.concurrent(group, () => {
      it.each(fitting.map((one) => [one.name, one] as const))("%s", (_name, one) =>
        play(one, version, stageOf(isOpen)),
      );
    });
  }
});

it("agent-chat-ui's calls, one after the other, are answered as it needs them", async () => {
  const results = await playChatUi(stageOf(false));
  expect(results.filter(({ fault }) => fault !== undefined)).toEqual([]);
  expect(results.length).toBeGreaterThan(10);
});
