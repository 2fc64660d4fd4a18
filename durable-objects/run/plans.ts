import { failure } from "../../src/base/errors.ts";
import { compileGraph } from "../../src/graph/compile.ts";
import type { Plan } from "../../src/graph/plan.ts";
import type { NodeKinds } from "../../src/nodes/registry.ts";

/** Plans are immutable and named by their content, so every object of an isolate with the same kinds shares them. */
const CACHES = new WeakMap<NodeKinds, Map<string, Plan>>();
const CACHE_SIZE = 128;

/** @throws EdgewiseError `invalid_graph` when a stored document does not compile under this version any more. */
export function loadPlan(hash: string, document: () => string, kinds: NodeKinds): Plan {
  const cache = CACHES.get(kinds) ?? new Map<string, Plan>();
  CACHES.set(kinds, cache);
  const known = cache.get(hash);
  if (known) {
    cache.delete(hash); // moves it to the young end
    cache.set(hash, known);
    return known;
  }
  const compiled = compileGraph({ text: document(), type: "json" }, kinds, { advise: false });
  if (!compiled.ok) {
    const first = compiled.problems[0];
    throw failure("invalid_graph", `The stored graph ${hash} does not compile: ${first?.message ?? "unknown reason"}`);
  }
  // A text that hashes to something else is not the version that the run was started on.
  if (compiled.plan.hash !== hash)
    throw failure("invalid_graph", `The stored graph ${hash} has become ${compiled.plan.hash}.`);
  cache.set(hash, compiled.plan);
  for (const oldest of cache.keys()) {
    if (cache.size <= CACHE_SIZE) break;
    cache.delete(oldest);
  }
  return compiled.plan;
}
