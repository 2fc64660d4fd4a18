import { edgewise } from "edgewise";
import { draw } from "./draw.ts";

const { worker, Thread } = edgewise({ nodes: [draw] });

export { Thread };
export default worker;
