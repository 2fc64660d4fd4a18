import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { EdgewiseError } from "../../src/base/errors.ts";
import { checkRhythm, latestInstant, nextInstant, type Rhythm } from "./instants.ts";

const at = (text: string): number => Date.parse(text);
const NEW_YORK = "America/New_York";

function walk(rhythm: Rhythm, after: string, count: number): string[] {
  const found: string[] = [];
  for (let time: number | undefined = at(after); found.length < count; ) {
    time = nextInstant(rhythm, time);
    if (time === undefined) break;
    found.push(new Date(time).toISOString().slice(0, 16));
  }
  return found;
}

describe("the next instant", () => {
  it("is counted in UTC, or in the time zone asked for", () => {
    expect(walk({ schedule: "0 9 * * *", timezone: null }, "2026-01-01T00:00:00Z", 2)).toEqual([
      "2026-01-01T09:00",
      "2026-01-02T09:00",
    ]);
    expect(walk({ schedule: "0 9 * * *", timezone: "Asia/Tokyo" }, "2026-01-01T00:00:00Z", 1)).toEqual([
      "2026-01-02T00:00",
    ]);
  });

  it("of a fixed time that the clocks skip is the first moment after the gap; of a repeated one the first", () => {
    expect(walk({ schedule: "30 2 * * *", timezone: NEW_YORK }, "2026-03-07T00:00:00Z", 3)).toEqual([
      "2026-03-07T07:30",
      "2026-03-08T07:00",
      "2026-03-09T06:30",
    ]);
    expect(walk({ schedule: "30 1 * * *", timezone: NEW_YORK }, "2026-11-01T00:00:00Z", 2)).toEqual([
      "2026-11-01T05:30",
      "2026-11-02T06:30",
    ]);
  });

  it("of a rhythm goes on evenly through both", () => {
    expect(walk({ schedule: "*/30 * * * *", timezone: NEW_YORK }, "2026-03-08T06:15:00Z", 4)).toEqual([
      "2026-03-08T06:30",
      "2026-03-08T07:00",
      "2026-03-08T07:30",
      "2026-03-08T08:00",
    ]);
    expect(walk({ schedule: "15 * * * *", timezone: NEW_YORK }, "2026-11-01T04:50:00Z", 3)).toEqual([
      "2026-11-01T05:15",
      "2026-11-01T06:15",
      "2026-11-01T07:15",
    ]);
  });
});

it.each([
  ["0 0 30 2 *", null, "/schedule", "never comes"],
  ["* * * * * *", null, "/schedule", "five fields"],
  ["61 * * * *", null, "/schedule", "minute"],
  ["2026-01-01T00:00:00", null, "/schedule", "five fields"],
  ["", null, "/schedule", "five fields"],
  ["@reboot", null, "/schedule", "five fields"],
  [`${"1,".repeat(400)}1 * * * *`, null, "/schedule", "five fields"],
  ["0 0 * * *", "Mars/Olympus", "/timezone", "IANA"],
  ["0 0 * * *", "", "/timezone", "IANA"],
])("%j in %j is refused at %s", (schedule, timezone, pointer, words) => {
  try {
    checkRhythm({ schedule, timezone }, 0);
  } catch (thrown) {
    expect((thrown as EdgewiseError).record).toMatchObject({ code: "invalid_request", pointer });
    return expect((thrown as EdgewiseError).message).toContain(words);
  }
  throw new Error("It was taken.");
});

it("the latest instant is what a walk from the first would have come to", () => {
  const schedules = ["*/7 * * * *", "30 2 * * *", "0 9 * * 1-5", "15 1 * * *", "0 0 1 * *", "30 1,2 * * 0"];
  const zones = [null, NEW_YORK, "Europe/Berlin", "Australia/Lord_Howe"];
  fc.assert(
    fc.property(
      fc.constantFrom(...schedules),
      fc.constantFrom(...zones),
      // Around the changes of the clocks of one year, and anywhere in it.
      fc.oneof(
        fc.constantFrom("2026-03-08T05:00Z", "2026-11-01T04:00Z", "2026-03-28T23:00Z", "2026-10-24T23:00Z").map(at),
        fc.integer({ min: at("2026-01-01T00:00Z"), max: at("2026-12-01T00:00Z") }),
      ),
      fc.integer({ min: 0, max: 60 * 60 * 30 }),
      (schedule, timezone, from, seconds) => {
        const rhythm = { schedule, timezone };
        const first = nextInstant(rhythm, from) ?? 0;
        const upTo = first + seconds * 1_000;
        let walked = first;
        for (let next: number | undefined = first; next !== undefined && next <= upTo; next = nextInstant(rhythm, next))
          walked = next;
        expect(latestInstant(rhythm, first, upTo)).toBe(walked);
      },
    ),
    { numRuns: 300 },
  );
});
