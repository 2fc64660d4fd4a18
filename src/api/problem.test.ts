import { readFileSync } from "node:fs";
import { join } from "node:path";
import { HTTPException } from "hono/http-exception";
import { describe, expect, it } from "vitest";
import type { ErrorCode } from "../base/errors.ts";
import { failure } from "../base/errors.ts";
import { STATUS, problemResponse, recordOf, statusOf } from "./problem.ts";

const CODES = Object.keys(STATUS).sort() as ErrorCode[];
const graphs = { method: "POST", path: "/graphs" };
const runs = { method: "POST", path: "/threads/0190a5a0-0000-7000-8000-000000000000/runs/wait" };

const table = readFileSync(join(import.meta.dirname, "../../docs/errors.md"), "utf8")
  .split("\n")
  .flatMap((line) =>
    [/^\| `([a-z_]+)` +\| (\d{3})[^|]*\| (yes|no) +\| [^|]+\| [^|]+\|$/.exec(line)].filter((row) => row !== null),
  );

describe("docs/errors.md", () => {
  it("has exactly one line for each code", () => {
    expect(table.map((row) => String(row[1])).sort()).toEqual(CODES);
  });
  it.each(table.map((row) => [row[1], Number(row[2])] as const))("%s answers %i, as the table says", (code, status) => {
    expect(STATUS[code as ErrorCode]).toBe(status);
  });
});

describe("problem details", () => {
  it("a busy thread answers 422 where a run is started, and 409 elsewhere", () => {
    const busy = failure("thread_busy", "busy").record;
    expect(statusOf(busy, runs)).toBe(422);
    expect(statusOf(busy, { method: "POST", path: "/runs" })).toBe(422);
    expect(statusOf(busy, { method: "DELETE", path: "/threads/0190a5a0-0000-7000-8000-000000000000" })).toBe(409);
  });

  it("carry code, detail, retryable, pointer and further facts", async () => {
    const record = failure("unavailable", "later", {
      retryable: true,
      retryAfterMs: 1500,
      pointer: "/a",
      details: [1],
    });
    const response = problemResponse(record.record, graphs);
    expect(response.headers.get("content-type")).toBe("application/problem+json");
    expect(response.headers.get("retry-after")).toBe("2");
    expect(await response.json()).toEqual({
      type: "urn:edgewise:error:unavailable",
      title: "Unavailable",
      status: 503,
      detail: "later",
      code: "unavailable",
      retryable: true,
      pointer: "/a",
      details: [1],
    });
  });

  it("a refused body has the reference server's shape too, on its paths only", async () => {
    const record = failure("invalid_json", "no JSON").record;
    const error = { issues: [{ code: "custom", path: [], message: "no JSON" }], name: "ZodError" };
    expect(await problemResponse(record, runs).json()).toMatchObject({ success: false, error });
    expect(await problemResponse(record, graphs).json()).not.toHaveProperty("success");
  });

  it("a fault of ours tells a stranger nothing of the inside", async () => {
    const response = problemResponse(recordOf(new TypeError("secret path /x")), graphs);
    expect(response.status).toBe(500);
    expect(await response.text()).not.toContain("secret");
  });

  it("a refusal of the framework keeps its status", () => {
    expect(recordOf(new HTTPException(415, { message: "no" })).code).toBe("unsupported_media_type");
    expect(recordOf(new HTTPException(418, { message: "no" })).code).toBe("invalid_request");
  });
});
