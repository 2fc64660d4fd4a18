import { describe, expect, it } from "vitest";
import { CONTRACT, VERSIONS } from "./clients/contract.ts";
import { unknownMethods, unpromised, unproved } from "./clients/coverage.ts";
import type { Result } from "./clients/results.ts";
import { tableInPage, tableOf } from "./clients/table.ts";

describe("the contract of the published clients", () => {
  it.each(VERSIONS)("names every method that the classes of %s have", (version) => {
    expect(unknownMethods(version)).toEqual([]);
  });

  it("has a case for every method and every field, and no case is about anything else", () => {
    expect(unproved()).toEqual([]);
    expect(unpromised()).toEqual([]);
  });
});

describe("the table of docs/langgraph.md", () => {
  it("names every method and every field of the contract", () => {
    const rows = tableInPage().split("\n");
    for (const [method, { fields }] of Object.entries(CONTRACT)) {
      const row = rows.find((each) => each.startsWith(`| \`${method}\` |`) || each.startsWith(`| ${method} |`)) ?? "";
      expect(row, method).not.toBe("");
      for (const field of fields) expect(row, `${method}: ${field}`).toContain(field.replaceAll("|", "\\|"));
    }
  });

  it("says nothing of what failed or was not tried when it was made", () => {
    expect(tableInPage()).not.toMatch(/\*\*(fails|not tried)\*\*/);
  });

  it("would say of a field whose case failed, or that nobody tried, that it is so", () => {
    const result = (about: string, fault?: string): Result => ({
      name: "x",
      about: [about],
      with: "1.15.0",
      milliseconds: 1,
      ...(fault !== undefined && { fault }),
    });
    const table = tableOf([
      result("assistants.count"),
      result("assistants.count:graphId"),
      result("assistants.count:name", "no"),
    ]);
    const row = table.split("\n").find((line) => line.includes("`assistants.count`"));
    expect(row).toBe("| `assistants.count` | 1.15.0, 2.0.0 | graphId | `metadata`: **not tried**; `name`: **fails** |");
  });
});
