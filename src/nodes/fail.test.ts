import { expect, it } from "vitest";
import { problemsOf, runOne } from "./testing/one-node.ts";

const node = { kind: "fail", message: "{{ state.x }} is too much." };

it("fails with the document's words, finally", async () => {
  await expect(runOne(node, { x: 7 })).rejects.toMatchObject({
    record: { code: "failed_by_graph", message: "7 is too much.", retryable: false },
  });
});

it("fails with details of their own types", async () => {
  const details = { given: "{{ state.x }}", text: "about {{ state.x }}", limit: 5 };
  await expect(runOne({ ...node, details }, { x: 7 })).rejects.toMatchObject({
    record: { details: { given: 7, text: "about 7", limit: 5 } },
  });
});

it("fails under a name of the document's", async () => {
  await expect(runOne({ ...node, name: "TooMuch" }, { x: 7 })).rejects.toMatchObject({
    record: { code: "failed_by_graph", name: "TooMuch", message: "7 is too much." },
  });
  expect(problemsOf({ ...node, name: "too much!" }, { x: {}, out: {} })).toEqual([["invalid_value", "/nodes/n/name"]]);
});

it("may be tried again where the document says so", async () => {
  await expect(runOne({ ...node, retryable: true }, { x: 7 })).rejects.toMatchObject({ retryable: true });
});

it("a message has at most 2,000 characters, whatever its holes give", async () => {
  await expect(runOne(node, { x: "x".repeat(5000) })).rejects.toMatchObject({
    record: { message: "x".repeat(2000) },
  });
});
