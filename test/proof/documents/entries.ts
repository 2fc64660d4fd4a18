import { linkGraphs } from "../../../src/api/link-graphs.ts";
import { EdgewiseError } from "../../../src/base/errors.ts";
import { type Json, type JsonObject, isJsonObject, sameJson } from "../../../src/base/json.ts";
import { compileGraph } from "../../../src/graph/compile.ts";
import { describeGraph } from "../../../src/graph/describe/describe.ts";
import { estimate } from "../../../src/graph/describe/estimate.ts";
import { diffGraphs } from "../../../src/graph/diff/diff.ts";
import { mergeGraphs } from "../../../src/graph/diff/merge.ts";
import { toDot } from "../../../src/graph/draw/dot.ts";
import { toDrawable } from "../../../src/graph/draw/drawable.ts";
import { toMermaid } from "../../../src/graph/draw/mermaid.ts";
import { toSvg } from "../../../src/graph/draw/svg.ts";
import { importDrawable } from "../../../src/graph/import/drawable.ts";
import { importMermaid } from "../../../src/graph/import/mermaid.ts";
import { fixGraph } from "../../../src/graph/lint/fix.ts";
import type { Plan } from "../../../src/graph/plan.ts";
import { Problems } from "../../../src/graph/problems.ts";
import { applyEdits, editText, type TextType } from "../../../src/graph/text/edit.ts";
import { readSource } from "../../../src/graph/text/read.ts";
import { upgradeDocument, upgradeText } from "../../../src/graph/upgrade/upgrade.ts";
import { compileValueSchema } from "../../../src/graph/value-schema/compile.ts";
import { nodeKinds } from "../../../src/nodes/registry.ts";
import type { Random } from "../../../src/engine/testing/random.ts";
import { damaged, mutated } from "./fuzz.ts";

/** A document as it may come to everything beside the compiler: its text, its value if it can be read, its plan if it is one. */
export interface Material {
  readonly text: string;
  readonly type: TextType;
  readonly value: Json | undefined;
  readonly plan: Plan | undefined;
  readonly random: Random;
}

/** Looks at what an entry gave, when its time is taken: what is wrong with it. */
type Check = () => string | undefined;
/** Takes hostile text or values. EdgewiseErrors are an answer too. */
type Entry = (material: Material) => Check | undefined | Promise<undefined>;

/** `POST /graphs/fix` takes no more. */
const MOST_MENDED = 64 * 1024;

/** Whatever takes a document, a drawing or a schema of somebody's, beside compiling. */
export const ENTRIES: Readonly<Record<string, Entry>> = {
  editText({ text, type, value, random }) {
    const document = mutated(value ?? null, random);
    const edited = editText(text, type, document);
    return () => readsAs(edited, type, document);
  },
  applyEdits({ text, type, value, random }) {
    const paths = [...pathsIn(value ?? null)];
    const edits = Array.from({ length: 1 + random.below(4) }, () => {
      const path = random.pick(paths) ?? [];
      return random.chance(0.4) ? { path } : { path, value: mutated({ n: [1] }, random) };
    });
    applyEdits(text, type, edits);
    return undefined;
  },
  fixGraph({ text, type }) {
    if (text.length > MOST_MENDED) return undefined;
    const mended = fixGraph(text, type, nodeKinds);
    return () => (errorsOf(mended.text, type) <= errorsOf(text, type) ? undefined : "mending made an error");
  },
  upgrade({ text, type, value }) {
    if (isJsonObject(value)) upgradeDocument(value);
    const upgraded = upgradeText(text, type);
    const isSame = !("text" in upgraded) || upgraded.text === text;
    return () => (isSame ? undefined : "there is no older format, and the text has changed");
  },
  diffGraphs({ value, random }) {
    const document = objectOf(value);
    diffGraphs(document, objectOf(mutated(document, random)));
    return () => (diffGraphs(document, document).changes.length > 0 ? "a document differs from itself" : undefined);
  },
  mergeGraphs({ value, random }) {
    const document = objectOf(value);
    const [ours, theirs] = [objectOf(mutated(document, random)), objectOf(mutated(document, random))];
    mergeGraphs(document, ours, theirs);
    const same = mergeGraphs(document, ours, document);
    return () => (sameJson(same.document, ours) ? undefined : "a merge with nothing is something else");
  },
  async linkGraphs({ value, random }) {
    const document = JSON.stringify(mutated(value ?? null, random));
    const kinds = (kind: string): boolean => kind === "subgraph" || kind === "map";
    await linkGraphs(objectOf(value), kinds, (graphId, version = 1) =>
      Promise.resolve(random.chance(0.5) ? undefined : { graphId, version, status: "published", document }),
    );
    return undefined;
  },
  draw({ plan }) {
    if (plan === undefined) return undefined;
    const drawn = [toMermaid(plan), toDot(plan), JSON.stringify(toDrawable(plan)), toSvg(plan)];
    return () => drawn.map(outOfBounds).find((fault) => fault !== undefined);
  },
  describe({ plan }) {
    if (plan === undefined) return undefined;
    const page = describeGraph(plan, nodeKinds);
    return () => outOfBounds(page);
  },
  estimate({ plan }) {
    if (plan === undefined) return undefined;
    const estimated = estimate(plan, nodeKinds);
    return () => outOfBounds(JSON.stringify(estimated));
  },
  importDrawable({ value, plan, random }) {
    const drawing = plan === undefined ? (value ?? null) : (toDrawable(plan) as unknown as Json);
    const { document } = importDrawable(mutated(drawing, random), "imported");
    return () => compiles(document);
  },
  importMermaid({ text, plan, random }) {
    const drawing = plan === undefined ? text : toMermaid(plan);
    const { document } = importMermaid(damaged(drawing, random), "imported");
    return () => compiles(document);
  },
  valueSchema({ value, random }) {
    const schema = compileValueSchema(objectOf(mutated(objectOf(schemaIn(value)), random)));
    if (!schema.ok) return () => (schema.message === "" ? "refused without a word" : undefined);
    schema.schema.check(value ?? null);
    schema.schema.check(mutated(value ?? null, random));
    return undefined;
  },
};

