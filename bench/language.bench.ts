import { gzipSync } from "node:zlib";
import { build } from "esbuild";
import type { EvidenceOptions, Goal } from "../scripts/goal.ts";
import { ROOT } from "../scripts/local/repository.ts";
import type { Json } from "../src/base/json.ts";
import { compileGraph, type GraphSource } from "../src/graph/compile.ts";
import { compileExpression } from "../src/graph/expression/compile.ts";
import { createLanguage } from "../src/graph/expression/language.ts";
import { nodeKinds } from "../src/nodes/registry.ts";
import { formGoals, valueGoals } from "./language-parts.ts";
import { median, milliseconds } from "./measure.ts";

/** What one bundle of the graph language may weigh, its parsers included. */
const MAX_GZIP_BYTES = 250_000;

/** From text to a checked and linted plan; one condition, one template, one value that is checked; the weight of it all. */
export async function run({ short }: EvidenceOptions): Promise<Goal[]> {
  const rounds = short ? 15 : 60;
  const evaluations = short ? 20_000 : 500_000;
  return [
    ...compileGoals(rounds),
    ...formGoals(rounds),
    ...conditionGoals(evaluations),
    ...valueGoals(evaluations),
    await weightGoal(),
  ];
}

function compileGoals(rounds: number): Goal[] {
  const types = ["json", "yaml"] as const;
  const sizes = [10, 200, 2000] as const;
  const texts = types.flatMap((type) =>
    sizes.map((size) => ({ type, size, source: write(graphOf(size), type), samples: [] as number[] })),
  );
  const cold = compile(texts[0]?.source ?? write(graphOf(10), "json"));
  for (const { source } of texts) compile(source);
  // In turn, so that what else the machine does hits them alike; ten small ones for a large one, so that garbage does too.
  for (let round = 0; round < rounds; round += 1) {
    for (const { size, source, samples } of texts) {
      const times = Array.from({ length: size === 2000 ? 1 : 10 }, () => compile(source));
      samples.push(times.reduce((sum, time) => sum + time, 0) / times.length);
    }
  }
  const figures = (type: "json" | "yaml") =>
    texts.filter((each) => each.type === type).map(({ samples }) => median(samples));
  return types.flatMap((type): Goal[] => {
    const [ten = 0, twoHundred = 0, twoThousand = 0] = figures(type);
    const first = type === "json" ? `very first: ${milliseconds(cold)} · ` : "";
    const all = `${first}10: ${milliseconds(ten)} · 200: ${milliseconds(twoHundred)} · 2,000: ${milliseconds(twoThousand)}`;
    const within = type === "json" ? 10 : 40;
    return [
      {
        goal: `compile and lint 200 nodes from ${type.toUpperCase()}: at most ${within} ms`,
        figure: all,
        met: twoHundred <= within,
      },
      {
        goal: `2,000 nodes from ${type.toUpperCase()}: at most 15 × what 200 take`,
        figure: `${(twoThousand / twoHundred).toFixed(1)} ×`,
        met: twoThousand <= 15 * twoHundred,
      },
    ];
  });
}

function compile(source: GraphSource): number {
  const startedAt = performance.now();
  const result = compileGraph(source, nodeKinds);
  const ms = performance.now() - startedAt;
  if (!result.ok || result.warnings.length > 0) throw new Error("The bench's graph is not sound.");
  return ms;
}

/** A chain with a loop back at every tenth node, a condition at every fifth, a prompt at every fourth. */
function graphOf(size: number): Json {
  const id = (index: number) => `node_${index}`;
  const indices = Array.from({ length: size }, (_, index) => index);
  const nodes = indices.map((index): [string, Json] => [
    id(index),
    index % 4 === 3
      ? {
          kind: "model",
          system: "You are exact.",
          prompt: "{{ state.question }}\nNotes: {{ state.notes.join(', ') }}",
          write: "answer",
          retry: 3,
        }
      : { kind: "transform", set: { count: "state.count + 1", notes: "[string(state.count)]" }, timeout: "30s" },
  ]);
  const edges = indices.flatMap((index): Json[] => {
    const [from, to] = [id(index), index + 1 < size ? id(index + 1) : "end"];
    if (to === "end") return [{ from, to }];
    if (index % 10 === 9)
      return [
        { from, to: id(index - 1), when: "state.count < 3 && size(state.notes) < 10" },
        { from, to, else: true },
      ];
    if (index % 5 === 4)
      return [
        { from, to, when: "has(state.answer) && state.answer.matches('^yes')" },
        { from, to: "end", else: true },
      ];
    return [{ from, to }];
  });
  return {
    edgewise: 1,
    id: "bench",
    channels: {
      question: { schema: { type: "string" } },
      answer: { schema: { type: "string" }, conflict: "last" },
      count: { reducer: "max", default: 0 },
      notes: { reducer: "append" },
    },
    input: ["question"],
    output: ["answer", "notes"],
    nodes: Object.fromEntries(nodes),
    edges: [{ from: "start", to: id(0) }, ...edges],
  };
}

