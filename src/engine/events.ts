import type { ErrorRecord } from "../base/errors.ts";
import type { Flight } from "./frame.ts";
import type { Scope } from "./scope.ts";
import type { Outcome } from "./types.ts";

/** R9: the limit on steps is a limit on level, and so the same in every schedule. */
export function stepLimit({ steps }: Scope, flight: Flight): ErrorRecord {
  const message = `The run needs more than its limit of ${steps} steps; raise the graph's limit, or let its loop end.`;
  return { code: "step_limit", message, retryable: false, details: { steps, level: flight.stamp.level } };
}

/** Before anything is changed: an event fits whole or not at all. @throws TypeError */
export function checkFit(scope: Scope, outcome: Outcome, edges: readonly number[], who: string): void {
  for (const { channel } of outcome.writes) {
    if (!scope.channels.has(channel)) throw new TypeError(`${who} wrote "${channel}", which is no channel.`);
  }
  for (const node of outcome.takes) if (!edges.includes(node)) throw new TypeError(`${who} has no edge to ${node}.`);
  for (const { to } of outcome.sends) if (!edges.includes(to)) throw new TypeError(`${who} has no edge to ${to}.`);
}
