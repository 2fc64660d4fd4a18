import { expect, it } from "vitest";
import { toRequest as toAnthropic } from "./anthropic/request.ts";
import type { ChatCall } from "./contract.ts";
import { estimateCall } from "./estimate.ts";
import { toRequest as toOllama } from "./ollama/request.ts";
import { toRequest as toOpenAi } from "./openai/request.ts";

const parameters = { type: "object", properties: { city: { type: "string" } }, required: ["city"] };
const tool = { name: "weather", description: "Tells the weather.", parameters };
const call: ChatCall = { model: "m", messages: [{ role: "user", content: "?" }], idempotencyKey: "k", attempt: 1 };

const asFunction = { type: "function", function: tool };
const asTool = { name: "weather", description: "Tells the weather.", input_schema: parameters };

it.each([
  ["chat completions", toOpenAi, asFunction],
  ["messages", toAnthropic, asTool],
  ["Ollama's chat", toOllama, asFunction],
] as const)("tools are told in the form of %s; none are no field", (_, toRequest, told) => {
  expect(toRequest({ ...call, tools: [tool] })).toMatchObject({ tools: [told] });
  expect(toRequest({ ...call, tools: [] })).not.toHaveProperty("tools");
  expect(toRequest(call)).not.toHaveProperty("tools");
});

it("what a provider is told in its own form by options stays, where the node offers nothing", () => {
  expect(toOpenAi({ ...call, options: { tools: [asFunction] } })).toMatchObject({ tools: [asFunction] });
});

it("tools are counted before the call is made", () => {
  const { inputTokens } = estimateCall("openai/m", call);
  expect(estimateCall("openai/m", { ...call, tools: [tool] }).inputTokens).toBeGreaterThan(inputTokens + 20);
});
