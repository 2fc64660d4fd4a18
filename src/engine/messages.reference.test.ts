import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Json, JsonObject } from "../base/json.ts";
import { MessagesFold } from "./messages.ts";

/** LangGraph's own reducer is a part of the benchmarks' packages: where they are not installed nothing is compared. */
const INSTALLED = new URL("../../bench/peers/node_modules/@langchain/langgraph/dist/index.js", import.meta.url)
  .pathname;
type Reducer = (left: readonly Json[], right: readonly Json[]) => { toDict(): { type: string; data: JsonObject } }[];
const reducer = await import(/* @vite-ignore */ INSTALLED).then(
  ({ messagesStateReducer }: { messagesStateReducer: Reducer }) => messagesStateReducer,
  () => undefined,
);

const id = fc.constantFrom("a", "b", "c", "d", "e");
const say = fc.record({ type: fc.constant("human"), content: fc.string({ maxLength: 3 }), id });
const part = fc.oneof(
  { weight: 3, arbitrary: say },
  { weight: 1, arbitrary: fc.record({ type: fc.constant("remove"), id }) },
);
const write = fc.array(part, { maxLength: 6 });

/** A write that LangGraph takes: it deletes what is there. */
function allowed(seen: readonly Json[], messages: readonly JsonObject[]): readonly JsonObject[] {
  const known = new Set(seen.map((message) => (message as JsonObject)["id"]));
  return messages.filter((message) => {
    if (message["type"] === "remove") return known.has(message["id"]);
    known.add(message["id"]);
    return true;
  });
}

const told = (list: readonly Json[]): Json =>
  list.map((message) => [(message as JsonObject)["id"], (message as JsonObject)["content"]] as Json[]);

describe.skipIf(reducer === undefined)("a conversation, and LangGraph's messagesStateReducer", () => {
  it("come to the same, whatever is said, said again, deleted and said once more", () => {
    fc.assert(
      fc.property(fc.array(write, { maxLength: 6 }), fc.boolean(), (writes, clears) => {
        let fold = MessagesFold.open(undefined);
        let theirs: Json[] = [];
        for (const messages of writes) {
          const right = allowed(theirs, messages);
          fold = fold.with([[...right]]);
          theirs = (reducer?.(theirs, right) ?? []).map((message) => {
            const { type, data } = message.toDict();
            return { ...data, type };
          });
          expect(told((fold.value() ?? []) as readonly Json[])).toEqual(told(theirs));
        }
        if (!clears) return;
        const last = [
          { type: "remove", id: "__remove_all__" },
          { type: "human", content: "new", id: "z" },
        ];
        expect(told(fold.with([last]).value() as readonly Json[])).toEqual([["z", "new"]]);
        expect((reducer?.(theirs, last) ?? []).map((message) => message.toDict().data["content"])).toEqual(["new"]);
      }),
    );
  });
});
