import { Client as Client1 } from "langgraph-sdk-1";
import { Client as Client2 } from "langgraph-sdk-2";
import { Webhook } from "standardwebhooks";
import { afterAll, beforeAll, describe, expect, it, onTestFailed } from "vitest";
import { execFileSync } from "node:child_process";
import { fencesOf } from "../docs/page.ts";
import { receive } from "../docs/programs/receive.ts";
import { readSource } from "../sources.ts";
import { call, until } from "./api.ts";
import { type Received, type Receiver, startReceiver } from "./receiver.ts";
import { startTestServer, type TestServer } from "./server.ts";

// Webhooks to a real receiver, through kills, and crons by the clients of LangGraph.

const GRAPH = {
  edgewise: 1,
  id: "double",
  channels: { number: {}, doubled: {} },
  input: ["number"],
  output: ["doubled"],
  nodes: { double: { kind: "transform", set: { doubled: "state.number * 2" } } },
  edges: [{ from: "start", to: "double" }],
};

let receiver: Receiver;
let server: TestServer;
beforeAll(async () => {
  receiver = await startReceiver();
  server = await startTestServer({ EDGEWISE_DECLARED_ORIGINS: receiver.url });
  await call(server, "POST", "/graphs", GRAPH);
});
afterAll(async () => {
  await server?.remove();
  receiver?.stop();
});

const start = async (number: number) =>
  call<{ run_id: string }>(server, "POST", "/runs", {
    assistant_id: "double",
    input: { number },
    webhook: `${receiver.url}/hook`,
    on_completion: "keep",
  });
const of = (runId: string) => receiver.messages.filter(({ headers }) => headers["webhook-id"] === `msg_${runId}`);
const secret = async () => (await call<{ secret: string }>(server, "GET", "/webhooks/secret")).secret;
const verified = async ({ text, headers }: Received) =>
  new Webhook(await secret()).verify(text, headers as Record<string, string>);

describe("a webhook (G16)", () => {
  it("arrives at a real receiver, and its signature verifies", async () => {
    const { run_id: runId } = await start(21);
    await until(() => of(runId).length > 0, "the webhook");
    const [message] = of(runId);
    if (message === undefined) throw new Error("It is not there.");
    expect(await verified(message)).toMatchObject({ run_id: runId, status: "success", values: { doubled: 42 } });
    expect(message.text).not.toContain("whsec_");
  });

  it("that is refused comes again, under the same id", async () => {
    receiver.answers(500);
    const { run_id: runId } = await start(1);
    await until(() => of(runId).length === 2, "the second attempt");
    const [first, second] = of(runId);
    expect((second?.at ?? 0) - (first?.at ?? 0)).toBeGreaterThanOrEqual(4_900);
  });

  it("survives kills: after the commit, and in the middle of a delivery", async () => {
    onTestFailed(() => console.log(server.output()));
    receiver.hold(true);
    const runs = await Promise.all([start(2), start(3), start(4)]);
    await server.kill9();
    await server.start();
    await until(() => of(runs[0]?.run_id ?? "").length > 0, "a delivery under way");
    await server.kill9();
    receiver.hold(false);
    const before = receiver.messages.length;
    await server.start();
    for (const { run_id: runId } of runs) {
      await until(() => receiver.messages.slice(before).some((one) => of(runId).includes(one)), "the webhook", 60_000);
      const last = of(runId).at(-1);
      if (last === undefined) throw new Error("It is not there.");
      expect(await verified(last)).toMatchObject({ run_id: runId, status: "success" });
    }
  });

  it("carries two signatures after a rotation, so that either secret verifies", async () => {
    const before = await secret();
    await call(server, "POST", "/webhooks/secret/rotate");
    const { run_id: runId } = await start(5);
    await until(() => of(runId).length > 0, "the webhook");
    const [message] = of(runId);
    if (message === undefined) throw new Error("It is not there.");
    expect(await secret()).not.toBe(before);
    await verified(message);
    new Webhook(before).verify(message.text, message.headers as Record<string, string>);
  });

  it("to a private address that nobody declared is refused when it is asked for", async () => {
    for (const webhook of ["http://127.0.0.1:1/x", "https://10.0.0.1/", "/hooks", "https://localhost/x"]) {
      const answer = await fetch(`${server.url}/runs`, {
        method: "POST",
        headers: { "x-api-key": server.key, "content-type": "application/json" },
        body: JSON.stringify({ assistant_id: "double", input: { number: 1 }, webhook }),
      });
      expect(await answer.json()).toMatchObject({ status: 403, code: "egress_denied", pointer: "/webhook" });
    }
  });

  it("is received by the program of docs/schedules-and-webhooks.md, and by nobody with another secret", async () => {
    const { run_id: runId } = await start(6);
    await until(() => of(runId).length > 0, "the webhook");
    const [{ headers, text } = { headers: {}, text: "" }] = of(runId);
    const request = () =>
      new Request(receiver.url, { method: "POST", headers: headers as Record<string, string>, body: text });
    expect(await (await receive(request(), await secret())).json()).toEqual({ noted: runId, status: "success" });
    await expect(receive(request(), `whsec_${btoa("another")}`)).rejects.toThrow("No matching signature");
  });

  it("leaves no address and no secret in the server's log", async () => {
    expect(server.output()).not.toMatch(/whsec_|\/hook\b/);
  });
});

describe("docs/schedules-and-webhooks.md", () => {
  const commands = fencesOf(readSource("docs/schedules-and-webhooks.md")).flatMap(({ language, text }) =>
    language === "bash" ? [text] : [],
  );

  it("shows commands that do what it says", async () => {
    const environment = { ...process.env, URL: server.url, KEY: server.key };
    const answers = commands.map((command) => {
      const here = command.replace("https://hooks.example.com", receiver.url);
      return JSON.parse(execFileSync("sh", ["-c", here], { env: environment, encoding: "utf8" })) as Record<
        string,
        unknown
      >;
    });
    expect(answers).toMatchObject([
      { cron_id: expect.any(String) },
      { run_id: expect.any(String) },
      { secret: await secret() },
    ]);
    await until(() => of(answers[1]?.["run_id"] as string).length > 0, "the webhook");
  });
});

describe.each([
  ["1.15", Client1],
  ["2.0", Client2],
])("crons by the client %s", (_, Client) => {
  it("are created, found, counted and deleted", async () => {
    const client = new Client({ apiUrl: server.url, apiKey: server.key });
    const payload = {
      schedule: "0 9 * * *",
      input: { number: 1 },
      metadata: { by: _ },
      webhook: `${receiver.url}/hook`,
    };
    const alone = (await client.crons.create("double", payload)) as unknown as { cron_id: string };
    const { thread_id: threadId } = await client.threads.create();
    const onThread = (await client.crons.createForThread(threadId, "double", payload)) as unknown as {
      cron_id: string;
    };
    const mine = (await client.crons.search({ threadId })).map(({ cron_id: id }) => id);
    expect(mine).toEqual([onThread.cron_id]);
    expect(await client.crons.count({ threadId })).toBe(1);
    const patch = { enabled: false };
    await call(server, "PATCH", `/runs/crons/${alone.cron_id}`, patch);
    await client.crons.delete(alone.cron_id);
    await client.crons.delete(onThread.cron_id);
    expect(await client.crons.search({ threadId })).toEqual([]);
  });
});
