import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { pack, unpack } from "./packing.ts";

/** Has shipped: rows may be added here, never edited. */
const OWN = "01a1fb1c-77e9-7190-ade9-27bf4a835e3d";
const GOLDEN: readonly (readonly [what: string, json: string, stored: string])[] = [
  [
    "a run's input",
    '["s",[[["messages",[{"content":"hello","additional_kwargs":{},"response_metadata":{},"type":"human","id":"01a1fb1c-77e9-7190-ade9-27bf4a835e3d:input:0"}]]],[0],[]]]',
    '["s",\u000ehello"\u0002\u0001:input:0"}]]],[0],[]]]',
  ],
  [
    "a model's answer",
    '["o","0.0.0",1,[[["messages",[{"tool_calls":[],"invalid_tool_calls":[],"content":"hi","additional_kwargs":{},"response_metadata":{"model":"m","finish_reason":"stop"},"usage_metadata":{"input_tokens":3,"output_tokens":4,"total_tokens":7},"type":"ai","id":"r:0.0.0"}]]],[],[]],{"inputTokens":3,"outputTokens":4,"unit":"tokens","costUsd":0,"model":"m"},0]',
    '["o","0.0.0",1,[[["messages",[\u0003hi"\u0004m\u00053\u00064\u00077\u0008r:0.0.0"}]]],[],[]],\u000a3\u000b4\u000c0\u000dm"},0]',
  ],
  [
    "a tool's message",
    '["o","1.1.0",1,[[["messages",{"content":"none","additional_kwargs":{},"response_metadata":{},"tool_call_id":"c","type":"tool","id":"i"}]],[0],[]],0,0]',
    '["o","1.1.0",1,[[["messages",{"content":"none"\u0009,"tool_call_id":"c","type":"tool","id":"i"}]],[0],[]],0,0]',
  ],
  ["what most runs were asked for", '{"config":{},"context":{},"stream_mode":["values"]}', "\u000f"],
  [
    "what a client's run was asked for",
    '{"config":{"configurable":{"user-agent":"node"}},"context":{},"stream_mode":["values"]}',
    "\u0010node\u0011",
  ],
  ["what is short", '["o","0.0.0",1,[[],[],[]],0,0]', '["o","0.0.0",1,[[],[],[]],0,0]'],
];

describe("packing", () => {
  it.each(GOLDEN)("writes and reads %s", (_, json, stored) => {
    expect(pack(json, OWN)).toBe(stored);
    expect(unpack(stored, OWN)).toBe(json);
  });

  it("[property 8] gives back every JSON text, whatever it says", () => {
    const pieces = GOLDEN.flatMap(([, json]) => [json, json.slice(7, 60), json.slice(30)]);
    const text = fc
      .array(fc.oneof(fc.string({ unit: "binary" }), fc.constantFrom(...pieces)))
      .map((parts) => parts.join(""));
    const message = fc.record({
      content: text,
      additional_kwargs: fc.constantFrom({}, { a: 1 }),
      response_metadata: fc.constantFrom({}, { model: "m", finish_reason: "stop" }),
      type: fc.constantFrom("human", "ai", "tool"),
      id: fc.constantFrom(OWN, `${OWN}:0.0.0`, "other"),
    });
    fc.assert(
      fc.property(fc.oneof(fc.jsonValue(), text, fc.array(message)), (value) => {
        const json = JSON.stringify(value);
        expect(unpack(pack(json, OWN), OWN)).toBe(json);
      }),
    );
  });
});
