import { canonicalJson, isJsonObject, type Json, type JsonObject } from "../../src/base/json.ts";
import { hash } from "../../src/engine/testing/random.ts";
import type { LogEntry } from "../../durable-objects/log/entry.ts";
import { randomGraph } from "./graphs.ts";

/**
 * Scenarios that are run in the simulator and on workerd, and must come to the same on both: the simulator is worth nothing
 * where it is not like the platform. What they come to stands in likeness.json.
 */

/** Keys and ids are made of it: it is the same in both worlds. */
export const LIKENESS_RUN = "00000000-0000-7000-8000-000000000000";

/** In every other one the object is killed on its way. */
export const isKilled = (number: number): boolean => number % 2 === 1;

/** A graph of which timing decides nothing, and which takes little time on a real clock. */
export function likenessGraph(number: number): JsonObject {
  let seed = number * 7;
  for (; randomGraph(seed).races; seed += 1);
  const { document } = randomGraph(seed);
  // What a restart is charged for is timing.
  const limits = isJsonObject(document["limits"]) ? { ...document["limits"], tokens: 1_000_000 } : {};
  return { ...quickened(document), id: `likeness${number}`, limits };
}

function quickened(graph: JsonObject): JsonObject {
  const nodes = graph["nodes"];
  if (!isJsonObject(nodes)) return graph;
  return { ...graph, nodes: Object.fromEntries(Object.entries(nodes).map(([id, node]) => [id, quickNode(node)])) };
}

function quickNode(node: Json): Json {
  if (!isJsonObject(node)) return node;
  if (node["kind"] === "gate") return { kind: "act", seed: 1, sees: ["log"], pure: true };
  if (isJsonObject(node["graph"])) return { ...node, graph: quickened(node["graph"]) };
  const { signal: _, deadlineMs: __, timeout: ___, unsafe: ____, ...rest } = node;
  const answers = Array.isArray(node["answers"]) ? node["answers"].filter((answer) => answer !== "hangs") : [];
  return {
    ...rest,
    ...("waitMs" in node ? { waitMs: 5 } : {}),
    ...("retry" in node ? { retry: { attempts: 8, delay: "4ms", max_delay: "8ms" } } : {}),
    answers: answers.map((answer) => (answer === "patience" ? "retryable" : answer)),
    latencyMs: 2,
  };
}

/** What a run has come to, whoever was first, whatever was cut off: what was done, and in the end the values. */
export function likenessOf(entries: readonly LogEntry[], status: string, values: Json): string {
  const told = entries.flatMap((entry): string[] => {
    if (entry.type === "attempt-lost" || entry.type === "task-resumed") return [];
    if (entry.type === "task-waiting") return [`${entry.task} waits`];
    if (entry.type === "attempt-failed")
      return [`${entry.task} fails in attempt ${entry.attempt}, ${entry.error.code}`];
    if (entry.type === "task-failed") return [`${entry.task} fails, ${entry.error.code}, ${toText(entry.outcome)}`];
    return [toText(entry)];
  });
  return `${status} ${hash([...told.sort(), toText(values)].join("\n")).toString(16)} of ${told.length}`;
}

function toText(value: unknown): string {
  return canonicalJson((value ?? null) as Json);
}
