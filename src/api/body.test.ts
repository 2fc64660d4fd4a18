import { describe, expect, it } from "vitest";
import { mediaTypeOf, parseJson, readText } from "./body.ts";

const nested = (depth: number) => `${"[".repeat(depth)}${"]".repeat(depth)}`;
const stream = (...chunks: readonly (string | Uint8Array)[]) =>
  new ReadableStream<Uint8Array>({
    start(controller) {
      const encoder = new TextEncoder();
      for (const chunk of chunks) controller.enqueue(typeof chunk === "string" ? encoder.encode(chunk) : chunk);
      controller.close();
    },
  });

describe("parseJson", () => {
  it.each([
    ["", undefined],
    ["{", undefined],
    ["{'a':1}", undefined],
    [nested(100_000), "/0/0/0/0/0/0/0/0"],
    [nested(202), "/0/0/0/0/0/0/0/0"],
    ['{"a":[1,1e400]}', "/a/1"],
    ['{"a":"\\ud800"}', "/a"],
    ['{"a":"\\u0000"}', "/a"],
    ['{"a/b":{"~":"\\udc00x"}}', "/a~1b/~0"],
    ['{"a":{"\\ud800":1}}', "/a"],
    ['{"\\u0000":1}', ""],
  ])("refuses %.30j and says where", (text, pointer) => {
    expect(() => parseJson(text)).toThrow(expect.objectContaining({ code: "invalid_json" }));
    try {
      parseJson(text);
    } catch (error) {
      expect((error as { record: { pointer?: string } }).record.pointer).toBe(pointer);
    }
  });

  it("takes what is allowed, to the last level", () => {
    expect(parseJson(nested(200))).toBeDefined();
    expect(parseJson('["😀", -0.5, 1e308, null]')).toEqual(["😀", -0.5, 1e308, null]);
  });

  it("keeps __proto__ as data", () => {
    const value = parseJson('{"__proto__":{"polluted":true}}');
    expect(Object.keys(value as object)).toEqual(["__proto__"]);
    expect(({} as { polluted?: boolean }).polluted).toBeUndefined();
  });
});

describe("readText", () => {
  it("stops at the bound, however many chunks are still to come", async () => {
    let pulled = 0;
    const endless = new ReadableStream<Uint8Array>({
      pull(controller) {
        pulled += 1;
        controller.enqueue(new Uint8Array(10));
      },
    });
    await expect(readText(endless, 25)).rejects.toMatchObject({ code: "payload_too_large" });
    expect(pulled).toBeLessThan(6);
  });
  it("refuses bytes that are no UTF-8", async () => {
    await expect(readText(stream(Uint8Array.of(0x22, 0xff, 0x22)), 10)).rejects.toMatchObject({ code: "invalid_json" });
  });
  it("says that a body was cut off, as the sender's fault", async () => {
    let pulled = 0;
    const cutOff = new ReadableStream<Uint8Array>({
      pull(controller) {
        pulled += 1;
        if (pulled === 1) controller.enqueue(Uint8Array.of(0x7b));
        else controller.error(new Error("Network connection lost."));
      },
    });
    await expect(readText(cutOff, 10)).rejects.toMatchObject({ code: "invalid_request" });
  });
  it("joins a character that two chunks share", async () => {
    const [first, ...rest] = new TextEncoder().encode("é");
    expect(await readText(stream(Uint8Array.of(first ?? 0), Uint8Array.from(rest)), 10)).toBe("é");
  });
});

it.each([
  [undefined, "application/json"],
  ["text/plain;charset=UTF-8", "application/json"],
  ["Application/JSON; charset=utf-8", "application/json"],
  ["text/yaml", "text/yaml"],
  [" ; charset=x", "application/json"],
])("the media type of %j is %s", (header, mediaType) => {
  expect(mediaTypeOf(header)).toBe(mediaType);
});
