import { describe, expect, it } from "vitest";
import type { Json } from "../base/json.ts";
import { MessagesFold } from "./messages.ts";

const say = (id: string, content = id): Json => ({ type: "human", id, content });
const remove = (id: string): Json => ({ type: "remove", id });
const contents = (fold: MessagesFold): Json => {
  const value = fold.value();
  return Array.isArray(value) ? value.map((message: Json) => (message as { content: Json }).content) : "absent";
};
const open = (...messages: Json[]) => MessagesFold.open(messages);

describe("messages", () => {
  it("[R5] come one by one or as a list, and keep their order", () => {
    expect(contents(open().with([say("a"), [say("b"), say("c")]]))).toEqual(["a", "b", "c"]);
  });

  it("[R5] one with a known id takes that message's place", () => {
    expect(contents(open(say("a"), say("b")).with([say("a", "new")]))).toEqual(["new", "b"]);
  });

  it("[R5] one of type remove deletes the message it names; an unknown one nothing", () => {
    expect(contents(open(say("a"), say("b"), say("c")).with([[remove("b"), remove("x")]]))).toEqual(["a", "c"]);
  });

  it("[R5] one that a write deletes and writes again stands where it stood", () => {
    const write = [remove("a"), say("c"), say("a", "again")];
    expect(contents(open(say("a"), say("b")).with([write]))).toEqual(["again", "b", "c"]);
    expect(contents(open(say("a"), say("b")).with([[remove("a"), remove("a"), say("a", "1"), remove("a")]]))).toEqual([
      "b",
    ]);
    expect(contents(open(say("a"), say("b")).with([write, [say("a", "later")]]))).toEqual(["later", "b", "c"]);
  });

  it("[R5] a removed id may come again, at the end", () => {
    expect(contents(open(say("a"), say("b")).with([remove("a"), say("a", "again"), say("b", "new")]))).toEqual([
      "new",
      "again",
    ]);
  });

  it("[R5] __remove_all__ deletes everything before it and nothing after", () => {
    expect(contents(open(say("a")).with([[say("b"), remove("__remove_all__"), say("c")]]))).toEqual(["c"]);
  });

  it("[R5] without ids they are all kept", () => {
    const anonymous = { type: "ai", content: "same" };
    expect(contents(open(anonymous).with([anonymous, { ...anonymous, id: null }]))).toEqual(["same", "same", "same"]);
  });

  it("[R5] folds that grow from one conversation do not disturb each other", () => {
    const start = open(say("a"), say("b"));
    const one = start.with([say("c", "one")]);
    const other = start.with([say("c", "other"), say("a", "replaced")]);
    const removed = one.with([remove("a")]);
    expect(contents(start)).toEqual(["a", "b"]);
    expect(contents(one)).toEqual(["a", "b", "one"]);
    expect(contents(other)).toEqual(["replaced", "b", "other"]);
    expect(contents(removed)).toEqual(["b", "one"]);
    expect(contents(one.with([say("c", "later")]))).toEqual(["a", "b", "later"]);
    expect(contents(start.with([say("c", "third"), say("c", "fourth")]))).toEqual(["a", "b", "fourth"]);
  });

  it("[R5] agree with a plain list, whatever is written", () => {
    let seed = 1;
    const below = (limit: number) => {
      seed = (seed * 48271) % 2147483647;
      return seed % limit;
    };
    for (let round = 0; round < 300; round += 1) {
      let fold = open();
      let plain: { id: string; content: string }[] = [];
      for (let step = 0; step < 40; step += 1) {
        const id = `m${below(round % 2 === 0 ? 5 : 30)}`;
        const content = `${round}.${step}`;
        const known = plain.findIndex((message) => message.id === id);
        // In every third conversation nothing is ever removed.
        if (below(6) < round % 3) {
          plain = plain.filter((message) => message.id !== id);
          fold = fold.with([remove(id)]);
        } else {
          if (known >= 0) plain = plain.with(known, { id, content });
          else plain = [...plain, { id, content }];
          // A fork that nobody keeps must not matter.
          fold.with([say(id, "fork"), say("fork")]);
          fold = fold.with([say(id, content)]);
        }
        expect(contents(fold)).toEqual(plain.map((message) => message.content));
      }
    }
  });
});
