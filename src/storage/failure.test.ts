import { DrizzleQueryError } from "drizzle-orm/errors";
import { expect, it } from "vitest";
import { storageFailure } from "./failure.ts";

const failed = (text: string) => new DrizzleQueryError("select secret_column", ["tenant's data"], new Error(text));

it.each([
  ["D1_ERROR: no such table: api_keys: SQLITE_ERROR", "misconfigured", false],
  ["D1_ERROR: D1 DB is overloaded. Requests queued for too long.", "unavailable", true],
  ["D1_ERROR: Network connection lost.", "unavailable", true],
  ["D1_ERROR: D1 DB storage operation exceeded timeout which caused object to be reset.", "unavailable", true],
])("%s is %s", (text, code, retryable) => {
  expect(storageFailure(failed(text))).toMatchObject({ code, retryable });
});

it("any other failed query is a fault of ours, told without query and parameters", () => {
  const error = storageFailure(failed("D1_ERROR: near SELEC: syntax error"));
  expect(error).not.toHaveProperty("code");
  expect(error?.message).not.toMatch(/secret_column|tenant's data/);
});

it("what is no query's failure is none of its business", () => {
  expect(storageFailure(new Error("no such table"))).toBeUndefined();
});