/** What one entry made of it: milliseconds, and what was wrong. */
export interface Tried {
  readonly ms: number;
  readonly thrown?: string;
  readonly wrong?: string;
}

export async function tryEntry(entry: Entry, material: Material): Promise<Tried> {
  const startedAt = performance.now();
  try {
    const check = await entry(material);
    const ms = performance.now() - startedAt;
    const wrong = check?.();
    return { ms, ...(wrong === undefined ? {} : { wrong }) };
  } catch (thrown) {
    const ms = performance.now() - startedAt;
    return thrown instanceof EdgewiseError ? { ms } : { ms, thrown: String(thrown).slice(0, 200) };
  }
}

/** Reads and compiles a text once, for all entries; each has a source of choices of its own. */
export function materialOf(text: string, type: TextType): Omit<Material, "random"> {
  const problems = new Problems();
  const value = readSource({ text, type }, problems)?.value;
  const result = compileGraph({ text, type }, nodeKinds);
  return { text, type, value: problems.failed ? undefined : value, plan: result.ok ? result.plan : undefined };
}

const objectOf = (value: Json | undefined): JsonObject => (isJsonObject(value) ? value : {});

function errorsOf(text: string, type: TextType): number {
  const result = compileGraph({ text, type }, nodeKinds);
  return result.ok ? 0 : result.problems.filter(({ severity }) => severity === "error").length;
}

function outOfBounds({ length }: string): string | undefined {
  return length > 0 && length < 20_000_000 ? undefined : `it has ${length} characters`;
}

function readsAs(text: string, type: TextType, document: Json): string | undefined {
  const problems = new Problems();
  const again = readSource({ text, type }, problems)?.value;
  return again !== undefined && sameJson(again, document) ? undefined : "the text says something else";
}

function compiles(document: JsonObject): string | undefined {
  const result = compileGraph({ document }, nodeKinds);
  return result.ok ? undefined : `the draft does not compile: ${result.problems[0]?.message ?? ""}`;
}

function* pathsIn(value: Json, path: readonly (string | number)[] = []): Generator<readonly (string | number)[]> {
  yield path;
  if (path.length > 8) return;
  if (Array.isArray(value)) for (const [at, item] of value.entries()) yield* pathsIn(item as Json, [...path, at]);
  else if (isJsonObject(value)) for (const [key, item] of Object.entries(value)) yield* pathsIn(item, [...path, key]);
}

/** The first schema of a channel, or a small one. */
function schemaIn(value: Json | undefined): Json {
  const channels = Object.values(objectOf(objectOf(value)["channels"]));
  const schema = channels.map((channel) => objectOf(channel)["schema"]).find((found) => found !== undefined);
  const usual = { type: "object", properties: { a: { $ref: "#/$defs/b" } }, $defs: { b: { pattern: "^a+$" } } };
  return isJsonObject(schema) && Object.keys(schema).length > 1 ? schema : usual;
}
