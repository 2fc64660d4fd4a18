import { z } from "zod";
import { failure } from "../base/errors.ts";
import type { Json } from "../base/json.ts";
import type { Template, ValueTemplate } from "../graph/plan.ts";
import type { NodeKind } from "./contract.ts";

export const schema = z.strictObject({
  message: z.string().min(1).describe("Template of what went wrong and what to do"),
  name: z
    .string()
    .regex(/^[A-Za-z_][\w.-]{0,99}$/, "A name has letters, digits, _, . and -, at most 100.")
    .optional()
    .describe("What clients get as the error's name, instead of its code"),
  details: z.unknown().optional().describe("Template of further facts: a value whose texts are templates"),
  retryable: z.boolean().default(false).describe("Whether the same attempt may succeed later, so that `retry` applies"),
});

type Config = z.infer<typeof schema>;

interface Compiled {
  readonly message: Template;
  readonly name: string | undefined;
  readonly details: ValueTemplate | undefined;
  readonly retryable: boolean;
}

/** A message is for people and goes into every listing; facts belong into the details. */
const LONGEST_MESSAGE = 2_000;

/** Fails its task with the document's own words; what the node reaches does not run (R9). */
export const fail: NodeKind<Config, Compiled> = {
  kind: "fail",
  summary: "Ends its branch with a failure",
  schema,
  effect: "pure",
  example: `edgewise: 1
id: guarded
channels:
  amount: { schema: { type: number }, default: 12 }
  paid: { schema: { type: boolean } }
nodes:
  pay: { kind: transform, set: { paid: "true" } }
  refuse:
    kind: fail
    message: "{{ state.amount }} is above the limit of 100; ask for an approval."
    details: { amount: "{{ state.amount }}", limit: 100 }
edges:
  - { from: start, to: refuse, when: state.amount > 100 }
  - { from: start, to: pay, else: true }
`,
  compile({ message, name, details, retryable }, compiler) {
    return {
      name,
      message: compiler.template(message, ["message"]),
      details: details === undefined ? undefined : compiler.value(details as Json, ["details"]),
      retryable,
    };
  },
  run({ message, name, details, retryable }, { scope }) {
    throw failure("failed_by_graph", message.render(scope).slice(0, LONGEST_MESSAGE), {
      retryable,
      ...(name === undefined ? {} : { name }),
      ...(details === undefined ? {} : { details: details.evaluate(scope) }),
    });
  },
};
