import { graph } from "edgewise/authoring";
import { z } from "zod";

graph({
  id: "mistakes",
  channels: { topic: z.string(), answer: z.string() },
  nodes: {
    // @ts-expect-error the channel is called answer
    ask: { kind: "model", prompt: "About {{ state.topic }}", write: "anser" },
    // @ts-expect-error a wait has no such field
    pause: { kind: "wait", fro: "5m" },
  },
  edges: [
    { from: "start", to: "ask" },
    // @ts-expect-error the node is called pause
    { from: "ask", to: "pose" },
  ],
});
