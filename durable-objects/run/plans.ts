import { failure } from "../../src/base/errors.ts";
import { compileGraph } from "../../src/graph/compile.ts";
import type { Plan } from "../../src/graph/plan.ts";
import { nodeKinds } from "../../src/nodes/registry.ts";

/** Plans are immutable and named by their content, so every object of an isolate shares them. */
const CACHE = new Map<string, Plan>();
const CACHE_SIZE = 128;

/** @throws EdgewiseError `invalid_graph` when a stored document does not compile under this version any more. */
export function loadPlan(hash: string, document: () => string): Plan {
  const known = CACHE.get(hash);
  if (known) {
    CACHE.delete(hash); // moves it to the young end
    CACHE.set(hash, known);
    return known;
  }
  const compiled = compileGraph({ text: document(), type: "json" }, nodeKinds);
  if (!compiled.ok) {
    const first = compiled.problems[0];
    throw failure("invalid_graph", `The stored graph ${hash} does not compile: ${first?.message ?? "unknown reason"}`);
  }
  // A text that hashes to something else is not the version that the run was started on.
  if (compiled.plan.hash !== hash)
    throw failure("invalid_graph", `The stored graph ${hash} has become ${compiled.plan.hash}.`);
  CACHE.set(hash, compiled.plan);
  for (const oldest of CACHE.keys()) {
    if (CACHE.size <= CACHE_SIZE) break;
    CACHE.delete(oldest);
  }
  return compiled.plan;
}
