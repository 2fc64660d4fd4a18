import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Json } from "../../base/json.ts";
import { civilTime, daysOf } from "./calendar.ts";
import { compileExpression } from "./compile.ts";
import { createLanguage } from "./language.ts";
import { parseDateTime } from "./rfc3339.ts";
import { timeText, Time } from "./times.ts";

const LANGUAGE = createLanguage({
  channels: ["any", "text"].map((name) => ({ name, reducer: "last", conflict: "error" })),
});
const STARTED = "2026-05-01T12:00:00.250Z";

function evaluate(source: string): Json {
  const { expression, mistakes } = compileExpression(source, LANGUAGE);
  expect(mistakes).toEqual([]);
  return expression.evaluate({ read: () => "2026-05-01T12:00:00Z", globals: { run: { started_at: STARTED } } });
}

describe("times leave an expression as text", () => {
  it.each<[string, Json]>([
    ["timestamp(run.started_at)", STARTED],
    ["timestamp('2026-05-01T14:00:00+02:00')", "2026-05-01T12:00:00Z"],
    ["timestamp(0)", "1970-01-01T00:00:00Z"],
    ["timestamp(1.5)", "1970-01-01T00:00:01.500Z"],
    ["duration('1h30m')", "5400s"],
    ["duration('1500ms')", "1.5s"],
    ["duration('-0.25s')", "-0.25s"],
    ["duration('0s')", "0s"],
    ["duration('999us')", "0s"],
    ["[timestamp(0), duration('1s')]", ["1970-01-01T00:00:00Z", "1s"]],
    ["{'a': {'b': [timestamp(0)]}}", { a: { b: ["1970-01-01T00:00:00Z"] } }],
    ["[1, 2].map(x, timestamp(x))", ["1970-01-01T00:00:01Z", "1970-01-01T00:00:02Z"]],
    ["cel.bind(t, timestamp(0), {'t': t, 'same': t == timestamp(0)})", { t: "1970-01-01T00:00:00Z", same: true }],
    ["json({'a': timestamp(0)})", '{"a":"1970-01-01T00:00:00Z"}'],
    ["string(timestamp(0)) + ' ' + string(duration('2m'))", "1970-01-01T00:00:00Z 120s"],
    ["int(timestamp('1970-01-01T00:01:00.5Z')) + int(duration('1m'))", 120],
    ["true ? timestamp(0) : null", "1970-01-01T00:00:00Z"],
    ["merge({'a': timestamp(0)}, {})", { a: "1970-01-01T00:00:00Z" }],
    ["values({'a': timestamp(0)}).first()", "1970-01-01T00:00:00Z"],
  ])("%s is %j", (source, value) => {
    const given = evaluate(source);
    expect(given).toStrictEqual(value);
    expect(JSON.parse(JSON.stringify(given))).toStrictEqual(value);
  });
});

