import fc from "fast-check";
import { expect, it } from "vitest";
import type { Json } from "../../src/base/json.ts";
import { openFold } from "../../src/engine/reducers.ts";
import type { Channel, ReducerName } from "../../src/graph/channels.ts";
import type { Plan } from "../../src/graph/plan.ts";
import { coalesced } from "./coalesce.ts";

const VALUES: Readonly<Record<Exclude<ReducerName, "messages">, fc.Arbitrary<Json>>> = {
  last: fc.integer(),
  append: fc.oneof(fc.integer(), fc.array(fc.integer())) as fc.Arbitrary<Json>,
  union: fc.oneof(fc.integer({ max: 5 }), fc.array(fc.integer({ max: 5 }))) as fc.Arbitrary<Json>,
  merge: fc.dictionary(fc.constantFrom("a", "b", "__proto__"), fc.integer()) as fc.Arbitrary<Json>,
  sum: fc.integer(),
  min: fc.integer(),
  max: fc.integer(),
};

it("[R5, R10] writes to a conversation become one, unless one of them deletes: what stands where would change", () => {
  const plan = { channels: [{ name: "c", reducer: "messages", conflict: "error" }] } as unknown as Plan;
  const say = { type: "human", id: "a", content: "" };
  const few = (...values: Json[]) =>
    coalesced(
      plan,
      values.map((value) => ({ channel: "c", value })),
      { id: "each" },
    );
  expect(few([say], say)).toHaveLength(1);
  expect(few([{ type: "remove", id: "a" }], [say])).toHaveLength(2);
});

it.each(Object.entries(VALUES))(
  "[R5, R10] many writes to a %s channel fold to the same as the few they become",
  (reducer, value) => {
    const channel = { name: "c", reducer: reducer as ReducerName, conflict: "last" } as Channel;
    fc.assert(
      fc.property(
        fc.array(value, { minLength: 2, maxLength: 80 }),
        fc.option(value, { nil: undefined }),
        (values, base) => {
          const plan = { channels: [channel] } as unknown as Plan;
          const few = coalesced(
            plan,
            values.map((each) => ({ channel: "c", value: each })),
            { id: "each", carries: true },
          );
          expect(few).toHaveLength(1);
          const fold = (writes: readonly Json[]) => openFold(channel, base).with(writes).value();
          expect(fold(few.map((write) => write.value))).toEqual(fold(values));
        },
      ),
    );
  },
);
