import { type Schema, Validator } from "@cfworker/json-schema";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { isJson, isJsonObject, sameJson } from "../base/json.ts";
import type { Json, JsonObject } from "../base/json.ts";
import { toPointer } from "../base/pointer.ts";
import { compileGraph } from "../graph/compile.ts";
import type { Problem } from "../graph/compile.ts";
import { graphJsonSchema } from "../graph/json-schema.ts";
import type { NodeContext } from "./contract.ts";
import { nodeKinds } from "./registry.ts";
import type { AnyNodeKind, AnyTaskKind } from "./registry.ts";
import { valuesLike } from "./testing/configs.ts";
import { contextOf, fetchAnswering, jsonAnswer, modelsSaying, storeInMemory } from "./testing/context.ts";
import { nodeCalled } from "./testing/one-node.ts";
import { compileRecorded } from "./testing/recorder.ts";
import type { Handed } from "./testing/recorder.ts";
import { samplesOf, valueAt, withKeyRenamed, withValueAt } from "./testing/samples.ts";
import type { Sample } from "./testing/samples.ts";

/** What every kind of node promises, whoever wrote it. Each is looked at by its example, and by the samples beside it. */
const KINDS: readonly (readonly [name: string, kind: AnyNodeKind])[] = [...nodeKinds];

function schemaOf(kind: AnyNodeKind): JsonObject {
  return JSON.parse(JSON.stringify(z.toJSONSchema(kind.schema, { io: "input", unrepresentable: "any" }))) as JsonObject;
}

function fieldsOf(kind: AnyNodeKind): JsonObject {
  const { properties } = schemaOf(kind);
  return isJsonObject(properties) ? properties : {};
}

function problemsOf(document: Json): readonly Problem[] {
  const result = compileGraph({ document }, nodeKinds);
  return result.ok ? result.warnings : result.problems;
}

const pathOf = ({ node }: Sample, ...below: readonly (string | number)[]) => ["nodes", node, ...below];

describe.each(KINDS)("%s, its schema", (_, kind) => {
  it("describes each field", () => {
    const fields = Object.entries(fieldsOf(kind)) as [string, JsonObject][];
    expect(fields.filter(([, { description }]) => typeof description !== "string").map(([name]) => name)).toEqual([]);
  });

  it("knows its fields and no others", () => {
    expect(schemaOf(kind)).toMatchObject({ type: "object", additionalProperties: false });
  });

  it("stands in the graph's JSON Schema under a name that can be referred to", () => {
    const { $defs, properties } = graphJsonSchema(nodeKinds);
    const name = `node-${kind.kind}`;
    expect(Object.keys($defs as JsonObject)).toContain(name);
    expect(JSON.stringify(properties)).toContain(`"#/$defs/${name}"`);
  });
});

describe.each(KINDS)("%s, its samples", (name, kind) => {
  const samples = samplesOf(kind);

  it("begin with an example, which compiles without a warning", () => {
    expect(kind.example).toContain(`kind: ${name}`);
    const result = compileGraph({ text: kind.example ?? "", type: "yaml" }, nodeKinds);
    expect(result.ok ? result.warnings : result.problems).toEqual([]);
  });

  it("compile", () => {
    expect(samples.length).toBeGreaterThan(0);
    for (const { document } of samples) {
      const result = compileGraph({ document }, nodeKinds);
      expect(result.ok ? [] : result.problems).toEqual([]);
    }
  });

  it("are what the published JSON Schema describes, by which editors check; with a field too many they are not", () => {
    const validator = new Validator(graphJsonSchema(nodeKinds) as Schema, "2020-12");
    for (const sample of samples) {
      expect(validator.validate(sample.document).valid).toBe(true);
      const wrong = withValueAt(sample.document, pathOf(sample, "nonsense"), 1);
      expect(validator.validate(wrong).valid).toBe(false);
    }
  });

  it("use every field, so that what follows looks at each", () => {
    const used = new Set(samples.flatMap((sample) => Object.keys(valueAt(sample.document, pathOf(sample)) ?? {})));
    expect(Object.keys(fieldsOf(kind)).filter((field) => !used.has(field))).toEqual([]);
  });

  it("are refused with a field too many, and say which", () => {
    for (const sample of samples) {
      const path = pathOf(sample, "nonsense");
      const problems = problemsOf(withValueAt(sample.document, path, 1));
      expect(problems).toContainEqual(expect.objectContaining({ code: "unknown_key", path: toPointer(path) }));
    }
  });

  it("are refused without a field that is required, and say which", () => {
    const { required } = schemaOf(kind);
    for (const sample of samples) {
      for (const field of (Array.isArray(required) ? required : []) as string[]) {
        if (fieldsOf(kind)[field] === undefined || hasDefault(kind, field)) continue;
        const path = pathOf(sample, field);
        const problems = problemsOf(withValueAt(sample.document, path, undefined));
        expect(problems).toContainEqual(expect.objectContaining({ code: "missing", path: toPointer(path) }));
      }
    }
  });
});

