import { describe, expect, it } from "vitest";
import { nodeKinds } from "../nodes/registry.ts";
import { compileGraph } from "./compile.ts";
import { documentText } from "./identity.ts";
import type { Plan } from "./plan.ts";

const YAML = `
# comments do not count
edgewise: 1
id: pair
channels: { a: { default: 1.0 }, b: { default: "é😀" } }
nodes:
  one: { kind: transform, set: { a: "state.b", b: "state.a" } }
  two: { kind: transform }
edges: [{ from: start, to: one }, { from: one, to: two }]
`;
const JSON_TEXT = `{"id":"pair","edgewise":1,
 "channels":{"a":{"default":1},"b":{"default":"\\u00e9\\ud83d\\ude00"}},
 "nodes":{"one":{"set":{"b":"state.a","a":"state.b"},"kind":"transform"},"two":{"kind":"transform"}},
 "edges":[{"to":"one","from":"start"},{"from":"one","to":"two"}]}`;

function planOf(text: string, type: "json" | "yaml"): Plan {
  const result = compileGraph({ text, type }, nodeKinds);
  if (!result.ok) throw new Error(JSON.stringify(result.problems));
  return result.plan;
}

describe("what a graph is pinned by", () => {
  it("is the same for JSON and YAML that say the same", () => {
    expect(planOf(JSON_TEXT, "json").hash).toBe(planOf(YAML, "yaml").hash);
  });

  it("is this text's, for ever: stored runs name it", () => {
    expect(planOf(YAML, "yaml").hash).toMatchInlineSnapshot(
      `"57605440c30de2e97f660b2a33d8fc35bc2112e9e529f65ca03a4f7636904f84"`,
    );
  });

  it("survives storing: the stored text gives an equal plan", () => {
    const plan = planOf(YAML, "yaml");
    const stored = planOf(documentText(plan), "json");
    expect(stored.hash).toBe(plan.hash);
    expect(JSON.stringify(stored)).toBe(JSON.stringify(plan));
    expect(documentText(stored)).toBe(documentText(plan));
  });

  it.each([
    ["the order of nodes", (text: string) => text.replace(/( {2}one:.*\n)( {2}two:.*\n)/, "$2$1")],
    [
      "the order of channels",
      (text: string) => text.replace(/\{ a: (\{.*?\}), b: (\{.*?\}) \}\n/, "{ b: $2, a: $1 }\n"),
    ],
    ["the order of edges", (text: string) => text.replace(/\[(\{.*?\}), (\{.*?\})\]/, "[$2, $1]")],
    ["a value", (text: string) => text.replace("1.0", "1.5")],
  ])("%s counts", (_, change) => {
    expect(change(YAML)).not.toBe(YAML);
    expect(planOf(change(YAML), "yaml").hash).not.toBe(planOf(YAML, "yaml").hash);
  });
});
