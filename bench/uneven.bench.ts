import type { EvidenceOptions, Goal } from "../scripts/goal.ts";
import { shaped } from "./engine/graphs.ts";
import { criticalPath, random, uneven } from "./engine/shapes.ts";
import { alternate, median, milliseconds } from "./measure.ts";
import { startServers } from "./servers.ts";

/** W4: both graphs have branches of different lengths; a runtime without barriers takes as long as their longest path. */
export async function run({ short }: EvidenceOptions): Promise<Goal[]> {
  const servers = await startServers();
  try {
    const goals: Goal[] = [];
    for (const shape of [uneven(), random()]) {
      await servers.edgewise.json("POST", "/graphs", shaped(shape));
      const thread = crypto.randomUUID();
      const body = { assistant_id: shape.id, input: {}, if_not_exists: "create" };
      const ours = () => servers.edgewise.json("POST", `/threads/${thread}/runs/wait`, body);
      const raw = () => servers.raw({ object: thread, delays: shape.delays, edges: shape.edges });
      await alternate(2, { ours, raw });
      const samples = await alternate(short ? 5 : 25, { ours, raw });
      const [mine, floor, ideal] = [median(samples.ours), median(samples.raw), criticalPath(shape)];
      goals.push({
        goal: `W4 ${shape.id}: makespan at most 1.05 × the raw object's`,
        figure: `${(mine / floor).toFixed(3)} × (${milliseconds(mine)} beside ${milliseconds(floor)}; critical path ${ideal} ms)`,
        met: mine <= 1.05 * floor,
      });
    }
    return goals;
  } finally {
    await servers.stop();
  }
}
