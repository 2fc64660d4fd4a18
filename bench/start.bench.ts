import type { EvidenceOptions, Goal } from "../scripts/goal.ts";
import { milliseconds, percentile, timed } from "./measure.ts";
import { startServers } from "./servers.ts";

/** From the client's request to the frame that says the first node has started, HTTP both ways included, everything warm. */
export async function run({ short }: EvidenceOptions): Promise<Goal[]> {
  const servers = await startServers();
  try {
    const { edgewise } = servers;
    await edgewise.json("POST", "/graphs", {
      edgewise: 1,
      id: "one",
      channels: { answer: {} },
      nodes: { only: { kind: "transform", set: { answer: "'done'" } } },
      edges: [{ from: "start", to: "only" }],
    });
    const firstStart = async (path: string) => {
      const stop = new AbortController();
      const body = { assistant_id: "one", input: {}, stream_mode: ["tasks"], if_not_exists: "create" };
      for await (const { event } of edgewise.events(path, body, stop.signal)) if (event === "tasks") break;
    };
    const sample = async (count: number, path: () => string) => {
      const samples: number[] = [];
      for (let index = 0; index < count; index++) samples.push(await timed(() => firstStart(path())));
      return samples;
    };
    const thread = crypto.randomUUID();
    const same = () => `/threads/${thread}/runs/stream`;
    const count = short ? 20 : 300;
    await sample(20, same);
    const warm = await sample(count, same);
    const fresh = await sample(count, () => "/runs/stream");
    return [
      {
        goal: "request to first node's start, a thread that is there: p50 at most 10 ms",
        figure: spread(warm),
        met: percentile(warm, 0.5) <= 10,
      },
      {
        goal: "the same with a new thread (its object is made): p50 at most 25 ms",
        figure: spread(fresh),
        met: percentile(fresh, 0.5) <= 25,
      },
    ];
  } finally {
    await servers.stop();
  }
}

function spread(samples: readonly number[]): string {
  return [0.5, 0.9, 0.99].map((share) => `p${share * 100} ${milliseconds(percentile(samples, share))}`).join(" · ");
}
