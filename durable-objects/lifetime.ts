import { failure } from "../src/base/errors.ts";
import type { Plan } from "../src/graph/plan.ts";
import type { NodeKinds } from "../src/nodes/registry.ts";
import { applySupersteps } from "./beginnings.ts";
import type { ThreadCore } from "./core.ts";
import { cancelRuns } from "./queue.ts";
import { refuseTooLarge } from "./run/limits.ts";
import type { Address, CreateThread, GraphVersion, PatchThread } from "./thread-api.ts";
import { expiryOf } from "./view/thread-line.ts";

/** How a thread comes to be, changes what is said of it, and goes. */

/** Nobody waits longer for the index. */
const TOLD_WITHIN_MS = 1_000;

/** When the index knows all that was written, as far as it answers soon: who made a thread finds it. */
export function told(core: ThreadCore): Promise<unknown> {
  return Promise.race([core.notices.deliver(), scheduler.wait(TOLD_WITHIN_MS)]);
}

/** @throws EdgewiseError `conflict` where there is one and that is not wanted */
export async function create(core: ThreadCore, command: CreateThread, plan: PlanOf, kinds: NodeKinds): Promise<void> {
  const { tenant, threadId, metadata, ifExists, ttl, supersteps } = command;
  refuseTooLarge({ metadata });
  if (core.record.row !== undefined) {
    if (ifExists === "raise") throw failure("conflict", `Thread with ID ${threadId} already exists`);
    return;
  }
  core.keep((record, now) => {
    record.create(tenant, threadId, metadata, now);
    if (ttl !== undefined) record.facts.set("ttl", ttl);
  });
  if (supersteps === undefined) return;
  try {
    applySupersteps(core, { ...command, supersteps }, () => plan(supersteps.graph), kinds);
  } catch (thrown) {
    // In the same turn as its making, so that nobody has seen it, nor will after a crash.
    await core.erase();
    throw thrown;
  }
}

type PlanOf = (graph: GraphVersion) => Plan;

/** @throws EdgewiseError `not_found` */
export function patch(core: ThreadCore, command: PatchThread): void {
  const { metadata } = core.record.of(command);
  const { ttl } = command;
  refuseTooLarge({ metadata: { ...metadata, ...command.metadata } });
  core.keep((record, now) => {
    record.patch(command.metadata, now);
    if (ttl !== undefined) record.facts.set("ttl", ttl ?? undefined);
  });
}

/** Cancels what runs, and empties the thread. @throws EdgewiseError `not_found` */
export async function remove(core: ThreadCore, address: Address): Promise<void> {
  core.record.of(address);
  cancelRuns(core, { action: "interrupt" }, "its thread was deleted");
  await core.erase();
}

/** Erases the thread if nothing has happened to it for its time to live. True: there is none, its line in the index may go. */
export async function expire(core: ThreadCore, { tenant }: Address): Promise<boolean> {
  const { row } = core.record;
  if (row === undefined || row.tenant !== tenant) return true;
  const at = expiryOf(core, row);
  if (row.deleted || (core.status() !== "busy" && at !== undefined && at <= core.now())) await core.erase();
  else {
    // The index thinks otherwise, or a run is live: it is told again, now or when that run is over.
    core.keep(() => undefined);
    await told(core);
  }
  return core.record.row === undefined;
}
