import { expect, it } from "vitest";
import { readSettings } from "../proof/chaos/settings.ts";
import { playSlice } from "../proof/chaos/slice.ts";

// The short form of `npm run proof -- chaos`: real kills of workerd, at crash points and at random. How fast it is back is the
// proof's to say: here other tests run beside it.

it("[F1, F2, G1, G3, G10] a server that is killed in the middle of everything keeps what it has acknowledged", async () => {
  const settings = readSettings(true, []);
  const said: string[] = [];
  const { kills, points, runs, counts, faults } = await playSlice(settings, (line) => said.push(line));
  const found = Object.entries(faults).filter(([, count]) => count > 0);
  expect(found, said.join("\n")).toEqual([]);
  expect(kills).toBe(settings.kills);
  expect(Object.keys(points).length).toBeGreaterThan(2);
  expect(Object.keys(runs).length).toBeGreaterThan(6);
  expect(counts.hits).toBeGreaterThan(settings.kills / 2);
});
