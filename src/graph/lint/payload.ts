import { sentTo } from "../sends.ts";
import { nameOf, report } from "./view.ts";
import type { LintView } from "./view.ts";

/** An expression that names the payload, of a node that nothing is sent to. */
export function absentPayload(view: LintView): void {
  const { plan, needPayload } = view;
  if (needPayload.size === 0) return;
  const { any } = sentTo(plan);
  const found = [...needPayload].flatMap((node) => {
    if (node !== "start" && any.has(node)) return [];
    const id = nameOf(plan, node);
    const path = node === "start" ? ["edges"] : ["nodes", id];
    const message = `"${id}" reads payload, and nothing is sent ${node === "start" ? "to the start" : "there"}.`;
    const hint = "Give the edge that leads there send: with a list, or ask first: has(payload).";
    return [{ code: "absent_payload", message, path, atKey: true, hint }];
  });
  report(view, "warning", found);
}
