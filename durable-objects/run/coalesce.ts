import type { Json } from "../../src/base/json.ts";
import { openFold } from "../../src/engine/reducers.ts";
import type { Write } from "../../src/engine/types.ts";
import type { Channel } from "../../src/graph/channels.ts";
import type { Plan } from "../../src/graph/plan.ts";

/** An outcome is one row of the log: a composite over many items must not make it one value an item. */
const MOST_WRITES = 64;

/** The same writes in few, where they are many: what folds to the same is written as one. */
export function coalesced(plan: Plan, writes: readonly Write[]): readonly Write[] {
  if (writes.length <= MOST_WRITES) return writes;
  const values = new Map<string, Json[]>();
  for (const { channel, value } of writes) {
    const known = values.get(channel);
    if (known === undefined) values.set(channel, [value]);
    else known.push(value);
  }
  return [...values].flatMap(([name, list]): Write[] => {
    const channel = plan.channels.find((candidate) => candidate.name === name);
    const value = channel === undefined ? undefined : together(channel, list);
    return value === undefined ? list.map((each) => ({ channel: name, value: each })) : [{ channel: name, value }];
  });
}

/** One value that folds as all of them do; undefined where there is none. */
function together(channel: Channel, values: readonly Json[]): Json | undefined {
  // A message may take another one away that is not among these.
  if (channel.reducer === "messages") return values.flat(1) as Json[];
  const { default: _, ...empty } = channel;
  return openFold(empty, undefined).with(values).value();
}
