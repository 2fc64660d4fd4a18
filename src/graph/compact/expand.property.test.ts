import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { nodeKinds } from "../../nodes/registry.ts";
import type { Json, JsonObject } from "../../base/json.ts";
import { compileGraph } from "../compile.ts";

interface Drawn {
  readonly kind: "transform" | "model" | "emit";
  /** Earlier steps that it follows; none: start. Undefined: the one before. */
  readonly after: readonly number[] | undefined;
  readonly condition: string | undefined;
  readonly send: string | undefined;
  readonly retry: number | undefined;
  readonly writes: readonly string[];
}

const channel = fc.constantFrom("a", "b", "c", "d");
const drawn = fc.array(
  fc.record<Drawn>({
    kind: fc.constantFrom("transform", "model", "emit"),
    after: fc.option(fc.uniqueArray(fc.nat(20), { maxLength: 3 }), { nil: undefined }),
    condition: fc.option(fc.constantFrom("true", "1 < 2", "has(state.seen)"), { nil: undefined }),
    send: fc.option(fc.constantFrom("[1, 2]", "[state.seen]"), { nil: undefined }),
    retry: fc.option(fc.integer({ min: 1, max: 5 }), { nil: undefined }),
    writes: fc.uniqueArray(channel, { maxLength: 3 }),
  }),
  { minLength: 1, maxLength: 12 },
);
const ports = fc.option(fc.uniqueArray(fc.constantFrom("a", "b", "in", "seen"), { maxLength: 3 }), { nil: undefined });

const CHANNELS: JsonObject = { seen: { default: 0 }, b: { schema: { type: "integer" } } };

function present(fields: Readonly<Record<string, Json | undefined>>): JsonObject {
  return Object.fromEntries(
    Object.entries(fields).flatMap(([key, value]): [string, Json][] => (value === undefined ? [] : [[key, value]])),
  );
}

function fieldsOf({ kind, retry, writes }: Drawn): JsonObject {
  if (kind === "model") return present({ prompt: "Go", retry });
  if (kind === "emit") return present({ kind, value: "1", retry });
  return present({ kind, set: Object.fromEntries(writes.map((name) => [name, "1"])), retry });
}

/** A step's earlier ones: numbers beyond it are taken as near as they can be. */
function afterOf({ after }: Drawn, index: number): readonly string[] | undefined {
  if (after === undefined || (after.length > 0 && index === 0)) return undefined;
  return [...new Set(after.map((number) => `s${number % Math.max(index, 1)}`))];
}

function compact(steps: readonly Drawn[]): Json {
  return steps.map((step, index) => {
    const after = afterOf(step, index);
    const depends_on = after?.length === 1 && index % 2 === 0 ? after[0] : after;
    return present({ id: `s${index}`, depends_on, ...routing(step, after), ...fieldsOf(step) });
  });
}

/** A step is sent items by one other. */
function routing({ condition, send }: Drawn, after: readonly string[] | undefined): Pick<Drawn, "condition" | "send"> {
  return { condition, send: after !== undefined && after.length > 1 ? undefined : send };
}

/** The same by hand, as docs/language.md says it. */
function long(steps: readonly Drawn[], input: readonly string[], output: readonly string[]): JsonObject {
  const edges = steps.flatMap((step, index) => {
    const after = afterOf(step, index) ?? [index === 0 ? "start" : `s${index - 1}`];
    const { condition, send } = routing(step, after);
    return (after.length === 0 ? ["start"] : after).map((from) =>
      present({ from, to: `s${index}`, when: condition, send }),
    );
  });
  const nodes = steps.map((step, index): [string, Json] => {
    const id = `s${index}`;
    const fields = fieldsOf(step);
    return [id, step.kind === "model" ? { ...fields, kind: "model", write: id } : fields];
  });
  const written = steps.flatMap(({ kind, writes }, index) =>
    kind === "model" ? [`s${index}`] : kind === "transform" ? writes : [],
  );
  const channels: Record<string, Json> = { ...CHANNELS };
  for (const name of [...input, ...written, ...output]) channels[name] ??= null;
  return { channels, nodes: Object.fromEntries(nodes), edges };
}

describe("a graph that steps can say", () => {
  it("has one hash and one document, written as steps or at length", () => {
    fc.assert(
      fc.property(drawn, ports, ports, (steps, input, output) => {
        const head = present({ edgewise: 1, id: "g", input, output });
        const short = compileGraph({ document: { ...head, channels: CHANNELS, steps: compact(steps) } }, nodeKinds);
        const whole = compileGraph({ document: { ...head, ...long(steps, input ?? [], output ?? []) } }, nodeKinds);
        if (!short.ok || !whole.ok) throw new Error(JSON.stringify([short, whole]));
        expect(short.plan.hash).toBe(whole.plan.hash);
        expect(short.plan.document).toEqual(whole.plan.document);
        const codes = (warnings: readonly { readonly code: string }[]) => new Set(warnings.map(({ code }) => code));
        expect(codes(short.warnings)).toEqual(codes(whole.warnings));
      }),
      { numRuns: 300 },
    );
  });

  it("has every problem at a place that was written, whatever the steps are", () => {
    const fields = [
      "id",
      "kind",
      "depends_on",
      "condition",
      "send",
      "set",
      "write",
      "prompt",
      "graph",
      "timeout",
      "nodes",
    ] as const;
    const value = fc.oneof(
      fc.constantFrom<Json>("a", "b", "model", "transform", "subgraph", "1 +", "", null, 1, true, [], {}, ["a", "b"], {
        x: "1",
      }),
      fc.constant<Json>({ steps: [{ id: "i", kind: "nope" }] }),
      fc.jsonValue({ maxDepth: 2 }).map((json) => JSON.parse(JSON.stringify(json)) as Json),
    );
    const step = fc.oneof(
      { weight: 5, arbitrary: fc.dictionary(fc.constantFrom(...fields), value).map((each): Json => ({ ...each })) },
      value,
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 6 }), (steps) => {
        const document: JsonObject = { edgewise: 1, id: "g", steps };
        const result = compileGraph({ document }, nodeKinds);
        const places = (result.ok ? [] : result.problems).map(({ path }) => path);
        expect(places.filter((path) => !isWritten(document, path))).toEqual([]);
      }),
      { numRuns: 300 },
    );
  });
});

/** Whether the place is there, or is a key that the mapping there lacks. */
function isWritten(document: Json, pointer: string): boolean {
  const parts = pointer
    .split("/")
    .slice(1)
    .map((part) => part.replaceAll("~1", "/").replaceAll("~0", "~"));
  let at: Json | undefined = document;
  for (const [index, part] of parts.entries()) {
    if (typeof at !== "object" || at === null) return false;
    const next: Json | undefined = (at as Readonly<Record<string, Json>>)[part];
    if (next === undefined) return index === parts.length - 1;
    at = next;
  }
  return true;
}
