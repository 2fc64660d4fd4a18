import { z } from "zod";
import { failure } from "../../../src/base/errors.ts";
import type { Template } from "../../../src/graph/plan.ts";
import type { NodeKind } from "../../../src/nodes/contract.ts";

const schema = z.strictObject({ url: z.string(), what: z.string(), write: z.string() });

/** Does something in the world: posts to the double, under the task's key, and writes the receipt. */
export const effectKind: NodeKind<z.infer<typeof schema>, { url: string; what: Template; write: string }> = {
  kind: "effect",
  summary: "Does something in the world",
  schema,
  effect: "idempotent",
  compile({ url, what, write }, compiler) {
    compiler.channel(write, ["write"]);
    return { url, write, what: compiler.template(what, ["what"]) };
  },
  async run({ url, what, write }, { fetch, idempotencyKey, scope, signal }) {
    const response = await fetch(url, {
      method: "POST",
      headers: { "idempotency-key": idempotencyKey },
      body: what.render(scope),
      signal,
    });
    if (!response.ok) throw failure("http_failed", `The double answered ${response.status}.`, { retryable: true });
    return { writes: [{ channel: write, value: await response.text() }] };
  },
};
