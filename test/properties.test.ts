import { describe, expect, it } from "vitest";
import { injective } from "./properties/keys.ts";
import { readsBack, snapshotsTell } from "./properties/log.ts";
import { retriedOnce } from "./properties/retries.ts";
import { cancelledAnywhere, crashesAnywhere, deliveredTwice, eventsIn, startsInTurn } from "./properties/engine.ts";

// Each with far more cases: npm run proof -- properties [N].

const GAMES = 60;
const PATIENCE = { timeout: 60_000 };

describe("random runs of the engine", () => {
  it(
    "[property 2, property 4, G3, G4, G7] cut off after any event stand as they stood, and go on as they would have",
    PATIENCE,
    () => {
      expect(crashesAnywhere(GAMES).cases).toBeGreaterThan(10 * GAMES);
    },
  );

  it("[property 3, G2] take an event once, however often it is delivered", PATIENCE, () => {
    expect(deliveredTwice(GAMES).cases).toBeGreaterThan(10 * GAMES);
  });

  it("[property 6, G10, F29] cancelled after any event are over, once and for good", PATIENCE, () => {
    expect(cancelledAnywhere(GAMES).cases).toBeGreaterThan(10 * GAMES);
  });

  it("[property 18] start what is ready in its turn, whatever the limit", PATIENCE, () => {
    expect(startsInTurn(GAMES).cases).toBeGreaterThan(10 * GAMES);
  });

  it(
    "hold what the properties speak of: outside writes, resumes, waits, races, failures, frames, limits",
    PATIENCE,
    () => {
      const counts = eventsIn(GAMES);
      for (const name of [
        "started",
        "task-succeeded",
        "task-failed",
        "task-waiting",
        "task-resumed",
        "state-updated",
        "continued",
        "frames-announced",
        "frames-extended",
        "frame-started",
        "frame-failed",
        "race",
        "error edge",
        "send",
        "limit of concurrency",
      ])
        expect(counts.get(name) ?? 0, name).toBeGreaterThan(2);
    },
  );
});

describe("random values in the log", () => {
  it(
    "[property 8] are read back as they were, whatever they look like: rows, packed rows, blobs, chunks",
    PATIENCE,
    () => {
      readsBack(400);
    },
  );

  it("[property 13] are what the snapshots say, written whole or as differences", PATIENCE, () => {
    expect(snapshotsTell(150).cases).toBeGreaterThan(150);
  });

  it("[property 9, G3] count once, however often their task was tried or cut off", PATIENCE, () => {
    retriedOnce(400);
  });
});

describe("names", () => {
  it("[property 10, G14] are equal only where all that they name is: 100,000 pairs that look alike", PATIENCE, () => {
    expect(injective(20_000).cases).toBe(100_000);
  });
});
