import type { JsonObject } from "../../src/base/json.ts";
import { says } from "./open-thread.ts";

/** Two branches of different lengths and a join. */
export const DIAMOND: JsonObject = {
  channels: { left: {}, right: {}, both: {} },
  nodes: {
    short: says("short", "left"),
    long: says("long one", "right", { delayMs: 5 }),
    join: { kind: "transform", set: { both: "state.left + ' & ' + state.right" } },
  },
  edges: [
    { from: "start", to: "short" },
    { from: "start", to: "long" },
    { from: "short", to: "join" },
    { from: "long", to: "join" },
  ],
};

export const SLOW: JsonObject = {
  channels: { first: {}, second: {}, third: {} },
  nodes: {
    a: says("one", "first"),
    b: says("two two two two", "second", { delayMs: 40 }),
    c: says("three", "third"),
  },
  edges: [
    { from: "start", to: "a" },
    { from: "a", to: "b" },
    { from: "b", to: "c" },
  ],
};
