import { failure } from "../../src/base/errors.ts";
import { isJsonObject, type Json, type JsonObject } from "../../src/base/json.ts";
import { isHeader } from "../../src/base/run-config.ts";
import { toPointer } from "../../src/base/pointer.ts";
import type { Globals, Plan, ValueSchema } from "../../src/graph/plan.ts";
import { nearest } from "../../src/graph/problems.ts";
import type { RunRow } from "../log/rows.ts";

/** What a run was started with beside its input, as its row keeps it. */
export interface Given {
  readonly runId: string;
  readonly threadId: string;
  /** Unix milliseconds. */
  readonly startedAt: number;
  readonly config: JsonObject;
  readonly context: JsonObject;
}

/** @param first the run itself, or the first of those that it goes on from: by that one's beginning it goes */
export function givenOf({ lineage, kwargs }: RunRow, first: RunRow, threadId: string): Given {
  const { config, context } = kwargs;
  return {
    runId: lineage,
    threadId,
    startedAt: first.createdAt,
    config: isJsonObject(config) ? config : {},
    context: isJsonObject(context) ? context : {},
  };
}

/** What expressions of a graph may name besides its state: the same for all tasks of a run. */
export function globalsOf(plan: Plan, given: Given): Globals {
  return {
    vars: plan.variables,
    params: parametersOf(plan, given),
    config: configurable(given),
    context: given.context,
    run: { id: given.runId, thread_id: given.threadId, started_at: new Date(given.startedAt).toISOString() },
  };
}

/**
 * Whether a run may start with these: parameters, `config.configurable` and `context` fit what the graph says of them,
 * and what the graphs inside it say.
 * @throws EdgewiseError `invalid_request`, with a pointer into the body
 */
export function checkGiven(plan: Plan, given: Given): void {
  // A set hands out what is added while it is walked: each graph once, however many nodes run it.
  const plans = new Set([plan]);
  for (const each of plans) {
    checkOne(each, given);
    for (const { inside } of each.nodes) if (inside !== undefined) plans.add(inside);
  }
}

function checkOne(plan: Plan, given: Given): void {
  refuse(plan.configSchema, withoutHeaders(configurable(given), plan.configSchema), ["config", "configurable"]);
  refuse(plan.contextSchema, given.context, ["context"]);
  if (plan.contextSchema === undefined) refuseSlips(plan, given.context);
  for (const { name, required, schema } of plan.parameters) {
    const found = find(name, given);
    if (found === undefined) {
      if (!required) continue;
      const message = `The graph "${plan.id}" needs the parameter "${name}"; give it in \`context\`.`;
      throw failure("invalid_request", message, { pointer: toPointer(["context", name]) });
    }
    refuse(schema, found.value, [...found.path, name]);
  }
}

/**
 * The request's headers come along (`src/api/configurable-headers.ts`), whatever the graph says of its configuration: only one
 * that it names is judged.
 */
function withoutHeaders(config: JsonObject, schema: ValueSchema | undefined): JsonObject {
  const named = schema?.document["properties"];
  const entries = Object.entries(config).filter(
    ([key]) => !isHeader(key) || (isJsonObject(named) && Object.hasOwn(named, key)),
  );
  return Object.fromEntries(entries);
}

/** What a graph does not know is somebody else's, but what is nearly one of its parameters is a slip. */
function refuseSlips({ id, parameters }: Plan, context: JsonObject): void {
  const names = new Set(parameters.map(({ name }) => name));
  for (const key of Object.keys(context)) {
    const near = names.has(key) ? undefined : nearest(key, names);
    if (near === undefined || Object.hasOwn(context, near)) continue;
    const message = `The graph "${id}" has no parameter "${key.slice(0, 80)}". Did you mean "${near}"?`;
    throw failure("invalid_request", message, { pointer: toPointer(["context", key]) });
  }
}

/** A run gives parameters in `context`, or in `config.configurable` as older clients do. */
function parametersOf(plan: Plan, given: Given): JsonObject {
  return Object.fromEntries(
    plan.parameters.flatMap(({ name, default: otherwise }): [string, Json][] => {
      const value = find(name, given)?.value ?? otherwise;
      return value === undefined ? [] : [[name, value]];
    }),
  );
}

function find(name: string, given: Given): { readonly value: Json; readonly path: readonly string[] } | undefined {
  const places = [
    { from: given.context, path: ["context"] },
    { from: configurable(given), path: ["config", "configurable"] },
  ];
  for (const { from, path } of places) {
    const value = Object.hasOwn(from, name) ? from[name] : undefined;
    if (value !== undefined) return { value, path };
  }
  return undefined;
}

function configurable({ config }: Given): JsonObject {
  const own = config["configurable"];
  return isJsonObject(own) ? own : {};
}

function refuse(schema: ValueSchema | undefined, value: Json, path: readonly string[]): void {
  const fault = schema?.check(value);
  if (fault === undefined) return;
  const pointer = toPointer([...path, ...fault.path]);
  const place = [...path, ...fault.path].join(".");
  throw failure("invalid_request", `\`${place}\` does not fit the graph: ${fault.message}.`, { pointer });
}
