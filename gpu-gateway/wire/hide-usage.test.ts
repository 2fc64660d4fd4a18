import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { HideUsage } from "./hide-usage.ts";

const EVENTS = [
  'data: {"choices":[{"delta":{"content":"a \\"choices\\":[] and usage"}}]}\n\n',
  'data: {"choices":[{"delta":{},"finish_reason":"stop"}],"usage":null}\n\n',
  'data: {"choices":[],"usage":{"prompt_tokens":1,"completion_tokens":2}}\n\n',
  "data: [DONE]\n\n",
];

describe("usage that was not asked for", () => {
  it("goes out of the stream, and nothing else does, however it is cut", () => {
    const bytes = Buffer.from(EVENTS.join(""));
    const wanted = EVENTS.filter((_, index) => index !== 2).join("");
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: bytes.length }), { maxLength: 20 }), (cuts) => {
        const places = [0, ...cuts.toSorted((one, other) => one - other), bytes.length];
        const filter = new HideUsage();
        const out = places.slice(1).map((end, index) => filter.push(bytes.subarray(places[index], end)));
        expect(Buffer.concat([...out, filter.end()]).toString()).toBe(wanted);
      }),
    );
  });

  it("a stream that breaks off loses nothing of what came", () => {
    const filter = new HideUsage();
    const out = [filter.push(Buffer.from("data: {")), filter.push(Buffer.from('"a":1}\n')), filter.end()];
    expect(Buffer.concat(out).toString()).toBe('data: {"a":1}\n');
  });
});
