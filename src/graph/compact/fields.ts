import { z } from "zod";
import { isJsonObject } from "../../base/json.ts";
import type { Json, JsonObject } from "../../base/json.ts";
import type { NodeCompiler, NodeKindSpec } from "../kinds.ts";
import { COMMON_FIELDS, INSIDE } from "../schema.ts";

/** The fields that a kind's nodes have, by name; empty for a schema that is not one of a mapping. */
export function fieldsOf(schema: z.ZodType): Readonly<Record<string, z.core.$ZodType>> {
  if (schema instanceof z.ZodObject) return schema.shape as Record<string, z.core.$ZodType>;
  if (schema instanceof z.ZodPipe && schema.in instanceof z.ZodType) return fieldsOf(schema.in);
  return {};
}

/** Whether nodes of this kind name a channel in `write`, one name and nothing else. */
export function writesByName(spec: NodeKindSpec): boolean {
  const write = fieldsOf(spec.schema)["write"];
  return write !== undefined && z.core.safeParse(write, "a_channel").success;
}

/** The fields in which nodes of this kind have a graph that they run. */
export function graphFields(spec: NodeKindSpec): readonly string[] {
  const fields = Object.entries(fieldsOf(spec.schema));
  return fields.flatMap(([name, schema]) => (z.globalRegistry.get(schema)?.[INSIDE] === true ? [name] : []));
}

/** A channel that a node writes, and where in the node that is said. */
export interface Written {
  readonly channel: string;
  readonly path: readonly (string | number)[];
}

/** What a node says about the rest of its graph. */
export interface Mentions {
  /** The channels that it writes. */
  readonly written: readonly Written[];
  /** The nodes that its result, or its failure, may name as the next ones. */
  readonly targets: readonly string[];
}

/** What the node's kind asks the compiler for; where it cannot be asked, what `write`, `set` and `output` say. */
export function mentionsOf(node: JsonObject, spec: NodeKindSpec): Mentions {
  const written: Written[] = [];
  const targets: string[] = [];
  const fields = fieldsOf(spec.schema);
  const { write } = node;
  if ("write" in fields && typeof write === "string") written.push({ channel: write, path: ["write"] });
  // a composite asks for the channels it writes when it knows the graph inside, and here it does not
  for (const field of graphFields(spec).length === 0 ? ["set"] : ["set", "output"]) {
    const named = field in fields ? node[field] : undefined;
    if (!isJsonObject(named)) continue;
    for (const channel of Object.keys(named)) written.push({ channel, path: [field, channel] });
  }
  const own = Object.fromEntries(Object.entries(node).filter(([key]) => !COMMON_FIELDS.has(key)));
  const { on_error: onError } = node;
  if (typeof onError === "string") targets.push(onError);
  if (isJsonObject(onError)) {
    if (typeof onError["to"] === "string") targets.push(onError["to"]);
    if (typeof onError["write"] === "string") written.push({ channel: onError["write"], path: ["on_error", "write"] });
  }
  const config = spec.schema.safeParse(own);
  // what is wrong with the node is said when it is compiled
  if (!config.success) return { written, targets };
  try {
    spec.compile(config.data as never, listener(written, targets));
  } catch {
    return { written, targets };
  }
  return { written, targets };
}

/** Compiles nothing and refuses nothing: it only hears what is asked for. */
function listener(written: Written[], targets: string[]): NodeCompiler {
  return {
    expression: (source) => ({ source, evaluate: () => null }),
    template: (source) => ({ source, render: () => "" }),
    value: (value: Json) => ({ evaluate: () => value }),
    schema: (schema) => ({ document: isJsonObject(schema) ? schema : {}, check: () => undefined }),
    target: (to) => {
      targets.push(to);
    },
    inside: () => undefined,
    node: () => undefined,
    channel: (channel, path, use) => {
      if (use !== "reads") written.push({ channel, path });
      return { reducer: "last" };
    },
    problem: () => undefined,
  };
}
