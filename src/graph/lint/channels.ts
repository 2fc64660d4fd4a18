import type { Channel } from "../channels.ts";
import { report } from "./view.ts";
import type { LintView } from "./view.ts";

/** Channels without any use, and channels that are read and never set. */
export function channelUse(view: LintView): void {
  const { plan, reads, writes } = view;
  const raw = plan.document;
  const named = new Set([
    ...(raw["input"] === undefined ? [] : plan.input),
    ...(raw["output"] === undefined ? [] : plan.output),
  ]);
  const input = new Set(plan.input);
  const unused = plan.channels.filter(({ name }) => !reads.has(name) && !writes.has(name) && !named.has(name));
  const absent = plan.channels.filter(
    (channel) =>
      reads.has(channel.name) && !writes.has(channel.name) && !input.has(channel.name) && channel.default === undefined,
  );
  report(
    view,
    "warning",
    unused.map(({ name }) => ({
      code: "unused_channel",
      message: `No node reads or writes the channel "${name}".`,
      path: ["channels", name],
      atKey: true,
      fix: { says: `Remove the channel "${name}"`, edits: [{ path: ["channels", name] }] },
    })),
  );
  report(
    view,
    "warning",
    absent.map(({ name }) => ({
      code: "absent_channel",
      message: `The channel "${name}" is read, but nothing sets it: no node, no input, no default.`,
      path: ["channels", name],
      atKey: true,
    })),
  );
}

/** Input that is said to be input, and of which nothing says what it looks like. */
export function noSchema(view: LintView): void {
  const { plan } = view;
  if (!Array.isArray(plan.document["input"])) return;
  const input = new Set(plan.input);
  const bare = plan.channels.filter((channel) => input.has(channel.name) && tellsNothing(channel));
  report(
    view,
    "hint",
    bare.map(({ name }) => ({
      code: "no_schema",
      message: `Nothing says what the input "${name}" looks like, so a wrong one is found in the middle of a run.`,
      path: ["channels", name],
      atKey: true,
      hint: "Give the channel a schema, such as { type: string }; expressions are checked by it too.",
    })),
  );
}

/** Every other reducer gives the value its type. */
function tellsNothing({ reducer, schema }: Channel): boolean {
  return reducer === "last" && schema === undefined;
}
