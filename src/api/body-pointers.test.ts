import { expect, it } from "vitest";
import { EdgewiseError, type ErrorCode, failure } from "../base/errors.ts";
import { pointedInto } from "./body-pointers.ts";

const pointer = async (body: object, at: string, code: ErrorCode = "invalid_write") => {
  const refused = pointedInto(body, Promise.reject(failure(code, "No.", { pointer: at })));
  return refused.catch((error: unknown) => (error instanceof EdgewiseError ? error.record.pointer : error));
};
const pairs = [
  ["a", 1],
  ["b/c", { d: 2 }],
];

it.each([
  [{ values: { a: 1 } }, "/values/a/d", "/values/a/d"],
  [{ values: pairs }, "/values/b~1c/d", "/values/1/1/d"],
  [{ values: [{ a: 1 }, { b: 2 }] }, "/values/b/d", "/values/1/b/d"],
  [{ command: { update: { a: 1 } } }, "/command/update/a", "/command/update/a"],
  [{ command: { update: pairs } }, "/command/update/b~1c/d", "/command/update/1/1/d"],
  [{ command: { goto: "x" } }, "/command/goto/0", "/command/goto"],
  [{ command: { goto: { node: "x" } } }, "/command/goto/0", "/command/goto/node"],
  [{ command: { goto: ["__end__", "x", { node: "y" }] } }, "/command/goto/0", "/command/goto/1"],
  [{ command: { goto: ["__end__", "x", { node: "y" }] } }, "/command/goto/1", "/command/goto/2/node"],
  [{ input: {} }, "/input/a", "/input/a"],
  [{ checkpoint_id: "x" }, "/checkpoint_id", "/checkpoint_id"],
  [{ checkpoint: { checkpoint_id: "x" } }, "/checkpoint_id", "/checkpoint/checkpoint_id"],
])("of the body %j what the object calls %s is %s", async (body, at, expected) => {
  expect(await pointer(body, at)).toBe(expected);
});

it("a channel that there is not is pointed at by its name", async () => {
  expect(await pointer({ values: pairs }, "/values/a", "unknown_channel")).toBe("/values/0/0");
});

it("what has no pointer, or is no error of ours, goes on as it is", async () => {
  const bare = failure("not_found", "No.");
  await expect(pointedInto({}, Promise.reject(bare))).rejects.toBe(bare);
  await expect(pointedInto({}, Promise.resolve(1))).resolves.toBe(1);
});
