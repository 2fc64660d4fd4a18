import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type Candidate, choose, rankOf } from "./choose.ts";

const HOST: Candidate = {
  name: "a",
  isUp: true,
  residency: "resident",
  outstanding: 0,
  slots: 4,
  firstByteMs: 50,
  weight: 1,
  loadMs: 20_000,
  evictsBusy: false,
  evictedDemand: 0,
  isSpillOver: false,
  costUsd: 0,
};
const WISH = { patienceMs: 30_000, waitedMs: 0, expectedWaitMs: 0 };

function host(name: string, more: Partial<Candidate> = {}): Candidate {
  return { ...HOST, name, ...more };
}

describe("the choice of a host (GW4, GW5)", () => {
  it("takes the least loaded of those that have the model, never a cold one beside them", () => {
    const hosts = [host("a", { outstanding: 3 }), host("b", { outstanding: 1 }), host("c", { residency: "cold" })];
    expect(choose(hosts, WISH)).toMatchObject({ kind: "host", name: "b", loads: false });
  });

  it("residency is not occupancy: full hosts that have it are waited for, unless a load is sooner", () => {
    const hosts = [host("a", { outstanding: 4 }), host("b", { residency: "cold", loadMs: 5_000 })];
    expect(choose(hosts, { ...WISH, expectedWaitMs: 1_000 })).toMatchObject({ kind: "wait" });
    expect(choose(hosts, { ...WISH, expectedWaitMs: 9_000 })).toMatchObject({ kind: "host", name: "b", loads: true });
  });

  it("one load at a time, and none that takes the memory of what others are asking for", () => {
    const loading = [host("a", { residency: "loading" }), host("b", { residency: "cold" })];
    expect(choose(loading, WISH)).toMatchObject({ kind: "wait", why: "a host is loading the model" });
    expect(choose([host("b", { residency: "cold", evictsBusy: true })], WISH)).toMatchObject({ kind: "wait" });
  });

  it("a load that puts out what is wanted waits for others to share it, and goes where least is lost", () => {
    const hosts = [
      host("a", { residency: "cold", loadMs: 1_000, evictedDemand: 2 }),
      host("b", { residency: "cold", loadMs: 1_000, evictedDemand: 0.5 }),
    ];
    expect(choose(hosts, WISH)).toMatchObject({ kind: "wait", why: expect.stringContaining("b puts another out") });
    expect(choose(hosts, { ...WISH, waitedMs: 600 })).toMatchObject({ kind: "host", name: "b", loads: true });
    expect(choose([host("c", { residency: "cold" }), ...hosts], WISH)).toMatchObject({ name: "c", loads: true });
  });

  it("spills over when the wait is longer than the patience, to the cheapest", () => {
    const spill = [
      host("dear", { isSpillOver: true, costUsd: 0.02 }),
      host("cheap", { isSpillOver: true, costUsd: 0.01 }),
    ];
    const hosts = [host("a", { outstanding: 4 }), ...spill];
    expect(choose(hosts, { ...WISH, patienceMs: 1_000, expectedWaitMs: 500 })).toMatchObject({ kind: "wait" });
    expect(choose(hosts, { ...WISH, patienceMs: 1_000, expectedWaitMs: 5_000 })).toMatchObject({
      kind: "host",
      name: "cheap",
    });
    expect(choose([host("a", { isUp: false }), ...spill], WISH)).toMatchObject({ kind: "host", name: "cheap" });
  });

  it("says why nobody can answer", () => {
    const hosts = [host("a", { isUp: false, why: "ejected" }), host("b", { isUp: false, why: "draining" })];
    expect(choose(hosts, WISH)).toEqual({ kind: "none", why: "a: ejected; b: draining" });
  });

  it("affinity goes to one host until that has its share and a quarter", () => {
    const affinity = (name: string) => rankOf("a prefix", name);
    const names = ["a", "b", "c", "d"];
    const [first = ""] = names.toSorted((one, other) => affinity(other) - affinity(one));
    const idle = names.map((name) => host(name, { slots: 64 }));
    expect(choose(idle, { ...WISH, affinity })).toMatchObject({ name: first });
    const loaded = idle.map((each) =>
      each.name === first ? { ...each, outstanding: 20 } : { ...each, outstanding: 4 },
    );
    expect(choose(loaded, { ...WISH, affinity })).not.toMatchObject({ name: first });
  });

  it("with affinity no host has more than its bound, whatever the keys (GW5)", () => {
    fc.assert(
      fc.property(fc.array(fc.string({ maxLength: 4 }), { minLength: 8, maxLength: 200 }), (keys) => {
        const load = new Map(["a", "b", "c", "d"].map((name) => [name, 0]));
        for (const key of keys) {
          const hosts = [...load].map(([name, outstanding]) => host(name, { outstanding, slots: 1_000 }));
          const choice = choose(hosts, { ...WISH, affinity: (name) => rankOf(key, name) });
          if (choice.kind !== "host") throw new Error("all of them have places");
          load.set(choice.name, (load.get(choice.name) ?? 0) + 1);
          const total = [...load.values()].reduce((sum, each) => sum + each, 0);
          expect(Math.max(...load.values())).toBeLessThanOrEqual(Math.ceil((1.25 * total) / 4));
        }
      }),
    );
  });

  it("a host that goes moves only its own keys", () => {
    const keys = Array.from({ length: 500 }, (_, n) => `prefix ${n}`);
    const best = (names: string[], key: string) =>
      names.toSorted((one, other) => rankOf(key, other) - rankOf(key, one))[0];
    const moved = keys.filter(
      (key) => best(["a", "b", "c"], key) !== "c" && best(["a", "b", "c"], key) !== best(["a", "b"], key),
    );
    expect(moved).toEqual([]);
    const shares = ["a", "b", "c"].map((name) => keys.filter((key) => best(["a", "b", "c"], key) === name).length);
    expect(Math.min(...shares)).toBeGreaterThan(110);
  });
});
