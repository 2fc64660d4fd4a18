import { edgewise } from "edgewise";
import { draw } from "./draw.ts";

const { worker, Thread, Scheduler } = edgewise({ nodes: [draw] });

export { Scheduler, Thread };
export default worker;
