import assert from "node:assert/strict";
import { Client as Client1 } from "langgraph-sdk-1";
import { Client as Client2 } from "langgraph-sdk-2";
import type { TestServer } from "../e2e/server.ts";
import { type Client, collect, type Part, sleep, until } from "./case.ts";
import { VERSIONS, type Version } from "./contract.ts";
import { publishGraphs, says } from "./graphs.ts";
import { startProxy } from "./proxy.ts";
import { type Result, tried } from "./results.ts";

const TEXT = Array.from({ length: 800 }, (_, at) => String.fromCharCode(97 + (at % 26))).join("");
/** 200 tokens in four seconds or so, then three steps more. */
const SLOW = {
  edgewise: 1,
  id: "c-slow",
  channels: { said: {}, log: { reducer: "append", default: [] } },
  nodes: {
    speak: says(TEXT, 20, "said"),
    one: { kind: "transform", set: { log: "'one'" } },
    two: { kind: "transform", set: { log: "'two'" } },
  },
  edges: [
    { from: "start", to: "speak" },
    { from: "speak", to: "one" },
    { from: "one", to: "two" },
  ],
};
const MODES = ["values", "updates", "messages-tuple"] as const;
const about = (...fields: readonly string[]) => fields.map((field) => `a stream that is cut:${field}`);

const clientOf = (version: Version, url: string, key: string): Client =>
  new (version === "1.15.0" ? Client1 : (Client2 as unknown as typeof Client1))({ apiUrl: url, apiKey: key });

/** Streams whose connection, or whose server, goes away in the middle. @param cuts how often the connection is cut */
export async function playCuts(server: TestServer, cuts: number): Promise<Result[]> {
  await publishGraphs(server, [SLOW]);
  const proxy = await startProxy(server.url);
  try {
    const cutting = VERSIONS.map((version) =>
      tried(
        {
          name: "cut at random moments, the client reconnects by itself and has every frame once",
          about: about("reconnect", "Location"),
        },
        version,
        () =>
          followed(server, clientOf(version, proxy.url, server.key), async (_parts, isOver) => {
            for (let at = 0; at < cuts && !isOver(); at++) {
              await sleep(200 + Math.random() * 900);
              proxy.cut();
            }
          }),
        90,
      ),
    );
    const results = await Promise.all(cutting);
    return [...results, ...(await playKill(server))];
  } finally {
    await proxy.stop();
  }
}

/**
 * kill -9 of the whole process group while both clients follow; the same port and state afterwards. 2.0.0 gives up at the first
 * connection that is refused, so it speaks to the server through something that holds connections meanwhile.
 */
async function playKill(server: TestServer): Promise<Result[]> {
  const patient = await startProxy(server.url, 30_000);
  let far = 0;
  const killed = (async () => {
    await until(async () => far === VERSIONS.length, "both streams");
    await server.kill9();
    await server.start();
  })();
  const results = await Promise.all(
    VERSIONS.map((version) =>
      tried(
        {
          name: "kill -9 of the server in mid-stream: the client reconnects and has every frame of the log once",
          about: about("kill -9", "Location"),
        },
        version,
        () =>
          followed(
            server,
            clientOf(version, version === "2.0.0" ? patient.url : server.url, server.key),
            async (parts) => {
              await until(async () => parts.length > 40, "forty frames");
              far++;
              await killed;
            },
          ),
        90,
      ),
    ),
  );
  await killed;
  await patient.stop();
  return results;
}

/** Streams a run while `meanwhile` happens; what came must be what the run's stream is, ids included. */
async function followed(
  server: TestServer,
  client: Client,
  meanwhile: (parts: readonly Part[], isOver: () => boolean) => Promise<void>,
): Promise<void> {
  const { thread_id: threadId } = await client.threads.create();
  const parts: Part[] = [];
  let isOver = false;
  let runId = "";
  const following = (async () => {
    const stream = client.runs.stream(threadId, "c-slow", {
      input: {},
      streamMode: [...MODES],
      onRunCreated: (run) => {
        runId = run.run_id;
      },
    });
    for await (const part of stream) parts.push(part as Part);
  })().finally(() => {
    isOver = true;
  });
  const [outcome] = await Promise.allSettled([following, meanwhile(parts, () => isOver)]);
  if (outcome.status === "rejected") throw outcome.reason;
  const direct = clientOf("1.15.0", server.url, server.key);
  const whole = await collect(direct.runs.joinStream(threadId, runId, { lastEventId: "-1", streamMode: [...MODES] }));
  const ids = parts.map(({ id }) => id);
  assert.equal(new Set(ids).size, ids.length, "a frame came twice");
  assert.deepEqual(
    parts.filter((part) => !isLost(part, whole)),
    whole,
  );
  assert.equal((await direct.runs.get(threadId, runId)).status, "success");
}

/** G7: pieces that an attempt had said when the server was killed are gone with it; the next attempt speaks under another id. */
function isLost({ event, data }: Part, whole: readonly Part[]): boolean {
  const idOf = (each: unknown) => (each as [{ id: string }])[0].id;
  return event === "messages" && !whole.some((part) => part.event === "messages" && idOf(part.data) === idOf(data));
}
