import { compileGraph } from "../../src/graph/compile.ts";
import { documentText } from "../../src/graph/identity.ts";
import type { NodeKinds } from "../../src/nodes/registry.ts";
import type { StartRun } from "../../durable-objects/thread-api.ts";
import { likenessGraph } from "./likeness.ts";

/** The same command for both worlds. */
export function likenessCommand(
  number: number,
  kinds: NodeKinds,
  address: Pick<StartRun, "tenant" | "threadId" | "runId">,
): StartRun {
  const compiled = compileGraph({ document: likenessGraph(number) }, kinds);
  if (!compiled.ok) throw new Error(JSON.stringify(compiled.problems));
  const { plan } = compiled;
  return {
    ...address,
    assistantId: plan.id,
    graph: { graphId: plan.id, version: 1, hash: plan.hash, document: documentText(plan) },
    input: { log: ["in"], plain: 1 },
    config: {},
    context: {},
    metadata: {},
    streamMode: ["values"],
    ifNotExists: "create",
  };
}
