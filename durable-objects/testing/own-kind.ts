import { z } from "zod";
import type { Estimate, NodeContext, NodeKind, NodeResult } from "../../src/nodes/contract.ts";
import { type AnyNodeKind, nodeKinds } from "../../src/nodes/registry.ts";

/**
 * A node kind made for one test: what a deployment's own code may do, sensible or not. Tests and objects share the
 * isolate, and so its registry. Its effect decides nothing here.
 */
export function ownKind(
  name: string,
  run: (context: NodeContext) => NodeResult | Promise<NodeResult>,
  estimate?: () => Estimate,
): void {
  const kind: NodeKind<Record<string, never>, null> = {
    kind: name,
    summary: "Made for a test",
    schema: z.strictObject({}) as never,
    effect: "idempotent",
    compile: () => null,
    ...(estimate && { estimate }),
    run: (_, context) => run(context),
  };
  (nodeKinds as Map<string, AnyNodeKind>).set(name, kind);
}
