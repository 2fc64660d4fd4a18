import { describe, expect, it } from "vitest";
import LIKENESSES from "./sim/likeness.json" with { type: "json" };
import { patched } from "./sim/hooks.ts";
import { KEPT } from "./sim/kept.ts";
import { PLANTS } from "./sim/plants.ts";
import { simulateAll } from "./sim/pool.ts";
import { Tally } from "./sim/tally.ts";

/** `npm run proof -- sim` simulates ten thousand, `npm run proof -- planted` plants every bug. */
const SEEDS = 200;
const PROCESSES = 2;

async function simulated(from: number, to: number, patches: Parameters<typeof simulateAll>[0]["patches"] = []) {
  const tally = new Tally();
  await simulateAll({ from, to, patches, enough: 5 }, PROCESSES, (result) => tally.add(result));
  return tally;
}

describe("[G1–G13] objects in simulated worlds", () => {
  it("keep their promises whatever goes wrong, and every seed is the same world again", {
    timeout: 120_000,
  }, async () => {
    const tally = await simulated(0, SEEDS);
    expect(tally.found).toEqual([]);
    expect(tally.worlds).toBe(SEEDS);
    const again = await simulated(0, 10);
    for (const [seed, hash] of again.hashes) expect(tally.hashes.get(seed)).toBe(hash);
  });

  it.each(KEPT.map(({ name, seed }) => [name, seed] as const))("%s (seed %i)", { timeout: 60_000 }, async (_, seed) => {
    expect((await simulated(seed, seed + 1)).found).toEqual([]);
  });

  it("come to what workerd makes of the same scenarios (test/workerd/likeness.test.ts)", {
    timeout: 120_000,
  }, async () => {
    const told = new Map<number, string>();
    const order = { from: 0, to: LIKENESSES.length, patches: [], enough: 1, likeness: true };
    await simulateAll(order, PROCESSES, ({ seed, ...result }) => {
      told.set(seed, "likeness" in result ? (result.likeness ?? "") : result.findings.join("; "));
    });
    expect(LIKENESSES.map((_, number) => told.get(number))).toEqual(LIKENESSES);
  });

  it("would not go unnoticed if they broke one", { timeout: 120_000 }, async () => {
    const plant = PLANTS.find(({ name }) => name === "idempotency key per attempt");
    expect((await simulated(0, 20, plant?.patches)).found.length).toBeGreaterThan(0);
  });

  it.each(PLANTS.map(({ name, patches }) => [name, patches] as const))(
    "%s: has its one place in the source",
    (_, patches) => {
      expect(() => patched(patches)).not.toThrow();
    },
  );
});
