import type { Json } from "../../src/base/json.ts";
import { openFold } from "../../src/engine/reducers.ts";
import type { Write } from "../../src/engine/types.ts";
import type { Plan, Scope } from "../../src/graph/plan.ts";

/** R1: conditions are computed from what a task saw and its own writes. */
export function scopeAfter(plan: Plan, seen: Scope, writes: readonly Write[]): Scope {
  return writes.length === 0 ? seen : { ...seen, read: (name) => readAfter(plan, name, seen, writes) };
}

function readAfter(plan: Plan, name: string, seen: Scope, writes: readonly Write[]): Json | undefined {
  const own = writes.filter((write) => write.channel === name);
  const channel = plan.channels.find((candidate) => candidate.name === name);
  if (own.length === 0 || !channel) return seen.read(name);
  // An overwritten channel is not read: a conflict that the task's own write settles is none for its conditions.
  const before = channel.reducer === "last" ? undefined : seen.read(name);
  return openFold(channel, before)
    .with(own.map((write) => write.value))
    .value();
}
