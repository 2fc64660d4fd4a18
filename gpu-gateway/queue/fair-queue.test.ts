import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { FairQueue, type Request } from "./fair-queue.ts";

const far = Number.MAX_SAFE_INTEGER;

function request(flow: string, weight = 1, cost = 1, deadline = far): Request {
  return { flow, weight, cost, deadline };
}

describe("a fair queue (GW6)", () => {
  it("serves flows in turn, whatever each has sent before", () => {
    const queue = new FairQueue<string>(100);
    for (let n = 0; n < 10; n++) queue.join(`noisy ${n}`, request("noisy"), n);
    queue.join("quiet 0", request("quiet"), 10);
    queue.join("quiet 1", request("quiet"), 11);
    const order = Array.from({ length: 5 }, () => queue.take()?.item);
    expect(order).toEqual(["noisy 0", "quiet 0", "noisy 1", "quiet 1", "noisy 2"]);
  });

  it("gives a flow its part by weight and cost while all have something waiting", () => {
    const flows = fc.uniqueArray(
      fc.record({
        flow: fc.stringMatching(/^[a-f]$/),
        weight: fc.integer({ min: 1, max: 8 }),
        cost: fc.integer({ min: 1, max: 9 }),
      }),
      { minLength: 2, maxLength: 6, selector: ({ flow }) => flow },
    );
    fc.assert(
      fc.property(flows, (mix) => {
        const queue = new FairQueue<string>(10_000);
        for (const { flow, weight, cost } of mix)
          for (let n = 0; n < 400; n++) queue.join(flow, request(flow, weight, cost), n);
        const served = new Map<string, number>();
        // As long as nobody runs out: each is owed at most the cost of one entry more or less than its part.
        for (;;) {
          const entry = queue.take();
          if (entry === undefined) break;
          served.set(entry.flow, (served.get(entry.flow) ?? 0) + entry.cost);
          if ((served.get(entry.flow) ?? 0) >= 400 * entry.cost) break;
          const shares = mix.map(({ flow, weight }) => (served.get(flow) ?? 0) / weight);
          const most = Math.max(...mix.map(({ cost, weight }) => cost / weight));
          expect(Math.max(...shares) - Math.min(...shares)).toBeLessThanOrEqual(2 * most + 1e-9);
        }
      }),
      { numRuns: 60 },
    );
  });

  it("lets a quiet flow into a full queue, for the newest of the one that has most", () => {
    const queue = new FairQueue<number>(3);
    for (let n = 0; n < 3; n++) queue.join(n, request("noisy"), n);
    expect(queue.join(9, request("noisy"), 3)).toEqual({ kind: "full" });
    const joined = queue.join(7, request("quiet"), 4);
    expect(joined.kind === "waits" && joined.dropped?.item).toBe(2);
    expect(queue.size).toBe(3);
  });

  it("a flow that comes back at once does not gain by it", () => {
    const queue = new FairQueue<string>(100);
    queue.join("a", request("a", 1, 100), 0);
    queue.join("b", request("b"), 0);
    expect([queue.take()?.item, queue.take()?.item]).toEqual(["a", "b"]);
    queue.join("a again", request("a"), 1);
    for (let n = 0; n < 50; n++) queue.join(`b ${n}`, request("b"), 1);
    const order = Array.from({ length: 51 }, () => queue.take()?.item);
    expect(order.indexOf("a again")).toBeGreaterThan(40);
  });

  it("what left or is late is not taken, and what does not fit keeps its turn", () => {
    const queue = new FairQueue<string>(10);
    const first = queue.join("first", request("a"), 0);
    queue.join("late", request("b", 1, 1, 5), 0);
    queue.join("big", request("c"), 1);
    queue.join("small", request("c"), 2);
    if (first.kind === "waits") expect(queue.leave(first.entry)).toBe(true);
    if (first.kind === "waits") expect(queue.leave(first.entry)).toBe(false);
    expect(queue.expired(5).map(({ item }) => item)).toEqual(["late"]);
    expect(queue.take((item) => item !== "big")?.item).toBe("small");
    expect(queue.take()?.item).toBe("big");
    expect([queue.size, queue.flows, queue.take()]).toEqual([0, 0, undefined]);
  });

  it("never serves or loses an entry twice, in any order of what happens", () => {
    const step = fc.oneof(
      fc.record({
        do: fc.constant("join" as const),
        flow: fc.integer({ min: 0, max: 4 }),
        weight: fc.integer({ min: 1, max: 5 }),
      }),
      fc.record({ do: fc.constant("take" as const) }),
      fc.record({ do: fc.constant("leave" as const), which: fc.nat(50) }),
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 200 }), (steps) => {
        const queue = new FairQueue<number>(20);
        const waiting = new Set<number>();
        let next = 0;
        for (const [now, each] of steps.entries()) {
          if (each.do === "join") {
            const joined = queue.join(next, request(String(each.flow), each.weight), now);
            if (joined.kind === "waits") waiting.add(next);
            if (joined.kind === "waits" && joined.dropped !== undefined)
              expect(waiting.delete(joined.dropped.item)).toBe(true);
            next += 1;
          } else if (each.do === "take") {
            const taken = queue.take();
            expect(taken === undefined).toBe(waiting.size === 0);
            if (taken !== undefined) expect(waiting.delete(taken.item)).toBe(true);
          } else {
            const entry = [...queue.entries()][each.which];
            if (entry !== undefined) expect(queue.leave(entry) && waiting.delete(entry.item)).toBe(true);
          }
          expect(queue.size).toBe(waiting.size);
          expect(queue.size).toBeLessThanOrEqual(20);
        }
      }),
    );
  });
});
