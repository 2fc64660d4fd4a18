import { describe, expect, it } from "vitest";
import type { RunRow } from "../log/rows.ts";
import { configured, configuredAfter } from "./configured.ts";

const before = (config: object, context: object = {}) => ({ kwargs: { config, context } }) as unknown as RunRow;
const asked = {
  config: { configurable: { request: 1, all: "request" }, tags: ["b", "c"], recursion_limit: 7 },
  context: { request: 1, all: "request" },
  metadata: { request: 1, all: "request" },
  defaults: {
    config: { configurable: { assistant: 1, all: "assistant", thread: "assistant" }, tags: ["a", "b"] },
    context: { assistant: 1, all: "assistant" },
    metadata: { assistant: 1, all: "assistant" },
  },
};
const plan = { defaults: { config: { graph: 1, assistant: "graph" }, context: { graph: 1, all: "graph" } } };

describe("what a run is given", () => {
  it("is the request's, over the thread's, over the assistant's, over the graph's", () => {
    const thread = before(
      { configurable: { thread: 1, all: "thread" }, recursion_limit: 99, tags: ["t"] },
      { left: 1 },
    );
    expect(configured(asked, plan, thread)).toEqual({
      config: {
        configurable: { graph: 1, assistant: 1, thread: 1, request: 1, all: "request" },
        tags: ["a", "b", "c"],
        recursion_limit: 7,
      },
      context: { graph: 1, assistant: 1, request: 1, all: "request" },
      metadata: { assistant: 1, request: 1, all: "request" },
    });
  });

  it("has no header of the thread's earlier requests", () => {
    const thread = before({ configurable: { "x-user": "Ada", "user-agent": "one", tone: "dry" } });
    const nothing = { config: {}, context: {}, metadata: {} };
    expect(configured(nothing, {}, thread).config).toEqual({ configurable: { tone: "dry" } });
  });

  it("stays what it is when asked again", () => {
    const once = configured(asked, plan, undefined);
    expect(configured({ ...asked, ...once }, plan, undefined)).toEqual(once);
  });

  it("where nobody says anything is nothing", () => {
    const nothing = { config: {}, context: {}, metadata: {} };
    expect(configured(nothing, {}, undefined)).toEqual(nothing);
    expect(configured(nothing, {}, before({}))).toEqual(nothing);
  });

  it("keeps a key called __proto__ as data", () => {
    const config = JSON.parse('{"configurable":{"__proto__":{"a":1}}}') as object;
    const { config: merged } = configured({ config: config as never, context: {}, metadata: {} }, {}, undefined);
    expect(JSON.stringify(merged)).toBe(JSON.stringify(config));
  });
});

describe("what a run is given that goes on", () => {
  it("is the request's, over the earlier run's, over the assistant's", () => {
    const earlier = before(
      { configurable: { thread: 1, all: "thread" }, recursion_limit: 99 },
      { left: 1, all: "run" },
    );
    expect(configuredAfter(asked, earlier)).toEqual({
      config: {
        configurable: { assistant: 1, thread: 1, request: 1, all: "request" },
        tags: ["a", "b", "c"],
        recursion_limit: 7,
      },
      context: { assistant: 1, left: 1, request: 1, all: "request" },
      metadata: { assistant: 1, request: 1, all: "request" },
    });
  });
});