function hasDefault(kind: AnyNodeKind, field: string): boolean {
  const schema = fieldsOf(kind)[field];
  return isJsonObject(schema) && schema["default"] !== undefined;
}

/** Something of the wrong sort for each method of the compiler. */
const BROKEN = {
  expression: "((",
  template: "{{ (( }}",
  value: "{{ (( }}",
  schema: { type: "nonsense" },
  target: "no_such_node",
  inside: "no_such_graph",
  channel: "no_such_channel",
  node: "no_such_node",
} as const satisfies Record<Handed["method"], Json>;

/** The path of the first text in a value. */
function pathOfText(value: Json): readonly string[] {
  if (typeof value !== "object" || value === null) return [];
  const [found] = Object.entries(value).flatMap(([key, item]: [string, Json]) =>
    typeof item === "string" || (typeof item === "object" && item !== null) ? [[key, ...pathOfText(item)]] : [],
  );
  return found ?? [];
}

/** The document with what was handed to the compiler broken, be it a value or a key; and where that stands now. */
function broken(sample: Sample, { method, source, path }: Handed): { document: Json; at: string } {
  // of a value it is a text within that is broken: the value as a whole is the schema's business
  const whole = pathOf(sample, ...path, ...(method === "value" ? pathOfText(source) : []));
  const bad = BROKEN[method];
  const isKey = method === "channel" && valueAt(sample.document, whole) !== source;
  if (!isKey) return { document: withValueAt(sample.document, whole, bad), at: toPointer(whole) };
  const document = withKeyRenamed(sample.document, whole, BROKEN.channel);
  return { document, at: toPointer([...whole.slice(0, -1), BROKEN.channel]) };
}

describe.each(KINDS)("%s, compiled", (_, kind) => {
  it("hands fields to the compiler with the path at which they stand, as a value or as a key", () => {
    for (const sample of samplesOf(kind)) {
      for (const { source, path } of compileRecorded(sample).handed) {
        expect([valueAt(sample.document, pathOf(sample, ...path)), path.at(-1)]).toContainEqual(source);
      }
    }
  });

  it("has a broken expression, template, channel, target, schema or graph reported where it stands", () => {
    for (const sample of samplesOf(kind)) {
      for (const handed of compileRecorded(sample).handed) {
        const { document, at } = broken(sample, handed);
        const reported = problemsOf(document).filter(({ severity }) => severity === "error");
        const there = reported.filter(({ path }) => path === at || path.startsWith(`${at}/`));
        expect([handed, there.length > 0]).toEqual([handed, true]);
      }
    }
  });

  it("never throws, whatever its fields hold", () => {
    fc.assert(
      fc.property(fc.constantFrom(...samplesOf(kind)), valuesLike(schemaOf(kind)), (sample, config) => {
        if (!isJsonObject(config)) return;
        const document = withValueAt(sample.document, pathOf(sample), { ...config, kind: kind.kind });
        expect(problemsOf(document).filter(({ code }) => code === "kind_failed")).toEqual([]);
      }),
      { numRuns: 60 },
    );
  });
});

const TASK_KINDS = KINDS.filter((entry): entry is readonly [string, AnyTaskKind] => "run" in entry[1]);

