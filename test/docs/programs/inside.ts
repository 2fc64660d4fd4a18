import { graph, published } from "edgewise/authoring";
import { z } from "zod";

const measure = graph({
  id: "measure",
  channels: { text: z.string(), length: z.number() },
  nodes: { count: { kind: "transform", set: { length: "size(state.text)" } } },
  edges: [{ from: "start", to: "count" }],
});

export const lengths = graph({
  id: "lengths",
  channels: { texts: z.array(z.string()), total: { reducer: "sum", default: 0 } },
  input: ["texts"],
  nodes: {
    each: {
      kind: "map",
      over: "state.texts",
      input: { text: "item" },
      output: { total: "state.length" },
      graph: measure,
    },
  },
  edges: [{ from: "start", to: "each" }],
});

export const report = graph({
  id: "report",
  channels: { topic: z.string(), answer: z.string() },
  nodes: { brief: { kind: "subgraph", graph: published("brief") } }, // one that is on the server
  edges: [{ from: "start", to: "brief" }],
});
