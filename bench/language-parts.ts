import type { Goal } from "../scripts/goal.ts";
import type { Json, JsonObject } from "../src/base/json.ts";
import { compileGraph } from "../src/graph/compile.ts";
import { createLanguage } from "../src/graph/expression/language.ts";
import { compileTemplate } from "../src/graph/template.ts";
import { compileValueSchema } from "../src/graph/value-schema/compile.ts";
import { compileValue } from "../src/graph/value-template.ts";
import { nodeKinds } from "../src/nodes/registry.ts";
import { median, milliseconds } from "./measure.ts";

/** Documents with graphs inside, and compact ones, from JSON to a checked and linted plan. */
export function formGoals(rounds: number): Goal[] {
  const forms: readonly (readonly [goal: string, document: Json, most: number])[] = [
    ["compile and lint 20 graphs of 10 nodes inside of one", nested(20, 10), 20],
    ["compile and lint 200 steps of the compact form", compact(200), 20],
  ];
  return forms.map(([goal, document, most]) => {
    const text = JSON.stringify(document, null, 2);
    const samples = Array.from({ length: rounds + 3 }, () => {
      const startedAt = performance.now();
      const result = compileGraph({ text, type: "json" }, nodeKinds);
      const ms = performance.now() - startedAt;
      if (!result.ok || result.warnings.length > 0) throw new Error(`The bench's graph is not sound: ${goal}.`);
      return ms;
    });
    const figure = median(samples.slice(3));
    return { goal: `${goal}: at most ${most} ms`, figure: milliseconds(figure), met: figure <= most };
  });
}

/** Half of the graphs are run once, half for each of some items. */
function nested(graphs: number, size: number): Json {
  const names = Array.from({ length: graphs }, (_, index) => `graph_${index}`);
  const entries = names.map((name, index): [string, Json] => [
    `run_${index}`,
    index % 2 === 0
      ? { kind: "subgraph", graph: name, input: { text: "state.text" }, output: { done: "size(state.text)" } }
      : { kind: "map", over: "[1, 2]", graph: name, input: { text: "string(item)" }, output: { done: "state.count" } },
  ]);
  const edges = entries.map(([to], index) => ({ from: entries[index - 1]?.[0] ?? "start", to }));
  return {
    edgewise: 1,
    id: "nested",
    channels: { text: { schema: { type: "string" } }, done: { reducer: "append" } },
    input: ["text"],
    output: ["done"],
    graphs: Object.fromEntries(names.map((name) => [name, chain(size)])),
    nodes: Object.fromEntries(entries),
    edges,
  };
}

function chain(size: number): JsonObject {
  const ids = Array.from({ length: size }, (_, index) => `node_${index}`);
  const set = { text: "state.text + '!'", count: "state.count + 1" };
  return {
    channels: { text: { schema: { type: "string" } }, count: { reducer: "max", default: 0 } },
    input: ["text"],
    output: ["text", "count"],
    nodes: Object.fromEntries(ids.map((id) => [id, { kind: "transform", set }])),
    edges: ids.map((to, index) => ({ from: ids[index - 1] ?? "start", to })),
  };
}

function compact(size: number): Json {
  const steps = Array.from({ length: size }, (_, index): Json => {
    const id = `step_${index}`;
    return index % 4 === 3
      ? { id, prompt: "{{ state.question }}", retry: 3, write: "answer" }
      : { id, kind: "transform", set: { count: "state.count + 1" }, timeout: "30s" };
  });
  return {
    edgewise: 1,
    id: "compact",
    input: ["question"],
    output: ["answer", "count"],
    channels: {
      question: { schema: { type: "string" } },
      answer: { schema: { type: "string" } },
      count: { reducer: "max", default: 0 },
    },
    steps,
  };
}

const ORDER: JsonObject = {
  id: "o-1042",
  status: "late",
  placed: "2027-01-31T09:00:00Z",
  mail: "ada@example.org",
  items: [1, 2, 3].map((count) => ({ sku: `s-${count}`, count, price: 9.5 })),
};
const ORDER_SCHEMA: JsonObject = {
  type: "object",
  required: ["id", "status", "items"],
  additionalProperties: false,
  properties: {
    id: { type: "string", pattern: "^o-[0-9]+$" },
    status: { enum: ["new", "late", "paid"] },
    placed: { type: "string", format: "date-time" },
    mail: { type: "string", format: "email", maxLength: 200 },
    items: {
      type: "array",
      minItems: 1,
      items: {
        type: "object",
        required: ["sku", "count"],
        properties: { sku: { type: "string" }, count: { type: "integer", minimum: 1 }, price: { type: "number" } },
      },
    },
  },
};

/** What is done at every write, prompt and request. */
export function valueGoals(evaluations: number): Goal[] {
  const language = createLanguage({ channels: [{ name: "order", reducer: "last", conflict: "error" }] });
  const scope = { read: () => ORDER };
  const { template, mistakes } = compileTemplate("Order {{ state.order.id }} is {{ state.order.status }}.", language);
  const value = compileValue({ order: "{{ state.order }}", text: ["{{ state.order.id }}!"] }, (source) => {
    const compiled = compileTemplate(source, language);
    return (seen) => compiled.template.render(seen);
  });
  const schema = compileValueSchema(ORDER_SCHEMA);
  if (mistakes.length > 0 || !schema.ok || schema.schema.check(ORDER) !== undefined)
    throw new Error("The bench's template or schema is not sound.");
  return [
    timed("a value of 17 fields checked by its JSON Schema", 100, evaluations, () => schema.schema.check(ORDER)),
    timed("a template with two holes", 10, evaluations, () => template.render(scope)),
    timed("a JSON value with two templates in it", 20, evaluations, () => value.evaluate(scope)),
  ];
}

function timed(what: string, most: number, evaluations: number, evaluate: () => unknown): Goal {
  const samples = Array.from({ length: 11 }, () => {
    const startedAt = performance.now();
    for (let left = evaluations / 10; left > 0; left -= 1) evaluate();
    return ((performance.now() - startedAt) * 1000) / (evaluations / 10);
  });
  const figure = median(samples.slice(1));
  return { goal: `${what}: at most ${most} µs`, figure: `${figure.toFixed(2)} µs`, met: figure <= most };
}
