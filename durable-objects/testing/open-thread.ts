import { runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { unwrap } from "../../src/base/errors.ts";
import { secureRandom, uuidv7 } from "../../src/base/ids.ts";
import type { Json, JsonObject } from "../../src/base/json.ts";
import { compileGraph } from "../../src/graph/compile.ts";
import { documentText } from "../../src/graph/identity.ts";
import { nodeKinds } from "../../src/nodes/registry.ts";
import { objectName } from "../../src/security/tenant.ts";
import type { Thread } from "../thread.ts";
import type { Address, FollowRun, RunResult, StartRun, StreamMode, ThreadApi, ThreadState } from "../thread-api.ts";

/** Speaking to a Thread object from tests inside workerd, without HTTP. */

export interface TestThread extends Address {
  readonly api: ThreadApi;
  /** The same object, for what only the test runtime can do to it. */
  readonly stub: DurableObjectStub<Thread>;
}

export function openThread(tenant = "acme"): TestThread {
  const threadId = uuidv7(Date.now(), secureRandom);
  const namespace = env.THREADS as unknown as DurableObjectNamespace<Thread>;
  // A stub breaks with its object: each use gets a new one.
  const stub = () => namespace.getByName(objectName(tenant, "thread", threadId));
  return {
    tenant,
    threadId,
    get stub() {
      return stub();
    },
    get api() {
      return stub() as unknown as ThreadApi;
    },
  };
}

export function startOf(
  thread: Address,
  document: JsonObject,
  input: Json = {},
  more: Partial<StartRun> = {},
): StartRun {
  const compiled = compileGraph({ document: { edgewise: 1, id: "test", ...document } }, nodeKinds);
  if (!compiled.ok) throw new Error(JSON.stringify(compiled.problems, null, 2));
  const { plan } = compiled;
  return {
    tenant: thread.tenant,
    threadId: thread.threadId,
    runId: uuidv7(Date.now(), secureRandom),
    assistantId: plan.id,
    graph: { graphId: plan.id, version: 1, hash: plan.hash, document: documentText(plan) },
    input,
    config: {},
    context: {},
    metadata: {},
    streamMode: ["values"],
    ifNotExists: "create",
    ...more,
  };
}

export async function runToEnd(thread: TestThread, document: JsonObject, input: Json = {}): Promise<RunResult> {
  const command = startOf(thread, document, input);
  unwrap(await thread.api.startRun(command));
  return unwrap(await thread.api.joinRun(command));
}

/** As if the process had died: what was not committed is gone, and no handler is asked. */
export async function crash(thread: TestThread): Promise<void> {
  await runInDurableObject(thread.stub, (_, state) => state.abort("crash")).catch(() => undefined);
}

export async function stateOf({ api, tenant, threadId }: TestThread): Promise<ThreadState> {
  return unwrap(await api.getState({ tenant, threadId }));
}

export interface SeenFrame {
  readonly id: number;
  readonly event: string;
  readonly data: Json;
}

export async function follow(
  thread: TestThread,
  runId: string,
  modes: readonly StreamMode[],
  after = -1,
  more: Partial<FollowRun> = {},
): Promise<SeenFrame[]> {
  const { tenant, threadId } = thread;
  const query = { tenant, threadId, runId, modes, after, cancelOnDisconnect: false, ...more };
  return readFrames(unwrap(await thread.api.followRun(query)));
}

export async function readFrames(stream: ReadableStream<Uint8Array>): Promise<SeenFrame[]> {
  const text = await new Response(stream).text();
  return text
    .split("\n\n")
    .filter((block) => block.includes("event: "))
    .map(parseFrame);
}

function parseFrame(block: string): SeenFrame {
  const field = (name: string): string => new RegExp(`^${name}: (.*)$`, "m").exec(block)?.[1] ?? "";
  return { id: Number(field("id")), event: field("event"), data: JSON.parse(field("data")) as Json };
}

/** A model node that answers by script. */
export function says(reply: string, write: string, more: JsonObject = {}): JsonObject {
  return {
    kind: "model",
    model: "builtin/scripted",
    prompt: "",
    write,
    options: { script: { turns: [{ reply, ...more }] } },
  };
}

/** A model node whose attempts end as listed; the last repeats. */
export function attempts(write: string, ...outcomes: readonly JsonObject[]): JsonObject {
  const script = { turns: [outcomes] };
  return {
    kind: "model",
    model: "builtin/scripted",
    prompt: "",
    write,
    options: { script },
    retry: { attempts: 3, delay: "10ms", max_delay: "20ms" },
  };
}
