import { edgewise } from "./edgewise.ts";

/** The repository is its own first user: a deployment without nodes of its own. */
const { worker, Thread, Scheduler } = edgewise({ nodes: [] });

export { Scheduler, Thread };
export default worker;
