import { coerceMessageLikeToMessage } from "@langchain/core/messages";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { isJsonObject, type Json, type JsonObject } from "./json.ts";
import { normalizeMessages } from "./messages.ts";

const one = (value: Json): JsonObject => {
  const [message] = normalizeMessages("messages", [value], (index) => `given-${index}`) as readonly Json[];
  if (message === undefined || !isJsonObject(message)) throw new Error("There is no message.");
  return message;
};

/** What LangChain makes of it, flat as its server shows it. */
function reference(value: Json): JsonObject {
  const { type, data } = coerceMessageLikeToMessage(value as never).toDict();
  return JSON.parse(JSON.stringify({ id: "given-0", ...data, type })) as JsonObject;
}

const content = fc.oneof(
  fc.string(),
  fc.constant([
    { type: "text", text: "a" },
    { type: "image_url", image_url: { url: "data:," } },
  ]),
);
const fields = fc.record(
  {
    id: fc.constantFrom("m1", "m2"),
    name: fc.string(),
    additional_kwargs: fc.constant({ a: 1 }),
    response_metadata: fc.constant({ model: "x" }),
    example: fc.boolean(),
  },
  { requiredKeys: [] },
);
const call = fc.constantFrom(
  { id: "c1", name: "f", args: { a: 1 } },
  { id: "c2", name: "f", args: {}, type: "tool_call" },
  { id: "c3", type: "function", function: { name: "f", arguments: '{"a":[1]}' } },
);
const speaker = (key: "role" | "type", ...names: readonly string[]) =>
  fc.constantFrom(...names).map((name) => ({ [key]: name }));
const spoken = (...parts: readonly fc.Arbitrary<object>[]) =>
  fc.tuple(fields, fc.record({ content }), ...parts).map((all) => Object.assign({}, ...all) as Json);

const messages = fc.oneof(
  fc.string() as fc.Arbitrary<Json>,
  fc.tuple(fc.constantFrom("human", "user", "ai", "assistant", "system", "developer"), content) as fc.Arbitrary<Json>,
  spoken(speaker("role", "user", "human", "system", "developer")),
  spoken(speaker("type", "human", "system")),
  spoken(
    fc.oneof(speaker("role", "assistant"), speaker("type", "ai")),
    fc.record({ tool_calls: fc.array(call, { maxLength: 2 }) }, { requiredKeys: [] }),
    fc.record(
      { usage_metadata: fc.constant({ input_tokens: 1, output_tokens: 2, total_tokens: 3 }) },
      { requiredKeys: [] },
    ),
  ),
  spoken(
    fc.oneof(speaker("role", "tool"), speaker("type", "tool")),
    fc.constant({ tool_call_id: "c1" }),
    fc.record({ status: fc.constantFrom("success", "error"), artifact: fc.constant([1]) }, { requiredKeys: [] }),
  ),
);

describe("messages in the one form that is kept", () => {
  it("have the fields that LangChain gives them, and no others", () => {
    fc.assert(
      fc.property(messages, (message) => {
        expect(one(message)).toEqual(reference(message));
      }),
    );
  });

  it("are the same when they are written again", () => {
    fc.assert(
      fc.property(messages, (message) => {
        expect(one(one(message))).toEqual(one(message));
      }),
    );
  });

  it.each<[Json, JsonObject]>([
    [
      {
        lc: 1,
        type: "constructor",
        id: ["langchain_core", "messages", "HumanMessage"],
        kwargs: { content: "k", id: "q" },
      },
      { type: "human", content: "k", id: "q" },
    ],
    [
      { type: "AIMessageChunk", content: "x", tool_call_chunks: [] },
      { type: "ai", content: "x", id: "given-0", tool_calls: [], invalid_tool_calls: [] },
    ],
    [
      { type: "human", data: { content: "d", id: "old" } },
      { type: "human", content: "d", id: "old" },
    ],
    [
      { role: "assistant", content: null },
      { type: "ai", content: [], id: "given-0", tool_calls: [], invalid_tool_calls: [] },
    ],
    [
      { role: "user", type: "ai", content: "who?" },
      { type: "human", content: "who?", id: "given-0" },
    ],
  ])("%j is taken too", (given, kept) => {
    expect(one(given)).toEqual({ additional_kwargs: {}, response_metadata: {}, ...kept });
  });

  it("that delete say whom, and nothing else is kept of them", () => {
    expect(one({ role: "remove", id: "m1", content: "x" })).toEqual({ type: "remove", id: "m1" });
  });

  it("come as a list, or alone", () => {
    expect(normalizeMessages("m", { role: "user", content: "a" }, () => "1")).toHaveLength(1);
    expect(normalizeMessages("m", "a", () => "1")).toHaveLength(1);
    expect(normalizeMessages("m", ["user", "a"], (index) => String(index))).toMatchObject([
      { content: "user", id: "0" },
      { content: "a", id: "1" },
    ]);
  });

  it.each<[Json, string]>([
    [5, "neither a text"],
    [{ content: "x" }, "neither a `type` nor a `role`"],
    [{ role: "constructor", content: "x" }, "unknown role"],
    [{ role: "function", content: "x" }, "unknown role"],
    [{ type: "__proto__", content: "x" }, "unknown role"],
    [{ role: "user", content: "x", id: 5 }, "an `id` that is no text"],
    [{ type: "remove" }, "names no `id`"],
    [
      { role: "assistant", tool_calls: [{ id: "1", type: "function", function: { name: "f", arguments: "{bad" } }] },
      "arguments that are not JSON",
    ],
  ])("%j is refused, with its place", (given, why) => {
    expect(() => normalizeMessages("talk", ["fine", given], () => "1")).toThrow(
      expect.objectContaining({
        message: expect.stringContaining(why) as string,
        record: expect.objectContaining({ code: "invalid_write", pointer: "/talk/1" }) as unknown,
      }) as Error,
    );
  });
});
