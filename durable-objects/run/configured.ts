import { isJsonObject, type Json, type JsonObject } from "../../src/base/json.ts";
import { isHeader, mergeConfig, mergeObjects } from "../../src/base/run-config.ts";
import type { Plan } from "../../src/graph/plan.ts";
import type { RunRow } from "../log/rows.ts";
import type { StartRun } from "../thread-api.ts";

/** What a start says of its run, with what its assistant says besides. */
type Asked = Pick<StartRun, "config" | "context" | "metadata" | "defaults">;
type Configured = Pick<StartRun, "config" | "context" | "metadata">;

/**
 * What a run is given that begins anew: what the request says, over `config.configurable` of the thread's run before it, over
 * what the assistant says, over the graph's defaults. May be asked again of what it gave.
 */
export function configured(asked: Asked, plan: Pick<Plan, "defaults">, before: RunRow | undefined): Configured {
  const { defaults } = plan;
  const graph = { config: defaults === undefined ? {} : { configurable: defaults.config }, context: defaults?.context };
  const thread = objectOf(objectOf(before?.kwargs["config"])["configurable"]);
  // A request's headers are its own: what one user's client sent is nothing to the next one's run.
  const lasting = Object.fromEntries(Object.entries(thread).filter(([key]) => !isHeader(key)));
  return {
    config: mergeConfig(
      graph.config,
      asked.defaults?.config ?? {},
      Object.keys(lasting).length === 0 ? {} : { configurable: lasting },
      asked.config,
    ),
    context: mergeObjects(graph.context ?? {}, asked.defaults?.context ?? {}, asked.context),
    metadata: mergeObjects(asked.defaults?.metadata ?? {}, asked.metadata),
  };
}

/** The same for one that goes on: as the run before it was, but where the request says otherwise. */
export function configuredAfter(asked: Asked, before: RunRow): Configured {
  const { config, context } = before.kwargs;
  return {
    config: mergeConfig(asked.defaults?.config ?? {}, objectOf(config), asked.config),
    context: mergeObjects(asked.defaults?.context ?? {}, objectOf(context), asked.context),
    metadata: mergeObjects(asked.defaults?.metadata ?? {}, asked.metadata),
  };
}

function objectOf(value: Json | undefined): JsonObject {
  return isJsonObject(value) ? value : {};
}
