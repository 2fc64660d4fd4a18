import { beforeAll, describe, expect, it } from "vitest";
import { nodeKinds } from "../../src/nodes/registry.ts";
import { call, migrate, newKey, read } from "./client.ts";

/** The page of each kind shows a graph that runs as it is: these are their results. */
const RESULTS: Readonly<Record<string, unknown>> = {
  model: { answer: expect.stringContaining("bridge") },
  tools: {
    messages: [
      { type: "human" },
      { type: "ai" },
      { type: "tool", name: "weather", content: "sunny", status: "success" },
      { type: "tool", name: "weather", content: "rain", status: "success" },
      { type: "ai", content: "Rome is sunny, Oslo is not." },
    ].map((message) => expect.objectContaining(message)),
  },
  transform: { words: 3, loud: "A SHORT TEXT." },
  switch: { answer: "Here is how." },
  "store.get": { greeting: "Hello ada" },
  "store.put": { user: "ada", tastes: ["tea"] },
  map: { words: ["one", "three", "eleven"], lengths: [3, 5, 6] },
  loop: { number: 6.25, turns: 4 },
  race: { answer: "early" },
  saga: {
    log: ["The flat is gone."],
    problem: { code: "failed_by_graph", message: "The flat is gone.", retryable: false, node: "flat", attempt: 1 },
  },
  subgraph: { name: "Ada", greetings: ["Hello Ada", "Hello ADA"] },
  wait: { told: true },
  machine: { light: "red", seen: ["green", "amber", "red"] },
  emit: { done: 1 },
  fail: { amount: 12, paid: true },
};
/** Its example calls a server of somebody else's. */
const NEEDS_NETWORK: ReadonlySet<string> = new Set(["http"]);
/** Its example asks somebody. */
const NEEDS_ANSWER: ReadonlySet<string> = new Set(["gate"]);

let key = "";
beforeAll(async () => {
  await migrate();
  key = await newKey("examples");
});

async function publish(yaml: string, as = key): Promise<string> {
  const headers = { "content-type": "application/yaml" };
  const { graph_id } = await read<{ graph_id: string }>(
    call("/graphs", { key: as, method: "POST", body: yaml, headers }),
  );
  return graph_id;
}

function run(graph: string, input: unknown = {}, as = key): Promise<unknown> {
  return read(call("/runs/wait", { key: as, json: { assistant_id: graph, input } }));
}

describe("the examples of the kinds", () => {
  it.each(
    [...nodeKinds.values()]
      .filter(({ kind }) => !NEEDS_NETWORK.has(kind) && !NEEDS_ANSWER.has(kind))
      .map(({ kind, example }) => [kind, example]),
  )("%s runs as it is", async (kind, example) => {
    expect(await run(await publish(example ?? ""))).toEqual(RESULTS[kind]);
  });

  it("gate runs as it is, up to what is asked, and on with the answer", async () => {
    const graph = await publish(nodeKinds.get("gate")?.example ?? "");
    const { thread_id } = await read<{ thread_id: string }>(call("/threads", { key, json: {} }));
    const thread = `/threads/${thread_id}`;
    await read(call(`${thread}/runs/wait`, { key, json: { assistant_id: graph, input: {} } }));
    const [open] = await read<{ id: string; value: unknown }[]>(call(`${thread}/interrupts`, { key }));
    expect(open?.value).toEqual({ question: "May this go out?", text: "We are open on Sundays now." });
    const { run } = await read<{ run: { run_id: string } }>(
      call(`${thread}/interrupts/${open?.id}`, { key, json: { value: { yes: true } } }),
    );
    const result = await read(call(`${thread}/runs/${run.run_id}/join`, { key }));
    expect(result).toEqual({ result: "Published: We are open on Sundays now." });
  });

  it("what one run puts into the store another one gets, and no other tenant", async () => {
    await run(await publish(nodeKinds.get("store.put")?.example ?? ""), { user: "grace" });
    const graph = await publish(STORED);
    expect(await run(graph, { user: "grace" })).toEqual({ profile: { name: "grace", likes: ["tea"] } });
    const stranger = await newKey("another-tenant");
    expect(await run(await publish(STORED, stranger), { user: "grace" }, stranger)).toEqual({ profile: null });
  });
});

describe("nodes that fail", () => {
  it("fail ends the run with the document's words and details", async () => {
    expect(await run(await publish(nodeKinds.get("fail")?.example ?? ""), { amount: 200 })).toMatchObject({
      __error__: {
        code: "failed_by_graph",
        message: expect.stringContaining("200 is above the limit of 100"),
        details: { amount: 200, limit: 100 },
        node: "refuse",
      },
    });
  });

  it.each(["https://127.0.0.1/", "https://metadata.google.internal/", "http://example.com/"])(
    "http cannot be made to call %s, whoever names it",
    async (link) => {
      const failed = await run(await publish(FETCHED), { link });
      expect(failed).toMatchObject({ __error__: { code: "egress_denied", retryable: false, node: "get" } });
    },
  );
});

const FETCHED = `edgewise: 1
id: fetched
channels: { link: {}, body: {} }
nodes:
  get: { kind: http, url: "{{ state.link }}", write: body, retry: 1 }
edges:
  - { from: start, to: get }
`;

const STORED = `edgewise: 1
id: stored
channels: { user: {}, profile: {} }
output: [profile]
nodes:
  get: { kind: store.get, namespace: [users, "{{ state.user }}"], key: profile, write: profile }
edges:
  - { from: start, to: get }
`;
