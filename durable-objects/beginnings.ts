import type { Plan } from "../src/graph/plan.ts";
import type { NodeKinds } from "../src/nodes/registry.ts";
import type { ThreadCore } from "./core.ts";
import type { CreateThread, Superstep, UpdateState } from "./thread-api.ts";
import { updateAnew, updateState } from "./updates.ts";

/** A history that a thread is created with: each of LangGraph's supersteps is a write from outside (R7). */

type Supersteps = NonNullable<CreateThread["supersteps"]>;

/** What is not a node: how LangGraph names a run's input. */
const INPUT = new Set(["__input__", "__start__"]);

/** @throws EdgewiseError with a pointer into `supersteps`; some of them may have been written by then */
export function applySupersteps(
  core: ThreadCore,
  { tenant, threadId, supersteps }: CreateThread & { readonly supersteps: Supersteps },
  plan: () => Plan,
  kinds: NodeKinds,
): void {
  const { steps, graph, assistantId } = supersteps;
  const command: UpdateState = { tenant, threadId, values: [], graph, assistantId };
  for (const [index, step] of steps.entries()) {
    const path = ["supersteps", String(index), "updates"];
    if (isInput(step)) {
      // `__input__` is the input as it came, `__start__` what became of it: here one commit is both, and shows both.
      if (isInput(step, "__input__") && isInput(steps[index + 1] ?? [], "__start__")) continue;
      const hasInput = isInput(step, "__start__") && isInput(steps[index - 1] ?? [], "__input__");
      const values = step.flatMap((update) => [...update.values]);
      updateAnew(core, { ...command, values, path: [...path, "0"], hasInput }, "start", plan, kinds);
    } else if (step.length > 0) {
      const writes = step.map((update, place) => ({ ...update, path: [...path, String(place)] }));
      updateState(core, command, plan, kinds, writes);
    }
  }
}

function isInput(step: Superstep, name?: string): boolean {
  return step.length > 0 && step.every(({ asNode }) => (name === undefined ? INPUT.has(asNode) : asNode === name));
}