describe("times in an expression", () => {
  it.each<[string, Json]>([
    ["timestamp(60) - duration('1m') == timestamp(0)", true],
    ["duration('1m') + timestamp(0) == timestamp(60)", true],
    ["timestamp(60) - timestamp(0) == duration('60s')", true],
    ["duration('1m') + duration('1s') - duration('61s') == duration('0s')", true],
    ["timestamp(1) < timestamp(2) && duration('1s') >= duration('999ms')", true],
    ["timestamp(run.started_at) > timestamp(state.text)", true],
    ["dyn(timestamp(0)) == '1970-01-01T00:00:00Z'", false],
    ["timestamp(0) in [timestamp(0)]", true],
    ["[timestamp(2), timestamp(1)].sort().first() == timestamp(1)", true],
    ["max([timestamp(2), timestamp(1)]) == timestamp(2)", true],
    ["[timestamp(0), timestamp(0), timestamp(1)].distinct().size()", 2],
    ["timestamp('2024-12-31T23:59:58.250Z').getDayOfYear()", 365],
    ["timestamp('2026-05-01T12:00:00Z').getDayOfWeek()", 5],
    ["timestamp('2026-05-01T12:00:00Z').getMonth()", 4],
    ["timestamp('2026-05-01T12:00:00Z').getDate() + timestamp('2026-05-01T12:00:00Z').getDayOfMonth()", 1],
    ["timestamp('2026-05-01T12:34:56.789Z').getHours()", 12],
    ["timestamp('2026-05-01T12:34:56.789Z').getMinutes('+05:45')", 19],
    [
      "timestamp('2026-05-01T12:34:56.789Z').getSeconds() + timestamp('2026-05-01T12:34:56.789Z').getMilliseconds()",
      845,
    ],
    ["timestamp('2026-05-01T22:30:00Z').getDate('Europe/Berlin')", 2],
    ["timestamp('2026-01-01T00:00:00Z').getHours('Europe/Berlin')", 1],
    ["timestamp('2026-07-01T00:00:00Z').getHours('Europe/Berlin')", 2],
    ["timestamp('2026-01-01T00:00:00Z').getFullYear('America/New_York')", 2025],
    ["timestamp('2026-01-01T00:00:00Z').getHours('-08:00')", 16],
    ["timestamp(-1).getFullYear()", 1969],
    ["duration('90m').getHours() + duration('90m').getMinutes()", 91],
    ["duration('1.5s').getSeconds() + duration('1.5s').getMilliseconds()", 1501],
  ])("%s is %j", (source, value) => {
    expect(evaluate(source)).toStrictEqual(value);
  });

  it.each([
    ["timestamp('2026-02-29T00:00:00Z')", "is no time such as"],
    ["timestamp('yesterday')", "is no time such as"],
    ["timestamp('2026-05-01')", "is no time such as"],
    ["timestamp(1e300)", "years 1 to 9999"],
    ["timestamp(253402300799) + duration('1s')", "years 1 to 9999"],
    ["duration('1 day')", "is no duration such as"],
    ["duration('')", "is no duration such as"],
    ["duration('1h'.replace('1', '1h1h1h1h1h1h1h1h1h1h1h1h1h1h1h1h1h1h1h1h1h1h1'))", "is no duration such as"],
    ["duration('999999999999999h')", "at most 10,000 years"],
    ["timestamp(0).getHours('Mars/Olympus')", "is no time zone such as"],
    ["timestamp(0).getHours('+99:00')", "is no time zone such as"],
    ["timestamp(0).getHours('__proto__')", "is no time zone such as"],
    ["dyn(duration('1s')).getFullYear()", "a duration has no getFullYear()"],
    ["dyn('x').getHours()", "not string"],
    ["dyn(timestamp(0)) + 1", "timestamp + number is not defined"],
    ["dyn(timestamp(0)) + timestamp(0)", "timestamp + timestamp is not defined"],
    ["dyn(duration('1s')) - timestamp(0)", "must be a number, not duration"],
    ["dyn(timestamp(0)) < duration('1s')", "timestamp and duration have no order"],
    ["dyn(timestamp(0)).ms", 'timestamp has no field "ms"'],
    ["dyn(timestamp(0)).map(x, x)", "not timestamp"],
    ["size(dyn(timestamp(0)))", "timestamp has no size"],
    ["{timestamp(0): 1}", "a key must be a string, not timestamp"],
    ["'a'.matches(dyn(timestamp(0)))", "must be a string, not timestamp"],
  ])("%s fails: %s", (source, cause) => {
    expect(() => evaluate(source)).toThrow(cause);
  });

  it.each([
    ["1 + (timestamp(1) + 1)", "type_mismatch", "timestamp(1) + 1", "timestamp + number"],
    ["timestamp(0) + timestamp(0)", "type_mismatch", "timestamp(0) + timestamp(0)", "timestamp + timestamp"],
    ["duration('1s') * 2", "type_mismatch", "duration('1s') * 2", "duration * number"],
    ["timestamp(0) < '2026'", "type_mismatch", "timestamp(0) < '2026'", "timestamp < string"],
    ["timestamp(true)", "type_mismatch", "timestamp(true)", "timestamp(bool)"],
    ["duration(1)", "type_mismatch", "duration(1)", "duration(number)"],
    ["duration('1s').getMonth()", "type_mismatch", "duration('1s').getMonth()", "getMonth"],
    ["'a'.getHours()", "type_mismatch", "'a'.getHours()", "getHours"],
    ["timestamp(0).getHours(1)", "type_mismatch", "timestamp(0).getHours(1)", "getHours"],
    ["1 < now()", "unknown_function", "now()", "now"],
  ])("%s is refused: %s", (source, code, at, message) => {
    const [mistake] = compileExpression(source, LANGUAGE).mistakes;
    expect(mistake).toMatchObject({ code, message: expect.stringContaining(message) as string });
    expect(source.slice(mistake?.start, mistake?.end)).toBe(at);
  });

  it("says where time comes from", () => {
    expect(compileExpression("now()", LANGUAGE).mistakes[0]?.hint).toContain("run.started_at");
  });

  it("the type of a result that is a time is string", () => {
    expect(compileExpression("timestamp(0)", LANGUAGE).type).toBe("string");
    expect(compileExpression("timestamp(0) - timestamp(0)", LANGUAGE).type).toBe("string");
  });
});

describe("the calendar", () => {
  const moment = fc.integer({ min: -62_135_596_800_000, max: 253_402_300_799_999 });

  it("agrees with the platform's at every moment", () => {
    fc.assert(
      fc.property(moment, (ms) => {
        // oxlint-disable-next-line no-restricted-globals -- the platform's calendar, at a given moment
        const date = new Date(ms);
        expect(timeText(new Time("timestamp", ms))).toBe(date.toISOString().replace(".000Z", "Z"));
        expect(parseDateTime(date.toISOString())).toBe(ms);
        const { year, month, day, weekday, yearday } = civilTime(ms);
        expect(weekday).toBe(date.getUTCDay());
        expect(daysOf(year, month, day)).toBe(Math.floor(ms / 86_400_000));
        expect(yearday).toBe(daysOf(year, month, day) - daysOf(year, 1, 1));
      }),
    );
  });
});
