import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { Json, JsonObject } from "../../../src/base/json.ts";
import { Problems } from "../../../src/graph/problems.ts";
import { readSource } from "../../../src/graph/text/read.ts";
import { ROOT } from "../../sources.ts";
import { FULL } from "./fields.ts";

/** A document that somebody has written, with its text where there is one. */
export interface Written {
  readonly text: string;
  readonly document: Json;
}

/** Every kind, every field that names something else, and both forms. */
const COMPACT: JsonObject = {
  edgewise: 1,
  id: "compact",
  input: ["topic"],
  output: ["facts", "total", "found"],
  channels: { topic: { schema: { type: "string" } }, total: { reducer: "sum", default: 0 }, found: {}, at: {} },
  variables: { limit: 3, since: "2026-05-01T12:00:00Z" },
  parameters: { tone: { schema: { enum: ["dry", "warm"] }, default: "dry" } },
  context: { properties: { user: { type: "string" } } },
  graphs: {
    count: { channels: { n: { default: 0 } }, steps: [{ id: "one", kind: "transform", set: { n: "item + index" } }] },
  },
  steps: [
    { id: "facts", prompt: "{{ params.tone }}: {{ state.topic }}", output: { type: "object", required: ["a"] } },
    { id: "late", kind: "wait", until: "timestamp(vars.since) + duration('90m')", condition: "vars.limit > 2" },
    { id: "sure", kind: "gate", ask: "{{ state.topic }}?", deadline: "2h", approvers: { need: 2, stop: "!answer" } },
    {
      id: "stage",
      kind: "machine",
      state: "at",
      initial: "one",
      states: { one: { on: [{ when: "vars.limit > 2", to: "two" }] }, two: { final: true } },
    },
    {
      id: "each",
      send: "[1, vars.limit]",
      kind: "map",
      over: "range(3)",
      graph: "count",
      output: { total: "state.n" },
      on_failure: "skip",
    },
    { id: "pick", kind: "switch", on: "state.total", cases: { "3": "keep" }, else: "stop" },
    {
      id: "keep",
      kind: "store.put",
      namespace: ["a", "{{ state.topic }}"],
      key: "k",
      value: { t: "{{ state.total }}" },
    },
    { id: "stop", kind: "fail", message: "{{ state.topic }}", details: { at: "{{ run.id }}" } },
    { id: "ask", kind: "http", url: "https://a.example/{{ state.topic }}", query: { q: 1 }, write: "found", retry: 3 },
    { id: "get", kind: "store.get", depends_on: ["keep", "ask"], namespace: ["a"], key: "k", timeout: "30s" },
  ],
};

/** The graphs that people are shown (docs and examples), and two with every field there is. */
export function corpus(): readonly Written[] {
  found ??= [...shown().map(read), ...[FULL, COMPACT].map(printed)];
  return found;
}

let found: readonly Written[] | undefined;

const printed = (document: Json): Written => ({ text: JSON.stringify(document, null, 2), document });

function read(text: string): Written {
  const problems = new Problems();
  const value = readSource({ text, type: "yaml" }, problems)?.value;
  if (problems.failed || value === undefined) throw new Error(`This graph of the docs cannot be read:\n${text}`);
  return { text, document: value };
}

function shown(): string[] {
  const pages = [...markdownIn(join(ROOT, "docs", "nodes")), join(ROOT, "docs", "language.md")];
  const fences = pages.flatMap((page) => {
    return [...readFileSync(page, "utf8").matchAll(/^```yaml (?:graph|broken).*\n([\s\S]*?)^```$/gm)];
  });
  const examples = ["hello", "brief"].map((name) => join(ROOT, "examples", name, "graph.yaml"));
  return [...fences.map(([, text = ""]) => text), ...examples.map((file) => readFileSync(file, "utf8"))];
}

function markdownIn(folder: string): string[] {
  const names = readdirSync(folder).filter((name) => name.endsWith(".md"));
  return names.map((name) => join(folder, name));
}
