import type { Json, JsonObject } from "../../base/json.ts";
import type { Channel } from "../channels.ts";
import type { Plan } from "../plan.ts";

/** JSON Schema of a part of the state: an input or a result. A channel that says nothing may hold anything. */
export function stateSchema(plan: Plan, names: readonly string[]): JsonObject {
  const channels = new Map(plan.channels.map((channel) => [channel.name, channel]));
  const properties = names.flatMap((name): [string, Json][] => {
    const channel = channels.get(name);
    return channel === undefined ? [] : [[name, channelSchema(channel)]];
  });
  return { type: "object", properties: Object.fromEntries(properties) };
}

function channelSchema({ schema, default: initial }: Channel): JsonObject {
  return { ...schema, ...(initial === undefined ? {} : { default: initial }) };
}
