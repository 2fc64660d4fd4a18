import { isJsonObject, type JsonObject } from "./json.ts";

/**
 * A run's configuration out of layers, the later over the earlier: `configurable` key by key, `tags` together, the rest as a
 * whole. What no layer has stays absent.
 */
export function mergeConfig(...layers: readonly JsonObject[]): JsonObject {
  const configurable = layers.map((layer) => layer["configurable"]).filter(isJsonObject);
  const tags = new Set(layers.flatMap(({ tags: own }) => (Array.isArray(own) ? own : [])));
  return {
    ...mergeObjects(...layers),
    ...(configurable.length === 0 ? {} : { configurable: mergeObjects(...configurable) }),
    ...(tags.size === 0 ? {} : { tags: [...tags] }),
  };
}

/** Key by key, the later over the earlier. Not Object.assign: by that a key `__proto__` would not stay data. */
export function mergeObjects(...layers: readonly JsonObject[]): JsonObject {
  return layers.reduce<JsonObject>((merged, layer) => ({ ...merged, ...layer }), {});
}

/** Whether a key of `configurable` is where a request's header comes in. */
export function isHeader(key: string): boolean {
  return key === "user-agent" || key.startsWith("x-");
}
