import { createRoute, z } from "@hono/zod-openapi";
import { fixGraph } from "../graph/lint/fix.ts";
import { checkGraph, surroundingsOf } from "./check-graph.ts";
import { graphBody, readGraphSource } from "./graph-body.ts";
import { GraphProblem } from "./graph-views.ts";
import { answers, jsonAnswer, newRouter, sendJson } from "./routing.ts";

/** Each change is tried on the whole text: what takes a moment here would take half a minute on the largest documents. */
const MOST_BYTES = 64 * 1024;

export const FixedGraph = z
  .object({
    type: z.enum(["json", "yaml"]),
    text: z.string().openapi({ description: "In the language it came in; what was not mended keeps its bytes." }),
    fixed: z.array(
      z.object({
        code: z.string(),
        says: z.string().openapi({ description: "What was done." }),
        path: z.string().openapi({ description: "JSON Pointer into the text as it was when this was mended." }),
      }),
    ),
    valid: z.boolean().openapi({ description: "Whether `POST /graphs` would take the text." }),
    problems: z.array(GraphProblem).openapi({ description: "What is left: errors, warnings and hints." }),
  })
  .openapi("FixedGraph");

const mendGraph = createRoute({
  method: "post",
  path: "/graphs/fix",
  tags: ["Graphs"],
  summary: "Mend what is safe to mend in a graph",
  description:
    "Makes the changes that cannot alter what the graph does, in a text of at most 64 KiB. Nothing is stored, evaluated or fetched.",
  request: { body: graphBody },
  responses: answers({ 200: jsonAnswer("The mended text; the same one where there was nothing to mend.", FixedGraph) }),
});

export const graphFix = newRouter().openapi(mendGraph, async (c) => {
  const { text: sent, type } = await readGraphSource(c, MOST_BYTES);
  const { text, fixed } = fixGraph(sent, type, c.var.kinds);
  const checked = await checkGraph({ text, type }, surroundingsOf(c));
  const problems = checked.ok ? [...checked.warnings, ...checked.hints] : checked.problems;
  return sendJson(c, { type, text, fixed, valid: checked.ok, problems });
});
