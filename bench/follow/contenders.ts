import { fork } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { readEvents, type StreamEvent } from "../../scripts/local/client.ts";
import { ROOT } from "../../scripts/local/repository.ts";
import { startEdgewise, startWorker } from "../servers.ts";
import { agesOf, type Pace, writePace } from "./stamps.ts";

/** What came of one stream. */
export interface Followed {
  /** Milliseconds from a token's being said to its frame's being read, of all tokens that came. */
  readonly ages: readonly number[];
  /** From the first frame to the last. */
  readonly seconds: number;
}

/** Who streams a model's tokens: Edgewise, or the bare Worker beside it. */
export interface Contender {
  stream(pace: Pace): Promise<Followed>;
  /** A new conversation, one turn streamed to its end, and its history. */
  turn(pace: Pace): Promise<void>;
}

export interface Contenders {
  readonly edgewise: Contender;
  readonly floor: Contender;
  stop(): Promise<void>;
}

/** Three processes beside this one: the model's double, the server, the bare Worker. */
export async function startContenders(): Promise<Contenders> {
  const double = fork(join(ROOT, "bench/follow/double.ts"), { stdio: ["ignore", "ignore", "inherit", "ipc"] });
  const [port] = (await once(double, "message")) as [number];
  const models = `http://127.0.0.1:${port}`;
  const edgewise = await startEdgewise({ OLLAMA_BASE_URL: models });
  const floor = await startWorker("bench/follow/worker.ts", { bindings: { MODELS: models } });
  await edgewise.json("POST", "/graphs", {
    edgewise: 1,
    id: "follow",
    channels: { pace: {}, messages: { reducer: "messages", default: [] } },
    input: ["pace"],
    nodes: {
      speak: { kind: "model", model: "ollama/double", prompt: "{{ state.pace }}", write: "messages", timeout: "60s" },
    },
    edges: [{ from: "start", to: "speak" }],
  });
  return {
    edgewise: contend(edgewise.url, edgewise.key, {
      create: "/threads",
      stream: (thread) => `/threads/${thread}/runs/stream`,
      body: (pace) => ({ assistant_id: "follow", input: { pace }, stream_mode: "messages-tuple" }),
      history: (thread) => `/threads/${thread}/history`,
    }),
    floor: contend(floor.url, undefined, {
      create: "/create",
      stream: () => "/stream",
      body: (pace) => ({ pace }),
      history: () => "/history",
    }),
    stop: async () => {
      await Promise.all([edgewise.stop(), floor.stop()]);
      double.disconnect();
    },
  };
}

interface Routes {
  readonly create: string;
  stream(thread: string): string;
  body(pace: string): object;
  history(thread: string): string;
}

function contend(url: string, key: string | undefined, routes: Routes): Contender {
  const headers = {
    "accept-encoding": "identity",
    "content-type": "application/json",
    ...(key !== undefined && { "x-api-key": key }),
  };
  const send = async (path: string, body: object) => {
    const response = await fetch(`${url}${path}`, { method: "POST", headers, body: JSON.stringify(body) });
    if (!response.ok) throw new Error(`${path}: ${response.status} ${await response.text()}`);
    return response;
  };
  const create = async () => ((await (await send(routes.create, {})).json()) as { thread_id: string }).thread_id;
  const follow = async (thread: string, pace: Pace) => {
    const ages: number[] = [];
    let [first, last] = [0, 0];
    const response = await send(routes.stream(thread), routes.body(writePace(pace)));
    for await (const event of readEvents(response)) {
      const more = agesOf(textOf(event));
      if (more.length === 0) continue;
      ages.push(...more);
      last = performance.now();
      first ||= last;
    }
    return { ages, seconds: (last - first) / 1000 };
  };
  return {
    stream: async (pace) => follow(await create(), pace),
    turn: async (pace) => {
      const thread = await create();
      const { ages } = await follow(thread, pace);
      if (ages.length !== pace.tokens) throw new Error(`${ages.length} of ${pace.tokens} tokens came.`);
      await (await send(routes.history(thread), { limit: 10 })).json();
    },
  };
}

/** @throws Error for a run that failed: it is no figure */
function textOf({ event, data }: StreamEvent): string {
  if (event === "error") throw new Error(`A run failed: ${JSON.stringify(data)}`);
  return event === "messages" ? (data as [{ content: string }])[0].content : "";
}
