import { describe, expect, it } from "vitest";
import { Breaker } from "./breaker.ts";

describe("a breaker", () => {
  it("opens after failures in a row, and a success in between begins anew", () => {
    const breaker = new Breaker({ failures: 3, baseMs: 100 });
    breaker.failed(0);
    breaker.failed(1);
    breaker.succeeded();
    breaker.failed(2);
    breaker.failed(3);
    expect(breaker.state(3)).toBe("closed");
    breaker.failed(4);
    expect([breaker.state(4), breaker.mayTry(4), breaker.closedFor(4)]).toEqual(["open", false, 100]);
  });

  it("lets one call find out at a time, and stays open for longer each time that one fails", () => {
    const breaker = new Breaker({ failures: 1, baseMs: 100, mostMs: 300 });
    breaker.failed(0);
    expect(breaker.state(100)).toBe("half-open");
    expect(breaker.mayTry(100)).toBe(true);
    breaker.tries(100);
    expect(breaker.mayTry(100)).toBe(false);
    breaker.failed(110);
    expect(breaker.closedFor(110)).toBe(200);
    breaker.tries(310);
    breaker.failed(320);
    expect(breaker.closedFor(320)).toBe(300);
    breaker.tries(620);
    breaker.succeeded();
    expect([breaker.state(620), breaker.mayTry(620)]).toEqual(["closed", true]);
  });

  it("a call that told nothing gives its turn to the next", () => {
    const breaker = new Breaker({ failures: 1, baseMs: 100 });
    breaker.failed(0);
    breaker.tries(100);
    breaker.saidNothing();
    expect(breaker.mayTry(100)).toBe(true);
  });

  it("calls that were under way when it opened do not lengthen it", () => {
    const breaker = new Breaker({ failures: 1, baseMs: 100 });
    breaker.failed(0);
    breaker.failed(50);
    expect(breaker.closedFor(50)).toBe(50);
  });

  it("what was ejected is open at once", () => {
    const breaker = new Breaker({ failures: 5, baseMs: 100 });
    breaker.ejected(0);
    expect(breaker.state(0)).toBe("open");
  });
});
