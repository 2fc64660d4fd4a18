import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { playChatUi } from "../clients/agent-chat-ui.ts";
import { fits } from "../clients/case.ts";
import { GROUPS } from "../clients/cases/all.ts";
import { VERSIONS, type Version } from "../clients/contract.ts";
import { playAll, type Result } from "../clients/results.ts";
import { openStage, type Stage } from "../clients/stage.ts";

// The short form of `npm run proof -- clients`: both lines of the published client, unchanged, against a real server. What takes
// a minute (a schedule that fires, heartbeats) and the other client in open mode are the proof's.

const SIDES: readonly (readonly [version: Version, mode: "a key" | "open mode"])[] = [
  ...VERSIONS.map((version) => [version, "a key"] as const),
  ["1.15.0", "open mode"],
];
/** More at once than vitest would: most of them wait for something. */
const AT_ONCE = { atOnce: 10 };

let keyed: Stage;
let open: Stage;
let results: readonly Result[] = [];
beforeAll(async () => {
  [keyed, open] = await Promise.all([openStage(false), openStage(true)]);
  const cases = Object.values(GROUPS).flat();
  const sides = [playAll(cases, VERSIONS, [keyed], AT_ONCE), playAll(cases, ["1.15.0"], [open], AT_ONCE)];
  results = (await Promise.all(sides)).flat();
}, 180_000);
afterAll(() => Promise.all([keyed?.close(), open?.close()]));

describe.each(SIDES)("langgraph-sdk %s with %s", (version, mode) => {
  const side = mode === "a key" ? version : `${version}, open`;
  describe.each(Object.entries(GROUPS))("%s", (_group, cases) => {
    const fitting = cases.filter((one) => fits(version, one) && one.long !== true);
    it.each(fitting.map(({ name }) => name))("%s", (name) => {
      const result = results.find((each) => each.name === name && each.with === side);
      expect(result, "it was not played").toBeDefined();
      expect(result?.fault).toBeUndefined();
    });
  });
});

it("agent-chat-ui's calls, one after the other, are answered as it needs them", async () => {
  const played = await playChatUi(keyed);
  expect(played.filter(({ fault }) => fault !== undefined)).toEqual([]);
  expect(played.length).toBeGreaterThan(10);
});
