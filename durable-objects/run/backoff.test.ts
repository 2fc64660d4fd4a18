import fc from "fast-check";
import { expect, it } from "vitest";
import { MAX_RETRY_AFTER_MS, retryDelay } from "./backoff.ts";

const policy = fc.record({
  attempts: fc.integer({ min: 1, max: 50 }),
  delayMs: fc.integer({ min: 1, max: 60_000 }),
  maxDelayMs: fc.integer({ min: 1, max: 3_600_000 }),
});
const draw = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });

it("[property 17] back-off stays within its bounds for any Retry-After", () => {
  fc.assert(
    fc.property(
      policy,
      fc.integer({ min: 1, max: 10_000 }),
      fc.option(fc.double(), { nil: undefined }),
      draw,
      (rules, attempt, asked, drawn) => {
        const delay = retryDelay(rules, attempt, asked, drawn);
        expect(delay).toBeGreaterThanOrEqual(0);
        expect(delay).toBeLessThanOrEqual(Math.max(rules.maxDelayMs, MAX_RETRY_AFTER_MS));
      },
    ),
  );
});

it("[property 17] a server's Retry-After is never undercut, up to the cap", () => {
  fc.assert(
    fc.property(
      policy,
      fc.integer({ min: 1, max: 20 }),
      fc.integer({ min: 0, max: MAX_RETRY_AFTER_MS }),
      draw,
      (rules, attempt, asked, drawn) => {
        expect(retryDelay(rules, attempt, asked, drawn)).toBeGreaterThanOrEqual(asked);
      },
    ),
  );
});

it("doubles from attempt to attempt until its ceiling", () => {
  const rules = { attempts: 9, delayMs: 100, maxDelayMs: 1000 };
  expect([1, 2, 3, 4, 5, 6].map((attempt) => retryDelay(rules, attempt, undefined, 0))).toEqual([
    50, 100, 200, 400, 500, 500,
  ]);
});
