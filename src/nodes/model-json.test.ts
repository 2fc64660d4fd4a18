import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { readJsonAnswer } from "./model-json.ts";

describe("JSON in an answer", () => {
  it("is the answer, or what stands in its code fence, whatever is said around that", () => {
    fc.assert(
      fc.property(fc.jsonValue(), fc.constantFrom("", "```", "```json"), (value, fence) => {
        fc.pre(!JSON.stringify(value).includes("__proto__"));
        const json = JSON.stringify(value);
        const text = fence === "" ? ` ${json}\n` : `Here it is:\n${fence}\n${json}\n\`\`\`\nAnything else?`;
        expect(readJsonAnswer(text)).toEqual({ ok: true, value: JSON.parse(json) as unknown });
      }),
    );
  });

  it("may itself hold fences", () => {
    const value = { code: "```js\n1\n```" };
    expect(readJsonAnswer(`\`\`\`json\n${JSON.stringify(value)}\n\`\`\``)).toEqual({ ok: true, value });
  });

  it.each<[string, string, string]>([
    ["nothing", " \n", "it is empty"],
    ["prose", "Sure!", "it is not JSON"],
    ["an empty fence", "```json\n```", "it is empty"],
    ["a fence that stays open", '```json\n{"a": 1}', "it is not JSON"],
    ["two values", "```json\n1\n```\nor\n```json\n2\n```", "it is not JSON"],
    ["a number beyond all bounds", '{"a": [1e999]}', "it has a number too large to keep"],
    ["the key that is no data", '[{"__proto__": {"admin": true}}]', 'it has the key "__proto__"'],
    ["a well", `${"[".repeat(101)}1${"]".repeat(101)}`, "it nests more than 100 deep"],
    ["a bottomless well", "[".repeat(200_000) + "]".repeat(200_000), "it nests more than 100 deep"],
  ])("is not %s", (_, text, fault) => {
    expect(readJsonAnswer(text)).toEqual({ ok: false, fault: expect.stringContaining(fault) });
  });

  it("may be as deep as a document", () => {
    expect(readJsonAnswer(`${"[".repeat(100)}1${"]".repeat(100)}`).ok).toBe(true);
  });
});
