import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type Tokens, UsageTap } from "./usage-tap.ts";

function read(pieces: readonly (string | Buffer)[]): Tokens | undefined {
  const tap = new UsageTap();
  for (const piece of pieces) tap.push(Buffer.from(piece));
  return tap.tokens;
}

const NONE = { cachedInput: 0, cacheWrite: 0, reasoning: 0 };
const STREAM = [
  'data: {"choices":[{"delta":{"content":"say \\"usage\\":{\\"prompt_tokens\\":9}"}}],"usage":null}\n\n',
  'data: {"choices":[],"usage":{"prompt_tokens":12,"completion_tokens":200,"total_tokens":212,"prompt_tokens_details":{"cached_tokens":4},"completion_tokens_details":{"reasoning_tokens":7}}}\n\n',
  "data: [DONE]\n\n",
].join("");
const ANTHROPIC = [
  'event: message_start\ndata: {"type":"message_start","message":{"usage":{"input_tokens":10,"cache_read_input_tokens":5,"cache_creation_input_tokens":2,"output_tokens":1}}}\n\n',
  'event: message_delta\ndata: {"type":"message_delta","delta":{},"usage":{"output_tokens":30}}\n\n',
].join("");

describe("usage, read as it passes (GW8)", () => {
  it("reads a stream's last usage, whatever its texts say", () => {
    expect(read([STREAM])).toEqual({ input: 12, output: 200, cachedInput: 4, cacheWrite: 0, reasoning: 7 });
  });

  it("reads JSON, with and without white space", () => {
    expect(read(['{"usage":{"prompt_tokens":1,"completion_tokens":2}}'])).toEqual({ input: 1, output: 2, ...NONE });
    expect(read(['{"usage" : {\n "input_tokens": 3, "output_tokens": 4 }}'])).toEqual({ input: 3, output: 4, ...NONE });
  });

  it("adds up what Anthropic tells at the beginning and at the end", () => {
    expect(read([ANTHROPIC])).toEqual({ input: 17, output: 30, cachedInput: 5, cacheWrite: 2, reasoning: 0 });
  });

  it("says nothing where nothing was told, or what was told makes no sense", () => {
    expect(read(['{"usage":null}'])).toBeUndefined();
    expect(read(['{"usage":{"prompt_tokens":-1}}'])).toBeUndefined();
    expect(read(['{"usage":{"prompt_tokens":"12"}}', '{"usage"'])).toBeUndefined();
  });

  it("however the bytes are cut, it reads the same", () => {
    const text = Buffer.from(`${STREAM}${ANTHROPIC}`);
    const whole = read([text]);
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: text.length }), { maxLength: 30 }), (cuts) => {
        const places = [0, ...cuts.toSorted((one, other) => one - other), text.length];
        const pieces = places.slice(1).map((end, index) => text.subarray(places[index], end));
        expect(read(pieces)).toEqual(whole);
      }),
    );
  });

  it("an object that never ends is not kept for ever", () => {
    const tap = new UsageTap();
    tap.push(Buffer.from('{"usage":{"a":"'));
    for (let n = 0; n < 100; n++) tap.push(Buffer.alloc(10_000, "x"));
    tap.push(Buffer.from('{"usage":{"prompt_tokens":1,"completion_tokens":2}}'));
    expect(tap.tokens).toEqual({ input: 1, output: 2, ...NONE });
  });
});