/** YAML as people write it: blocks, and flow for an edge. */
function write(document: Json, type: "json" | "yaml"): GraphSource {
  if (type === "json") return { type, text: JSON.stringify(document, null, 2) };
  const lines = (value: Json, indent: string): string =>
    Object.entries(value as Record<string, Json>)
      .map(([key, child]) => {
        if (Array.isArray(child))
          return `${indent}${key}:\n${child.map((item) => `${indent}  - ${JSON.stringify(item)}\n`).join("")}`;
        if (typeof child === "object" && child !== null)
          return `${indent}${key}:${Object.keys(child).length === 0 ? " {}\n" : `\n${lines(child, `${indent}  `)}`}`;
        return `${indent}${key}: ${JSON.stringify(child)}\n`;
      })
      .join("");
  return { type, text: lines(document, "") };
}

const CONDITIONS: readonly (readonly [source: string, most: number])[] = [
  ["state.count < 3 && size(state.notes) < 10", 5],
  ["state.notes.exists(note, note == 'z') || state.answer.startsWith('yes')", 20],
  ["state.answer.matches('^(yes|maybe)\\\\b')", 20],
];

function conditionGoals(evaluations: number): Goal[] {
  const state = new Map<string, Json>(Object.entries({ count: 2, notes: ["a", "b", "c", "d"], answer: "yes, it is" }));
  const language = createLanguage({
    channels: [...state.keys()].map((name) => ({ name, reducer: "last", conflict: "error" })),
  });
  const scope = { read: (channel: string) => state.get(channel) };
  return CONDITIONS.map(([source, most]) => {
    const { expression, mistakes } = compileExpression(source, language);
    if (mistakes.length > 0) throw new Error(`The bench's condition ${source} is not sound.`);
    const samples = Array.from({ length: 11 }, () => {
      const startedAt = performance.now();
      for (let left = evaluations / 10; left > 0; left -= 1) expression.evaluate(scope);
      return ((performance.now() - startedAt) * 1000) / (evaluations / 10);
    });
    const figure = median(samples.slice(1));
    return { goal: `${source}: at most ${most} µs`, figure: `${figure.toFixed(2)} µs`, met: figure <= most };
  });
}

async function weightGoal(): Promise<Goal> {
  const contents = `export { compileGraph } from "./src/graph/compile.ts"; export { graphJsonSchema } from "./src/graph/json-schema.ts"; export { nodeKinds } from "./src/nodes/registry.ts";`;
  const { outputFiles, metafile } = await build({
    stdin: { contents, resolveDir: ROOT, loader: "ts" },
    bundle: true,
    minify: true,
    write: false,
    metafile: true,
    format: "esm",
    target: "es2024",
    logLevel: "silent",
    external: ["cloudflare:*", "node:*"],
    conditions: ["workerd", "worker", "browser"],
  });
  const gzipBytes = gzipSync(outputFiles[0]?.contents ?? new Uint8Array()).length;
  const parts = new Map<string, number>();
  for (const { inputs } of Object.values(metafile.outputs)) {
    for (const [path, { bytesInOutput }] of Object.entries(inputs)) {
      const part = /node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(path)?.[1] ?? "Edgewise";
      parts.set(part, (parts.get(part) ?? 0) + bytesInOutput);
    }
  }
  const shares = [...parts]
    .sort((one, other) => other[1] - one[1])
    .map(([part, bytes]) => `${part} ${Math.round(bytes / 1000)}`);
  return {
    goal: `weight of src/graph and src/nodes with what they import: at most ${MAX_GZIP_BYTES / 1000} KB gzip`,
    figure: `${Math.round(gzipBytes / 1000)} KB (minified, in KB: ${shares.slice(0, 5).join(", ")})`,
    met: gzipBytes <= MAX_GZIP_BYTES,
  };
}
