import type { EvidenceOptions, Goal } from "../scripts/goal.ts";
import { alternate, median, milliseconds } from "./measure.ts";
import { startServers } from "./servers.ts";

const NODES = 100;

/** Overhead per committed node: a chain of 100 nodes that do nothing, waited for over HTTP, beside the raw object's 100 commits. */
export async function run({ short }: EvidenceOptions): Promise<Goal[]> {
  const servers = await startServers();
  try {
    const { edgewise } = servers;
    await edgewise.json("POST", "/graphs", chain());
    const thread = crypto.randomUUID();
    const ours = () =>
      edgewise.json("POST", `/threads/${thread}/runs/wait`, {
        assistant_id: "chain",
        input: {},
        if_not_exists: "create",
      });
    const raw = () => servers.raw({ object: thread, chain: NODES });
    await alternate(5, { ours, raw });
    const samples = await alternate(short ? 10 : 60, { ours, raw });
    const [mine, floor] = [median(samples.ours), median(samples.raw)];
    const perNode = (value: number) => `${((value / NODES) * 1000).toFixed(0)} µs`;
    return [
      {
        goal: "chain of 100 no-op nodes, per node: at most 3 × the raw object",
        figure: `${(mine / floor).toFixed(2)} × (${perNode(mine)} beside ${perNode(floor)}; run ${milliseconds(mine)} beside ${milliseconds(floor)})`,
        met: mine <= 3 * floor,
      },
    ];
  } finally {
    await servers.stop();
  }
}

function chain(): object {
  const ids = Array.from({ length: NODES }, (_, index) => `n${index}`);
  return {
    edgewise: 1,
    id: "chain",
    channels: { done: {} },
    nodes: Object.fromEntries(ids.map((id) => [id, { kind: "transform", set: {} }])),
    edges: ids.map((id, index) => ({ from: index === 0 ? "start" : ids[index - 1], to: id })),
    limits: { steps: 1000 },
  };
}