interface Ended {
  readonly handed: readonly Handed[];
  readonly result: unknown;
  /** It answered with a promise. */
  readonly isLater: boolean;
}

/** Runs a sample's node on the channels' defaults. What it throws is its result. */
async function ended(sample: Sample, kind: AnyTaskKind, given: Partial<NodeContext>): Promise<Ended> {
  const { result: compiled, handed } = compileRecorded(sample);
  if (!compiled.ok) throw new Error(JSON.stringify(compiled.problems));
  const defaults = compiled.plan.channels.map(({ name, default: value, schema }): [string, Json] => {
    const [first = "ada"] = (schema?.["enum"] ?? []) as readonly Json[];
    return [name, value ?? first];
  });
  const context = contextOf(Object.fromEntries(defaults), { say: () => {}, emit: () => {}, ...given });
  let isLater = false;
  const run = (): unknown => {
    const answer = kind.run(nodeCalled(compiled.plan, sample.node).compiled as never, context);
    isLater = answer instanceof Promise;
    return answer;
  };
  const result = await new Promise((resolve) => resolve(run())).catch((thrown: unknown) => thrown);
  return { handed, result, isLater };
}

const world = (): Partial<NodeContext> => ({
  publicFetch: fetchAnswering(jsonAnswer({ a: 1 })).fetch,
  models: modelsSaying('"fine"'),
  store: storeInMemory(),
  once: async (_key, step) => step(),
});

const namesHanded = (handed: readonly Handed[], method: Handed["method"]) =>
  new Set(handed.filter((each) => each.method === method).map(({ source }) => source));

describe.each(TASK_KINDS)("%s, run", (_, kind) => {
  it("gives JSON, writes to channels it declared and goes to targets it declared; or it fails with a code", async () => {
    for (const sample of samplesOf(kind)) {
      const { result, handed } = await ended(sample, kind, world());
      if (result instanceof Error) {
        expect(result).toHaveProperty("record.code", "failed_by_graph");
        continue;
      }
      const { writes = [], goto = [], ...more } = result as { writes?: { channel: string }[]; goto?: string[] };
      expect(isJson({ writes, ...more })).toBe(true);
      const channels = namesHanded(handed, "channel");
      expect(writes.filter(({ channel }) => !channels.has(channel))).toEqual([]);
      const targets = namesHanded(handed, "target");
      expect(goto.filter((target) => !targets.has(target))).toEqual([]);
    }
  });

  it("answers at once, twice the same and with nothing from outside if it is pure; later if it is not", async () => {
    for (const sample of samplesOf(kind)) {
      if (kind.effect !== "pure") {
        expect((await ended(sample, kind, world())).isLater).toBe(true);
        continue;
      }
      const [first, second] = [await ended(sample, kind, {}), await ended(sample, kind, {})];
      expect([first.isLater, first.result instanceof TypeError]).toEqual([false, false]);
      expect(second.result).toEqual(first.result);
    }
  });

  it("ends with the signal's reason when it is aborted before, and asks nothing outside; unless it answers at once", async () => {
    const reason = new Error("cancelled");
    const given = { models: modelsSaying(""), signal: AbortSignal.abort(reason) };
    for (const sample of samplesOf(kind)) {
      const { result, isLater } = await ended(sample, kind, given);
      if (isLater) expect(result).toBe(reason);
      else expect(kind.effect).toBe("pure");
    }
  });
});

it("the samples' editor changes what it is told to, and nothing else", () => {
  const document: JsonObject = { a: { b: [1, { c: 2 }] }, d: 3 };
  expect(withValueAt(document, ["a", "b", 1, "c"], 5)).toEqual({ a: { b: [1, { c: 5 }] }, d: 3 });
  expect(withValueAt(document, ["a", "b", 0], undefined)).toEqual({ a: { b: [{ c: 2 }] }, d: 3 });
  expect(withValueAt(document, ["e"], 4)).toEqual({ ...document, e: 4 });
  expect(withKeyRenamed(document, ["a", "b"], "x")).toEqual({ a: { x: [1, { c: 2 }] }, d: 3 });
  expect(sameJson(valueAt(document, ["a", "b", 1]) ?? null, { c: 2 })).toBe(true);
});
