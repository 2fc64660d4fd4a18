import { beforeAll, describe, expect, it } from "vitest";
import { call, migrate, newKey, read } from "./client.ts";

/** What a conversation does with what is written to it, by a run's input and by a node. */
let key = "";
beforeAll(async () => {
  await migrate();
  key = await newKey("conversations");
});

interface Message {
  readonly id: string;
  readonly content: unknown;
}

async function thread(): Promise<string> {
  return (await read<{ thread_id: string }>(call("/threads", { key, json: {} }))).thread_id;
}

function wait<T = { messages: Message[] }>(input: unknown, on?: string): Promise<T> {
  const path = on === undefined ? "/runs/wait" : `/threads/${on}/runs/wait`;
  return read<T>(call(path, { key, json: { assistant_id: "trimmed", input } }));
}

describe("a conversation", () => {
  const say = (id: string) => ({ role: "user", content: id, id });
  const idsOf = ({ messages }: { messages: Message[] }) => messages.map(({ id }) => id);
  const run = (on: string, messages: unknown) => wait({ messages }, on);

  beforeAll(async () => {
    const json = {
      edgewise: 1,
      id: "trimmed",
      channels: { messages: { reducer: "messages" }, forget: {} },
      nodes: {
        trim: {
          kind: "transform",
          set: { messages: "default(state.forget, []).map(id, {'type': 'remove', 'id': id})" },
        },
      },
      edges: [{ from: "start", to: "trim" }],
    };
    await read(call("/graphs", { key, json }));
  });

  it("replaces in place, deletes what is named, and everything before __remove_all__", async () => {
    const on = await thread();
    expect(idsOf(await run(on, [say("a"), say("b"), say("c")]))).toEqual(["a", "b", "c"]);
    const { messages } = await run(on, [
      { ...say("b"), content: "new" },
      { type: "remove", id: "a" },
    ]);
    expect(messages.map(({ id, content }) => [id, content])).toEqual([
      ["b", "new"],
      ["c", "c"],
    ]);
    expect(idsOf(await run(on, [say("x"), { type: "remove", id: "__remove_all__" }, say("z")]))).toEqual(["z"]);
  });

  it("refuses to delete what is not there, in an input and by a node", async () => {
    const on = await thread();
    const json = { assistant_id: "trimmed", input: { messages: [say("a"), { type: "remove", id: "b" }] } };
    const refused = await call(`/threads/${on}/runs/wait`, { key, json });
    expect([refused.status, await refused.json()]).toMatchObject([
      422,
      { code: "invalid_write", pointer: "/input/messages/1" },
    ]);
    const failed = await wait({ messages: [say("a")], forget: ["a", "b"] });
    expect(failed).toMatchObject({ __error__: { code: "invalid_write", node: "trim", pointer: "/messages/1" } });
    expect(idsOf(await wait({ messages: [say("a"), say("b")], forget: ["a"] }))).toEqual(["b"]);
  });
});
