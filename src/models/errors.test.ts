import { describe, expect, it } from "vitest";
import { errorOfStatus, parseRetryAfter, shortCause } from "./errors.ts";

const now = Date.parse("2026-11-20T10:00:00Z");

describe("Retry-After", () => {
  it.each([
    ["0", 0],
    ["7", 7_000],
    [" 1.5 ", 1_500],
    ["Fri, 20 Nov 2026 10:00:30 GMT", 30_000],
    ["Fri, 20 Nov 2026 09:00:00 GMT", 0],
    ["99999999999999999999", 86_400_000],
    ["Fri, 20 Nov 2099 10:00:00 GMT", 86_400_000],
    ["-5", 0],
    ["soon", undefined],
    ["", undefined],
    [null, undefined],
  ])("%s means %s ms", (value, expected) => {
    const delayMs = parseRetryAfter(value, now);
    // A negative number is read as a date by some engines and as nothing by others; never as a wait.
    if (value === "-5") expect(delayMs ?? 0).toBe(0);
    else expect(delayMs).toBe(expected);
  });
});

describe("status to code", () => {
  it.each([
    [300, "model_bad_reply", true],
    [400, "model_refused", false],
    [401, "model_auth", false],
    [402, "model_refused", false],
    [403, "model_auth", false],
    [404, "model_refused", false],
    [408, "model_timeout", true],
    [413, "context_too_long", false],
    [418, "model_refused", false],
    [422, "model_refused", false],
    [429, "model_rate_limited", true],
    [500, "model_overloaded", true],
    [501, "model_overloaded", true],
    [503, "model_overloaded", true],
    [504, "model_overloaded", true],
    [529, "model_overloaded", true],
  ])("%i is %s, retryable: %s", (status, code, retryable) => {
    const { record } = errorOfStatus({ model: "openai/m", status, retryAfter: null, body: "", nowMs: now });
    expect(record).toMatchObject({ code, retryable });
    expect(record.message).toContain("openai/m");
  });

  it.each([
    "This model's maximum context length is 128000 tokens.",
    '{"error":{"code":"context_length_exceeded"}}',
    "prompt is too long: 210000 tokens > 200000 maximum",
    "the input exceeds the context window",
  ])("a 400 that says %j is context_too_long", (body) => {
    expect(errorOfStatus({ model: "m/m", status: 400, retryAfter: null, body, nowMs: now }).code).toBe(
      "context_too_long",
    );
  });
});

describe("a cause", () => {
  it.each([
    ['{"error":{"message":"Too fast.","type":"x"}}', "Too fast."],
    ['{"type":"error","error":{"type":"x","message":"Too fast."}}', "Too fast."],
    ['{"error":"Too fast."}', "Too fast."],
    ['{"message":"Too fast."}', "Too fast."],
    ['{"detail":"Too fast."}', '{"detail":"Too fast."}'],
    ["[1]", "[1]"],
    ["<h1>Too fast.</h1>", "<h1>Too fast.</h1>"],
    ["", undefined],
  ])("of the body %s is what the provider says", (body, cause) => {
    expect(errorOfStatus({ model: "m/m", status: 429, retryAfter: null, body, nowMs: now }).record.cause).toBe(cause);
  });

  it.each([
    ["Incorrect API key provided: sk-proj-abcDEF123456", "sk-proj"],
    ["Authorization: Bearer abc.def.ghi failed", "abc.def"],
    ["key AIzaSyA1234567890abcdefg", "AIzaSy"],
    ["your own-key-42 is wrong", "own-key-42"],
  ])("%s loses its key", (text, secret) => {
    expect(shortCause(text, ["own-key-42"])).not.toContain(secret);
  });

  it("is one short line, whatever the provider sends", () => {
    const cause = shortCause(`a\r\nb\u001b[31m\u2028c ${"x".repeat(100_000)}`);
    expect(cause).toMatch(/^a b \[31m c x+…$/);
    expect(cause.length).toBeLessThan(310);
  });
});
