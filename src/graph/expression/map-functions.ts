import type { Json, JsonObject } from "../../base/json.ts";
import { burn, Fault } from "./frame.ts";
import type { Frame } from "./frame.ts";
import type { Implementation } from "./text-functions.ts";
import { asText, isMap, typeName } from "./values.ts";

function mapOf(frame: Frame, value: Json | undefined, name: string): JsonObject {
  if (value === undefined || !isMap(value)) throw new Fault(`${name}() takes a map, not ${typeName(value ?? null)}`);
  burn(frame, Object.keys(value).length * 2);
  return value;
}

const getOr: Implementation = (_frame, [map = null, key = null, fallback = null]) => {
  if (!isMap(map)) throw new Fault(`getOr() takes a map, not ${typeName(map)}`);
  const name = asText(key, "the key");
  return Object.hasOwn(map, name) ? (map[name] ?? null) : fallback;
};

export const MAP_FUNCTIONS: ReadonlyMap<string, Implementation> = new Map<string, Implementation>([
  ["keys/1", (frame, [map]) => Object.keys(mapOf(frame, map, "keys"))],
  ["values/1", (frame, [map]) => Object.values(mapOf(frame, map, "values"))],
  // spreading defines properties: a key "__proto__" is data
  ["merge/2", (frame, [one, other]) => ({ ...mapOf(frame, one, "merge"), ...mapOf(frame, other, "merge") })],
  ["getOr/3", getOr],
]);
