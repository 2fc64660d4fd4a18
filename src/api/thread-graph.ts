import type { JsonObject } from "../base/json.ts";
import type { RunnableGraph } from "../storage/graphs.ts";

/** The graph that a thread belongs to. A run writes both into its thread's metadata; clients may have set either. */
export function graphIdOf({ graph_id: graphId, assistant_id: assistantId }: JsonObject): string | undefined {
  return [graphId, assistantId].find((id) => typeof id === "string" && id !== "") as string | undefined;
}

/** As the Thread object takes it. */
export function versionOf({ graphId, version, hash, document }: RunnableGraph) {
  return { graphId, version, hash, document };
}
