import { applyD1Migrations } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { beforeAll, describe, expect, it } from "vitest";
import { unwrap } from "../src/base/errors.ts";
import { follow, openThread, startOf } from "./testing/open-thread.ts";

beforeAll(async () => {
  await applyD1Migrations(env.DB, env.TEST_MIGRATIONS);
});

describe("a follower of a model node with output", () => {
  it("sees the first answer as it comes, and a repaired one whole, under an id of its own", async () => {
    const thread = openThread();
    const turns = [{ reply: '{"n": "one"}' }, { reply: '{"n": 1}' }];
    const schema = { type: "object", properties: { n: { type: "integer" } }, required: ["n"] };
    const command = startOf(thread, {
      channels: { x: { schema } },
      nodes: {
        ask: {
          kind: "model",
          model: "builtin/scripted",
          prompt: "n?",
          output: schema,
          write: "x",
          options: { script: { turns } },
        },
      },
      edges: [{ from: "start", to: "ask" }],
    });
    unwrap(await thread.api.startRun(command));
    expect(unwrap(await thread.api.joinRun(command)).values).toEqual({ x: { n: 1 } });
    const messages = (await follow(thread, command.runId, ["messages-tuple"]))
      .filter(({ event }) => event === "messages")
      .map(({ data }) => (data as [{ type: string; id: string; content: string }])[0]);
    const pieces = messages.filter(({ type }) => type === "AIMessageChunk");
    expect(pieces.map(({ content }) => content).join("")).toBe('{"n": "one"}');
    const [whole, ...more] = messages.filter(({ type }) => type === "ai");
    expect(whole).toMatchObject({ id: `${pieces[0]?.id}:repair-1`, content: '{"n": 1}' });
    expect(more).toEqual([]);
  });
});
