import { type Mutation, MUTATIONS } from "../../src/engine/testing/mutations.ts";
import { PLANTS } from "./plants.ts";

/**
 * The reference's list of bugs that must be noticed (reliability, section C). Those of the rules are planted in the naive
 * engine, those of the shell in the product itself; `absent`: the part it would be in does not exist yet.
 */
export type Planting =
  | { readonly in: "rules"; readonly mutation: Mutation }
  | { readonly in: "shell" }
  | { readonly in: "absent"; readonly part: string };

const rules = (mutation: Mutation): Planting => ({ in: "rules", mutation });
const SHELL: Planting = { in: "shell" };

export const BUGS: Readonly<Record<string, Planting>> = {
  "idempotency key per attempt": SHELL,
  "event before commit": SHELL,
  "arrival-order merge": rules("fold-in-order-of-arrival"),
  "alarm outside the transaction": SHELL,
  "acknowledgement before commit": SHELL,
  "stale resume accepted": SHELL,
  "budget reset on restart": SHELL,
  "fence dropped": SHELL,
  "readiness one by one": rules("one-by-one"),
  "a wait not counted as in flight": rules("wait-is-not-in-flight"),
  "`v` in flight does not block `v`": rules("node-does-not-block-itself"),
  "sends merged": rules("sends-merge"),
  "level taken from causes": rules("level-from-causes"),
  "a loop's head not waiting for its loop": rules("head-ignores-its-loop"),
  "snapshot off by one": SHELL,
  "reducer applied again on replay": SHELL,
  "timer early after a clock jump": SHELL,
  "due row cleared before its work": SHELL,
  "early signal dropped": SHELL,
  "queue duplicate redone": SHELL,
  "second terminal on cancel": SHELL,
  "child not cancelled": SHELL,
  "attempt count lost on restart": SHELL,
  "newest graph version at resume": SHELL,
};

/** Mutations that have no other name in the list above. */
export const OTHER_MUTATIONS = (Object.keys(MUTATIONS) as Mutation[]).filter(
  (mutation) => !Object.values(BUGS).some((planting) => planting.in === "rules" && planting.mutation === mutation),
);

export const OTHER_PLANTS = PLANTS.filter(({ name }) => !(name in BUGS));
