import { rawNodeOf, report } from "./view.ts";
import type { LintView } from "./view.ts";

/** Repeating what must not be repeated. */
export function retryUnsafe(view: LintView): void {
  const found = view.plan.nodes.filter(
    ({ id, effect, retry }) =>
      effect === "unsafe" && retry.attempts > 1 && Object.hasOwn(rawNodeOf(view.plan.document, id), "retry"),
  );
  report(
    view,
    "warning",
    found.map(({ id, retry }) => ({
      code: "retry_unsafe",
      message: `"${id}" is attempted up to ${retry.attempts} times, and each attempt may do harm again (its effect is unsafe).`,
      path: ["nodes", id, "retry"],
      hint: "Leave retry out; or, where the receiver takes an idempotency key, say effect: idempotent.",
    })),
  );
}
