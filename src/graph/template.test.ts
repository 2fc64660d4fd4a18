import { describe, expect, it } from "vitest";
import type { Json } from "../base/json.ts";
import { createLanguage } from "./expression/language.ts";
import { compileTemplate } from "./template.ts";

const STATE = new Map<string, Json>([
  ["name", "Ada"],
  ["data", { a: [1, "x"], b: null }],
]);
const LANGUAGE = createLanguage({
  channels: [...STATE.keys(), "missing"].map((name) => ({ name, reducer: "last", conflict: "error" })),
});
const scope = { read: (channel: string) => STATE.get(channel) };

function render(source: string): string {
  const { template, mistakes } = compileTemplate(source, LANGUAGE);
  expect(mistakes).toEqual([]);
  return template.render(scope);
}

describe("templates", () => {
  it.each([
    ["", ""],
    ["plain text", "plain text"],
    ["Hello {{ state.name }}!", "Hello Ada!"],
    ["{{state.name}}{{state.name}}", "AdaAda"],
    ["{{ state.data }}", '{"a":[1,"x"],"b":null}'],
    ["{{ 1 + 1 }} {{ true }} {{ null }}", "2 true null"],
    ["{{ {'k': {'n': 1}} }}", '{"k":{"n":1}}'],
    ["{{ {'k': {'n': 1}}}}", '{"k":{"n":1}}'],
    ["{{ '}}' + \"}}\" + '''a'}}''' }}", "}}}}a'}}"],
    ["{{ 'it\\'s' }}", "it's"],
    ['JSON: {"a": {"b": 1}}', 'JSON: {"a": {"b": 1}}'],
    ["{{{{ state.name }}", "{{ state.name }}"],
    ["{{{{{{ state.name }}", "{{Ada"],
    ["{ {{ state.name }} }", "{ Ada }"],
    ["{{ state.name\n  + '!' }}", "Ada!"],
  ])("%j gives %j", (source, text) => {
    expect(render(source)).toBe(text);
  });

  it.each([
    ["Hi {{ state.name", "unclosed_hole", 3, 5],
    ["Hi {{ 'state.name }}", "unclosed_hole", 3, 5],
    ["Hi {{}}", "invalid_expression", 5, 5],
    ["Hi {{ state.nmae }} {{ state.name }}", "unknown_channel", 6, 16],
    ["{{ state.name }} {{ 1 + 'a' }}", "type_mismatch", 20, 27],
  ])("%j is refused where the mistake stands: %s", (source, code, start, end) => {
    expect(compileTemplate(source, LANGUAGE).mistakes).toMatchObject([{ code, start, end }]);
  });

  it("a hole that reads an absent channel fails when it is rendered", () => {
    expect(() => render("{{ state.missing }}")).toThrow("state.missing is absent");
  });
});
