import { beforeAll, expect, it } from "vitest";
import { parse } from "yaml";
import source from "../../examples/chat-agent/graph.yaml?raw";
import { call, migrate, newKey, read } from "./client.ts";

let key = "";
beforeAll(async () => {
  await migrate();
  key = await newKey("chat-agent");
  await read(call("/graphs", { key, json: withScript(parse(source) as Graph) }));
});

interface Graph {
  readonly nodes: Readonly<Record<string, object>>;
}

const calls = (...toolCalls: readonly { name: string; args: object }[]) => ({ reply: "", toolCalls });
const TURNS = [
  calls({ name: "remember", args: { about: "drinks", text: "Tea." } }, { name: "recall", args: { about: "food" } }),
  { reply: "I shall remember." },
  calls({ name: "recall", args: { about: "drinks" } }, { name: "approve", args: { action: "Buy tea." } }),
  { reply: "Bought." },
];

/** What a provider's model would say, said by a script. */
function withScript(graph: Graph): object {
  const agent = { ...graph.nodes["agent"], model: "builtin/scripted", options: { script: { turns: TURNS } } };
  return { ...graph, nodes: { ...graph.nodes, agent } };
}

interface Result {
  readonly messages: readonly { readonly type: string; readonly content: string; readonly status?: string }[];
}

it("examples/chat-agent remembers, finds what it has noted, and asks before it acts", async () => {
  const { thread_id: thread } = await read<{ thread_id: string }>(call("/threads", { key, json: {} }));
  const run = (given: object) =>
    read<Result>(
      call(`/threads/${thread}/runs/wait`, {
        key,
        json: { assistant_id: "chat-agent", context: { user: "ada" }, ...given },
      }),
    );
  const told = ({ messages }: Result) => messages.filter(({ type }) => type === "tool").map(({ content }) => content);

  const first = await run({ input: { messages: "I like tea. Remember that." } });
  expect(told(first)).toEqual(["Noted.", '{"text":"There is no such note."}']);
  expect(first.messages.at(-1)?.content).toBe("I shall remember.");

  await run({ input: { messages: "Buy what I like." } });
  const open = await read<{ value: unknown }[]>(call(`/threads/${thread}/interrupts`, { key }));
  expect(open.map(({ value }) => value)).toEqual([{ question: "May I?", action: "Buy tea." }]);

  const last = await run({ command: { resume: "yes" } });
  expect(told(last).slice(2)).toEqual(['{"text":"Tea."}', "yes"]);
  expect(last.messages.at(-1)).toMatchObject({ type: "ai", content: "Bought." });
});

it("examples/chat-agent keeps everybody's notes apart, and takes no name that is none", async () => {
  const json = (context: object) => ({
    assistant_id: "chat-agent",
    context,
    input: { messages: [{ role: "user", content: "?" }] },
  });
  const { messages } = await read<Result>(call("/runs/wait", { key, json: json({ user: "eve" }) }));
  expect(messages.filter(({ status }) => status === "success")).toHaveLength(2);
  const refused = await call("/runs/wait", { key, json: json({ user: "" }) });
  expect([refused.status, await refused.json()]).toMatchObject([400, { pointer: "/context/user" }]);
});
