import { createRoute, z } from "@hono/zod-openapi";
import { describeGraph } from "../graph/describe/describe.ts";
import { toDot } from "../graph/draw/dot.ts";
import { toDrawable } from "../graph/draw/drawable.ts";
import { toMermaid } from "../graph/draw/mermaid.ts";
import { toSvg } from "../graph/draw/svg.ts";
import type { Plan } from "../graph/plan.ts";
import type { NodeKinds } from "../nodes/registry.ts";
import { graphVersion, shownGraph } from "../storage/graphs.ts";
import { GraphPath, unknownGraph, VersionNumber } from "./graph-views.ts";
import { answers, newRouter } from "./routing.ts";
import { planOf } from "./stored-plan.ts";

interface Format {
  readonly type: string;
  readonly draw: (plan: Plan, kinds: NodeKinds) => string;
}
/** Media types as IANA registers them. */
const FORMATS = {
  mermaid: { type: "application/vnd.mermaid", draw: toMermaid },
  svg: { type: "image/svg+xml", draw: toSvg },
  dot: { type: "text/vnd.graphviz; charset=utf-8", draw: toDot },
  drawable: { type: "application/json", draw: (plan) => JSON.stringify(toDrawable(plan)) },
  markdown: { type: "text/markdown; charset=utf-8", draw: describeGraph },
} as const satisfies Record<string, Format>;
const NAMES = Object.keys(FORMATS) as (keyof typeof FORMATS)[];

/**
 * An SVG that a browser opens is a page of this origin, made of what a tenant wrote. Its text is escaped; should that ever fail,
 * no script runs, nothing is loaded and nothing is sent. The picture's own style stands in it, hence `unsafe-inline`.
 */
const POLICY = [
  "default-src 'none'",
  "style-src 'unsafe-inline'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
  "sandbox",
].join("; ");

const previewGraph = createRoute({
  method: "get",
  path: "/graphs/{graph_id}/preview",
  tags: ["Graphs"],
  summary: "See a graph",
  description:
    "Of its current version, or the one asked for. Refused with `unsupported`: a picture too large to be looked at.",
  request: {
    params: GraphPath,
    query: z.object({ format: z.enum(NAMES).default("mermaid"), version: VersionNumber.optional() }),
  },
  responses: answers({
    200: {
      description: "The graph in the format asked for.",
      content: Object.fromEntries(
        Object.values(FORMATS).map(({ type }) => [type.split(";")[0] ?? type, { schema: z.string() }]),
      ),
    },
  }),
});

export const graphPreview = newRouter().openapi(previewGraph, async (c) => {
  const { graph_id: graphId } = c.req.valid("param");
  const { format, version } = c.req.valid("query");
  const { database, tenant } = c.var;
  const row = await (version === undefined
    ? shownGraph(database, tenant, graphId)
    : graphVersion(database, tenant, graphId, Number(version)));
  if (row === undefined) throw unknownGraph(graphId);
  const { type, draw } = FORMATS[format];
  return c.body(draw(planOf(row, c.var.kinds), c.var.kinds), 200, {
    "content-type": type,
    "content-security-policy": POLICY,
  });
});
